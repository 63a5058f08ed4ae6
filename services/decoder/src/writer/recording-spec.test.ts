import { parseRecordingSpec, planRecording } from "./recording-spec";
import type { RunPlan } from "./session-plan";

const START = 1577836800000000;

function spec(segments: unknown): unknown {
  const channel = { name: "A", samplingRate: 250, unitsConversionFactor: 0.5, startUutc: START };
  return { name: "rec", channels: [{ ...channel, segments }] };
}

function runsOf(segments: unknown): readonly (readonly RunPlan[])[] {
  const { channels } = planRecording(parseRecordingSpec(spec(segments)));
  return channels[0]!.segments.map(({ runs }) => runs);
}

const SINE = { kind: "sine", seed: 1 };

describe("planRecording", () => {
  it("starts a run where the one before ends, after its gap, across segments", () => {
    const [first, second] = runsOf([
      {
        runs: [
          { nSamples: 3, signal: SINE },
          { nSamples: 5, signal: SINE, gapSamplesBefore: 2.5 },
        ],
      },
      { runs: [{ samples: [1, 2], gapSamplesBefore: 1 }, { samples: [3] }] },
    ]);
    expect([...first!, ...second!].map((run) => [run.startUutc - START, run.nSamples])).toEqual([
      [0, 3],
      [22000, 5],
      [46000, 2],
      [54000, 1],
    ]);
  });

  it("takes explicit starts of runs and blocks, and continues after them", () => {
    const [runs] = runsOf([
      {
        runs: [
          { samples: [1], startUutc: START + 7, blockStartUutc: [START + 9] },
          { samples: [2] },
        ],
      },
    ]);
    expect(runs!.map((run) => run.startUutc)).toEqual([START + 7, START + 4007]);
    expect(runs![0]!.blockStartUutc).toEqual([START + 9]);
  });

  it("numbers segments on from the one before", () => {
    const runs = [{ samples: [1] }];
    const json = spec([{ runs }, { number: 4, runs }, { runs }]);
    const { channels } = planRecording(parseRecordingSpec(json));
    expect(channels[0]!.segments.map(({ number }) => number)).toEqual([0, 4, 5]);
  });
});

describe("parseRecordingSpec", () => {
  it.each<[string, unknown, RegExp]>([
    ["a run with nothing in it", [{ runs: [{ nSamples: 5 }] }], /either a signal or samples/],
    ["a signal without length", [{ runs: [{ signal: SINE }] }], /needs a number of samples/],
    [
      "a run with both a start and a gap",
      [{ runs: [{ samples: [1], startUutc: 0, gapSamplesBefore: 1 }] }],
      /either a start or a gap/,
    ],
    ["a count that is no int32", [{ runs: [{ samples: [2 ** 31] }] }], /samples/],
    ["a field it does not know", [{ runs: [{ samples: [1], sample: 1 }] }], /sample/],
  ])("refuses %s and says where", (_name, segments, message) => {
    expect(() => parseRecordingSpec(spec(segments))).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });
});
