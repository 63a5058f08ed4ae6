/**
 * A recording as a test wants it, down to the sign of its stored times. Unlike
 * the writer's plans it can say things that no writer writes.
 */

/** How times are stored: `offset` as -(t - offset), `positive` as they are. */
export type TimeForm = "offset" | "positive";

export interface BlockSpec {
  /** True time, µs. */
  readonly startUutc: number;
  readonly samples: readonly number[];
}

export interface SegmentSpec {
  readonly number: number;
  /** In file order, which need not be time order. */
  readonly blocks: readonly BlockSpec[];
  /** Native units per count. */
  readonly factor: number;
  /** µs; of the metadata's header. By default where the earliest block starts. */
  readonly startUutc?: number;
  /** µs, exclusive; by default where the last block ends. */
  readonly endUutc?: number;
  /** What the metadata promises; by default what the blocks hold. */
  readonly nSamples?: number;
  /** Hz; by default the channel's. */
  readonly samplingRate?: number;
  /** µs; 0 by default. */
  readonly recordingTimeOffset?: number;
  /** Times in the headers of `.tidx` and `.tdat`, and of every second block. */
  readonly otherTimes?: TimeForm;
}

export interface ChannelSpec {
  readonly name: string;
  /** Hz */
  readonly samplingRate: number;
  /** In ascending order of number. */
  readonly segments: readonly SegmentSpec[];
}

export interface PasswordSpec {
  readonly password1: string;
  readonly password2?: string;
  /** Encrypts the statistics of all blocks at this level. */
  readonly blockLevel?: 1 | 2;
  /** Leaves the metadata plain though there are passwords. */
  readonly plainMetadata?: boolean;
}

/** µs from the start of `n` samples to their end, as writers round it. */
export function spanUs(n: number, samplingRate: number): number {
  return Math.round((n * 1e6) / samplingRate);
}

export function startOf(segment: SegmentSpec): number {
  return segment.startUutc ?? Math.min(...segment.blocks.map((block) => block.startUutc));
}

export function endOf(segment: SegmentSpec, samplingRate: number): number {
  const ends = segment.blocks.map(
    (block) => block.startUutc + spanUs(block.samples.length, samplingRate),
  );
  return segment.endUutc ?? Math.max(...ends);
}

/** Cuts consecutive samples into blocks that follow each other in time. */
export function consecutiveBlocks(
  startUutc: number,
  samplingRate: number,
  samples: readonly number[],
  samplesPerBlock: number,
): BlockSpec[] {
  const blocks: BlockSpec[] = [];
  for (let first = 0; first < samples.length; first += samplesPerBlock) {
    blocks.push({
      startUutc: startUutc + spanUs(first, samplingRate),
      samples: samples.slice(first, first + samplesPerBlock),
    });
  }
  return blocks;
}
