import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { roundHalfAway } from "@mef3-cluster/tiles/grid";
import { z } from "zod";
import type { ChannelPlan, RunPlan, SegmentPlan, SessionPlan } from "./session-plan";
import { createSignal, givenSamples, SIGNAL_KINDS } from "./signals";

const wholeNumber = z.number().int();
const count = wholeNumber.min(-2147483648).max(2147483647);

const runSchema = z
  .strictObject({
    /** µs; of the first sample. */
    startUutc: wholeNumber.optional(),
    /** Instead of a start: missing samples after the run before. */
    gapSamplesBefore: z.number().nonnegative().optional(),
    /** By default the number of given samples. */
    nSamples: wholeNumber.nonnegative().optional(),
    signal: z
      .strictObject({
        kind: z.enum(SIGNAL_KINDS),
        seed: wholeNumber,
        amplitude: z.number().optional(),
      })
      .optional(),
    /** Instead of a signal. */
    samples: z.array(count).optional(),
    blockStartUutc: z.array(wholeNumber).optional(),
  })
  .refine((run) => (run.signal === undefined) !== (run.samples === undefined), {
    message: "a run has either a signal or samples",
  })
  .refine((run) => run.samples !== undefined || run.nSamples !== undefined, {
    path: ["nSamples"],
    message: "a signal needs a number of samples",
  })
  .refine((run) => run.startUutc === undefined || run.gapSamplesBefore === undefined, {
    path: ["gapSamplesBefore"],
    message: "a run has either a start or a gap before it",
  });

const channelSchema = z.strictObject({
  name: z.string(),
  /** Hz */
  samplingRate: z.number().positive(),
  unitsConversionFactor: z.number(),
  unit: z.string().default("uV"),
  /** µs; where the first run starts unless it says otherwise. */
  startUutc: wholeNumber,
  segments: z
    .array(
      z.strictObject({
        /** By default one more than the segment before. */
        number: wholeNumber.optional(),
        runs: z.array(runSchema).min(1),
      }),
    )
    .min(1),
});

/** A recording to write, as JSON. */
export const recordingSpecSchema = z.strictObject({
  name: z.string(),
  channels: z.array(channelSchema).min(1),
  password1: z.string().optional(),
  password2: z.string().optional(),
  encryptBlocks: z.union([z.literal(1), z.literal(2)]).optional(),
  blockSamples: wholeNumber.positive().optional(),
  recordingTimeOffset: wholeNumber.optional(),
});

export type RecordingSpec = z.infer<typeof recordingSpecSchema>;
type ChannelSpec = RecordingSpec["channels"][number];
type RunSpec = ChannelSpec["segments"][number]["runs"][number];

/**
 * Checks a specification.
 *
 * @throws SignalError INVALID_ARGUMENT that lists everything wrong with it
 */
export function parseRecordingSpec(json: unknown): RecordingSpec {
  const parsed = recordingSpecSchema.safeParse(json);
  if (!parsed.success) throw new SignalError("INVALID_ARGUMENT", z.prettifyError(parsed.error));
  return parsed.data;
}

/** What to write for a specification; every run gets a signal of its own. */
export function planRecording(spec: RecordingSpec): SessionPlan {
  return { ...spec, channels: spec.channels.map(planChannel) };
}

function planChannel(channel: ChannelSpec): ChannelPlan {
  let previous = { startUutc: channel.startUutc, nSamples: 0 };
  let number = -1;
  const segments = channel.segments.map((segment): SegmentPlan => {
    number = segment.number ?? number + 1;
    const runs = segment.runs.map((run): RunPlan => {
      const planned = planRun(run, previous, channel.samplingRate);
      previous = planned;
      return planned;
    });
    return { number, runs };
  });
  return { ...channel, segments };
}

function planRun(
  run: RunSpec,
  previous: { readonly startUutc: number; readonly nSamples: number },
  samplingRate: number,
): RunPlan {
  const { signal, samples, blockStartUutc } = run;
  const samplesAfter = previous.nSamples + (run.gapSamplesBefore ?? 0);
  const follows = previous.startUutc + roundHalfAway((samplesAfter * 1e6) / samplingRate);
  return {
    startUutc: run.startUutc ?? follows,
    nSamples: run.nSamples ?? samples?.length ?? 0,
    source: signal === undefined ? givenSamples(samples ?? []) : createSignal(signal, samplingRate),
    blockStartUutc,
  };
}
