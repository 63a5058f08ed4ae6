import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { roundHalfAway } from "@mef3-cluster/tiles/grid";
import type { BlockEncryption } from "./red-block-writer";

/** Counts, handed out in order: each call fills the whole target with the next ones. */
export interface SampleSource {
  fill(target: Int32Array): void;
}

/** Samples that follow each other without a gap. */
export interface RunPlan {
  /** µs; of the first sample. */
  readonly startUutc: number;
  /** 0 writes one empty block. */
  readonly nSamples: number;
  readonly source: SampleSource;
  /**
   * Start times of the run's blocks, µs, for overlaps and drift made by hand;
   * blocks beyond the list start where the samples before them end.
   */
  readonly blockStartUutc?: readonly number[] | undefined;
}

export interface SegmentPlan {
  /** 0 to 999,999. */
  readonly number: number;
  /** In file order, which need not be time order. */
  readonly runs: readonly RunPlan[];
}

export interface ChannelPlan {
  readonly name: string;
  /** Hz */
  readonly samplingRate: number;
  /** Native units per count; negative means inverted polarity. */
  readonly unitsConversionFactor: number;
  readonly unit: string;
  /** In ascending order of number. */
  readonly segments: readonly SegmentPlan[];
}

/** A session to write. */
export interface SessionPlan {
  /** Without `.mefd`. */
  readonly name: string;
  readonly channels: readonly ChannelPlan[];
  /** Encrypts section 2 of the metadata. */
  readonly password1?: string | undefined;
  /** Encrypts section 3; needs a level-1 password. */
  readonly password2?: string | undefined;
  /** Encrypts the statistics of all RED blocks with this level's key. */
  readonly encryptBlocks?: BlockEncryption | undefined;
  /** Samples per RED block; by default 10 s of them below 5 kHz, else 1 s. */
  readonly blockSamples?: number | undefined;
  /** µs; 0 by default. */
  readonly recordingTimeOffset?: number | undefined;
}

const MAX_SEGMENT_NUMBER = 999_999;
/** The format has no limit; readers refuse larger blocks as decompression bombs. */
const MAX_BLOCK_SAMPLES = 2 ** 22;

/** Samples of a full RED block. */
export function samplesPerBlock(plan: SessionPlan, samplingRate: number): number {
  const seconds = samplingRate < 5000 ? 10 : 1;
  const usual = Math.max(1, roundHalfAway(seconds * samplingRate));
  return Math.min(plan.blockSamples ?? usual, MAX_BLOCK_SAMPLES);
}

export function plannedSamples(plan: SessionPlan): number {
  let n = 0;
  for (const channel of plan.channels) {
    for (const segment of channel.segments) {
      for (const run of segment.runs) n += run.nSamples;
    }
  }
  return n;
}

/**
 * Checks what would otherwise make files that no reader takes.
 *
 * @throws SignalError INVALID_ARGUMENT that names the first mistake
 */
export function checkSessionPlan(plan: SessionPlan): void {
  checkName(plan.name, "session");
  check(plan.channels.length > 0, "a session has at least one channel");
  check(
    new Set(plan.channels.map(({ name }) => name)).size === plan.channels.length,
    "channel names differ from each other",
  );
  const { blockSamples = 1, encryptBlocks, password1, password2 } = plan;
  check(
    Number.isSafeInteger(blockSamples) && blockSamples > 0,
    "a block holds at least one sample",
  );
  check(
    encryptBlocks !== 1 || password1 !== undefined,
    "blocks of level 1 need a level-1 password",
  );
  check(
    encryptBlocks !== 2 || password2 !== undefined,
    "blocks of level 2 need a level-2 password",
  );
  plan.channels.forEach(checkChannel);
}

function checkChannel({ name, samplingRate, segments }: ChannelPlan): void {
  checkName(name, "channel");
  check(Number.isFinite(samplingRate) && samplingRate > 0, `${name}: the rate is above 0 Hz`);
  check(segments.length > 0, `${name}: a channel has at least one segment`);
  segments.forEach(({ number, runs }, i) => {
    const before = segments[i - 1]?.number ?? -1;
    check(Number.isInteger(number) && number > before, `${name}: segment numbers ascend from 0`);
    check(number <= MAX_SEGMENT_NUMBER, `${name}: a segment number has at most 6 digits`);
    check(runs.length > 0, `${name}: a segment has at least one run`);
    for (const { nSamples, startUutc } of runs) {
      check(Number.isSafeInteger(nSamples) && nSamples >= 0, `${name}: a run has whole samples`);
      check(Number.isSafeInteger(startUutc), `${name}: a run starts at a whole microsecond`);
    }
  });
}

function checkName(name: string, what: string): void {
  const fits = name !== "" && !name.startsWith(".") && !/[/\\\0]/.test(name);
  check(fits, `"${name}" cannot be the name of a ${what}`);
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new SignalError("INVALID_ARGUMENT", message);
}
