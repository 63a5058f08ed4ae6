import type { SegmentTotals } from "./metadata-writer";

/** What the totals need to know of a block. */
export interface CountedBlock {
  readonly numberOfSamples: number;
  readonly blockBytes: number;
  readonly differenceBytes: number;
  /** Counts; undefined without samples. */
  readonly extrema: { readonly minimum: number; readonly maximum: number } | undefined;
  readonly discontinuity: boolean;
}

interface Contiguous {
  blocks: number;
  bytes: number;
  samples: number;
}

/** Adds up a segment's blocks, so that none has to be remembered. */
export class TotalsCounter {
  private numberOfSamples = 0;
  private numberOfBlocks = 0;
  private numberOfDiscontinuities = 0;
  private maximumBlockBytes = 0;
  private maximumBlockSamples = 0;
  private maximumDifferenceBytes = 0;
  private minimum = Infinity;
  private maximum = -Infinity;
  private readonly current: Contiguous = { blocks: 0, bytes: 0, samples: 0 };
  private readonly longest: Contiguous = { blocks: 0, bytes: 0, samples: 0 };

  get samples(): number {
    return this.numberOfSamples;
  }

  add(block: CountedBlock): void {
    this.numberOfSamples += block.numberOfSamples;
    this.numberOfBlocks += 1;
    this.maximumBlockBytes = Math.max(this.maximumBlockBytes, block.blockBytes);
    this.maximumBlockSamples = Math.max(this.maximumBlockSamples, block.numberOfSamples);
    this.maximumDifferenceBytes = Math.max(this.maximumDifferenceBytes, block.differenceBytes);
    this.minimum = Math.min(this.minimum, block.extrema?.minimum ?? Infinity);
    this.maximum = Math.max(this.maximum, block.extrema?.maximum ?? -Infinity);
    this.addContiguous(block);
  }

  totals(): SegmentTotals {
    return {
      numberOfSamples: this.numberOfSamples,
      numberOfBlocks: this.numberOfBlocks,
      maximumBlockBytes: this.maximumBlockBytes,
      maximumBlockSamples: this.maximumBlockSamples,
      maximumDifferenceBytes: this.maximumDifferenceBytes,
      numberOfDiscontinuities: this.numberOfDiscontinuities,
      maximumContiguousBlocks: this.longest.blocks,
      maximumContiguousBlockBytes: this.longest.bytes,
      maximumContiguousSamples: this.longest.samples,
      extrema:
        this.numberOfSamples === 0 ? undefined : { minimum: this.minimum, maximum: this.maximum },
    };
  }

  private addContiguous({ discontinuity, blockBytes, numberOfSamples }: CountedBlock): void {
    const { current, longest } = this;
    if (discontinuity) {
      this.numberOfDiscontinuities += 1;
      Object.assign(current, { blocks: 0, bytes: 0, samples: 0 });
    }
    current.blocks += 1;
    current.bytes += blockBytes;
    current.samples += numberOfSamples;
    longest.blocks = Math.max(longest.blocks, current.blocks);
    longest.bytes = Math.max(longest.bytes, current.bytes);
    longest.samples = Math.max(longest.samples, current.samples);
  }
}
