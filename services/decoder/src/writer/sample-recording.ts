import { EegSignal } from "./eeg-signal";
import type { ChannelPlan, RunPlan, SegmentPlan } from "./session-plan";
import { writeSession, type WriteProgress, type WrittenSession } from "./session-writer";
import { skipping } from "./signals";
import { mixed } from "./xorshift";

export interface SampleRecordingOptions {
  /** Of the session, without `.mefd`. */
  readonly name: string;
  /** Gaps and the cut between the two segments move with it. */
  readonly durationSeconds: number;
  /** µs */
  readonly startUutc: number;
  readonly seed: number;
}

/** 2025-06-02T08:00:00Z, half an hour. */
export const SAMPLE_RECORDING: SampleRecordingOptions = {
  name: "sample",
  durationSeconds: 1800,
  startUutc: 1748851200000000,
  seed: 1,
};

const SAMPLING_RATE = 512;
const UNITS_CONVERSION_FACTOR = 0.0488;
/** Standard deviation of the background, in counts: some 12 µV. */
const AMPLITUDE = 240;

/** A grid and two strips. */
const CONTACTS = [
  { group: "LG", nContacts: 16 },
  { group: "LAT", nContacts: 8 },
  { group: "LPT", nContacts: 8 },
] as const;

/** Missing time, as shares of the recording. */
interface Gap {
  readonly start: number;
  readonly end: number;
  /** Number of the only channel it is in. */
  readonly channel?: number;
}

const SEGMENT_CUT = { start: 0.5, end: 0.5125 };
const GAPS: readonly Gap[] = [
  { start: 0.14, end: 0.146, channel: 5 },
  { start: 0.3, end: 0.305 },
  { start: 0.62, end: 0.66, channel: 20 },
  { start: 0.81, end: 0.812 },
];

/**
 * Writes a recording to try things on: 32 channels of made-up EEG at 512 Hz, two
 * segments with a gap between them, gaps in all channels and in single ones.
 *
 * @throws like `writeSession()`
 */
export function writeSampleRecording(
  directory: string,
  options: SampleRecordingOptions,
  onProgress: (progress: WriteProgress) => void,
  signal: AbortSignal,
): Promise<WrittenSession> {
  const names = CONTACTS.flatMap(({ group, nContacts }) =>
    Array.from({ length: nContacts }, (_, i) => `${group}${String(i + 1).padStart(2, "0")}`),
  );
  const channels = names.map((name, number) => channelPlan(name, number, options));
  return writeSession(directory, { name: options.name, channels }, onProgress, signal);
}

function channelPlan(name: string, number: number, options: SampleRecordingOptions): ChannelPlan {
  const source = new EegSignal({
    seed: mixed(options.seed, number + 1),
    sharedSeed: options.seed,
    samplingRate: SAMPLING_RATE,
    amplitude: AMPLITUDE,
  });
  const gaps = GAPS.filter((gap) => gap.channel === undefined || gap.channel === number);
  const sample = (share: number): number =>
    Math.round(share * options.durationSeconds * SAMPLING_RATE);
  // One signal runs through everything, so that channels keep sharing their bursts after a gap.
  let position = 0;
  const segmentPlan = (segment: number, start: number, end: number): SegmentPlan => {
    const inside = gaps.filter((gap) => gap.start >= start && gap.end <= end);
    const starts = [start, ...inside.map((gap) => gap.end)];
    const runs = starts.map((runStart, i): RunPlan => {
      const first = sample(runStart);
      const nSamples = sample(inside[i]?.start ?? end) - first;
      const nSkipped = first - position;
      position = first + nSamples;
      const startUutc = options.startUutc + Math.round((first * 1e6) / SAMPLING_RATE);
      return { startUutc, nSamples, source: skipping(source, nSkipped) };
    });
    return { number: segment, runs };
  };
  const segments = [segmentPlan(0, 0, SEGMENT_CUT.start), segmentPlan(1, SEGMENT_CUT.end, 1)];
  return {
    name,
    samplingRate: SAMPLING_RATE,
    unitsConversionFactor: UNITS_CONVERSION_FACTOR,
    unit: "uV",
    segments,
  };
}
