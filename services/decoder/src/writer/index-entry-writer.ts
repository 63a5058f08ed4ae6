export const INDEX_ENTRY_BYTES = 56;

/** One RED block as its index entry describes it. */
export interface IndexEntry {
  /** Of the block, from the start of the `.tdat`. */
  readonly fileOffset: number;
  /** Stored form; equal to the block header's. */
  readonly startTime: bigint;
  /** Number of the block's first sample within the segment. */
  readonly startSample: number;
  readonly numberOfSamples: number;
  readonly blockBytes: number;
  /** Counts. */
  readonly maximumSampleValue: number;
  /** Counts. */
  readonly minimumSampleValue: number;
  /** Copy of the block header's flags. */
  readonly redBlockFlags: number;
}

/** @see docs/mef3-format.md, section 7 */
export function indexEntry(block: IndexEntry): Buffer {
  const entry = Buffer.alloc(INDEX_ENTRY_BYTES);
  entry.writeBigInt64LE(BigInt(block.fileOffset), 0);
  entry.writeBigInt64LE(block.startTime, 8);
  entry.writeBigInt64LE(BigInt(block.startSample), 16);
  entry.writeUInt32LE(block.numberOfSamples, 24);
  entry.writeUInt32LE(block.blockBytes, 28);
  entry.writeInt32LE(block.maximumSampleValue, 32);
  entry.writeInt32LE(block.minimumSampleValue, 36);
  entry.writeUInt8(block.redBlockFlags, 44);
  return entry;
}
