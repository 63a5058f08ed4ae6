import { toUutc } from "@mef3-cluster/contracts/uutc";
import { syntheticSession } from "../testing/synthetic-recording";
import {
  columnUutc,
  laneRuns,
  planWindow,
  segmentCount,
  segmentWindow,
  type PlannedWindow,
} from "./window-arithmetic";

const LIMITS = { maxChannels: 10, maxSamples: 1e12 };

function plan(fs: number, startUutc: number, fromUutc: number, toUutcValue: number): PlannedWindow {
  const session = syntheticSession("/d", [{ name: "A", fs, startUutc, nSlots: 1e9 }]);
  const time = { startUutc: toUutc(fromUutc), endUutc: toUutc(toUutcValue) };
  return planWindow(session, [], time, LIMITS);
}

describe("planWindow", () => {
  it.each([
    ["half a sample before the grid's start rounds away", 1000, -500, -1],
    ["half a sample after it rounds away", 1000, 500, 1],
    ["less than half a sample stays", 1000, 499, 0],
    ["a drifting rate", 399.5, 15_018_147, 6000],
    ["another drifting rate", 512.5, 3_902_439, 2000],
  ])("anchors rows at the channel's start: %s", (_name, fs, offsetUs, slot) => {
    const start = 1_700_000_000_000_000;
    const { rows } = plan(fs, start, start + offsetUs, start + offsetUs + 1e6);
    expect(rows[0]!.firstSlot).toBe(slot);
  });

  it("counts samples from the window's length alone, so 249.75 Hz repeats one in four seconds", () => {
    const windows = [0, 1, 2, 3].map((second) => plan(249.75, 0, second * 1e6, (second + 1) * 1e6));
    expect(windows.map(({ nSamples }) => nSamples)).toEqual([250, 250, 250, 250]);
    expect(windows.map(({ rows }) => rows[0]!.firstSlot)).toEqual([0, 250, 500, 749]);
  });

  it("places slots far beyond 2^31", () => {
    const days = 30 * 86_400;
    const { rows } = plan(32_000, 0, days * 1e6, days * 1e6 + 1000);
    expect(rows[0]!.firstSlot).toBe(days * 32_000);
  });
});

describe("columnUutc", () => {
  it("divides the window proportionally, in the predecessors' double arithmetic", () => {
    const start = 1_700_000_000_000_001;
    const window = plan(1000, start, start, start + 3_000_000);
    expect(columnUutc(window, 0)).toBe(start);
    expect(columnUutc(window, 1000)).toBe(Math.trunc(start + (1000 / 3000) * 3_000_000));
    expect(columnUutc(window, 3000)).toBe(start + 3_000_000);
  });
});

describe("laneRuns", () => {
  const MESSAGE_BYTES = 1_000_000;

  it("reads a window of up to 16 MB as interactive", () => {
    const window = plan(1000, 0, 0, 4_000_000 * 1000);
    expect(laneRuns(window, "float32", MESSAGE_BYTES)).toEqual([
      { firstColumn: 0, nColumns: 4_000_000, lane: "interactive" },
    ]);
  });

  it("reads what goes beyond as batch, from the edge of a message on", () => {
    const window = plan(1000, 0, 0, 4_000_001 * 1000);
    expect(laneRuns(window, "float32", MESSAGE_BYTES)).toEqual([
      { firstColumn: 0, nColumns: 4_000_000, lane: "interactive" },
      { firstColumn: 4_000_000, nColumns: 1, lane: "batch" },
    ]);
  });

  it("counts float64 at its own width", () => {
    const window = plan(1000, 0, 0, 4_000_000 * 1000);
    const [first] = laneRuns(window, "float64", MESSAGE_BYTES);
    expect(first!.nColumns).toBe(2_000_000);
  });

  it("makes at least one message interactive, whatever its size", () => {
    const window = plan(1000, 0, 0, 10_000_000 * 1000);
    const [first] = laneRuns(window, "float32", 20e6);
    expect(first).toMatchObject({ nColumns: 5_000_000, lane: "interactive" });
  });

  it("has nothing to read in a window without samples", () => {
    expect(laneRuns(plan(1, 0, 0, 1000), "float32", MESSAGE_BYTES)).toEqual([]);
  });
});

describe("segmentWindow", () => {
  const session = syntheticSession("/d", [{ name: "A", fs: 10, startUutc: 7, nSlots: 250 }]);

  it("joins segments without a gap, up to the end of the session", () => {
    const windows = Array.from({ length: segmentCount(session, 10) }, (_, index) =>
      segmentWindow(session, 10, index),
    );
    expect(windows).toEqual([
      { startUutc: 7, endUutc: 10_000_007 },
      { startUutc: 10_000_007, endUutc: 20_000_007 },
      { startUutc: 20_000_007, endUutc: 25_000_007 },
    ]);
  });
});
