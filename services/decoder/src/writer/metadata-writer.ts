import type { AccessKeys } from "../mef3/password";
import { encryptBlocks } from "../mef3/aes-ecb";
import { writeText } from "./fixed-fields";

/** Offsets below are those of the file, of which this is all but the universal header. */
const BODY_START = 1024;
const FILE_BYTES = 16384;
const SECTION_2_START = 2560;
const SECTION_3_START = 13312;

/** What a segment's blocks turned out to be. */
export interface SegmentTotals {
  readonly numberOfSamples: number;
  readonly numberOfBlocks: number;
  readonly maximumBlockBytes: number;
  readonly maximumBlockSamples: number;
  readonly maximumDifferenceBytes: number;
  /** Runs; the first block counts as one. */
  readonly numberOfDiscontinuities: number;
  readonly maximumContiguousBlocks: number;
  readonly maximumContiguousBlockBytes: number;
  readonly maximumContiguousSamples: number;
  /** Counts; undefined without samples. */
  readonly extrema: { readonly minimum: number; readonly maximum: number } | undefined;
}

export interface SegmentMetadataFields {
  /** Hz */
  readonly samplingRate: number;
  readonly unitsConversionFactor: number;
  readonly unit: string;
  readonly channelDescription: string;
  /** µs from the first sample to the end, gaps included. */
  readonly recordingDuration: number;
  readonly acquisitionChannelNumber: number;
  /** Stored samples of the channel's earlier segments. */
  readonly startSample: number;
  /** µs */
  readonly recordingTimeOffset: number;
  readonly totals: SegmentTotals;
}

/**
 * Builds what follows the universal header in a `.tmet`: section 2 encrypted if
 * there is a level-1 key, section 3 if there is a level-2 key.
 *
 * @see docs/mef3-format.md, section 4
 */
export function metadataBody(fields: SegmentMetadataFields, keys: AccessKeys): Buffer {
  const file = Buffer.alloc(FILE_BYTES);
  file.writeInt8(keys.level1 === undefined ? -1 : 1, 1024);
  file.writeInt8(keys.level2 === undefined ? -2 : 2, 1025);
  writeDescription(file, fields);
  writeTotals(file, fields);
  writeSection3(file, fields);
  if (keys.level1 !== undefined) {
    encryptBlocks(file.subarray(SECTION_2_START, SECTION_3_START), keys.level1);
  }
  if (keys.level2 !== undefined) encryptBlocks(file.subarray(SECTION_3_START), keys.level2);
  return file.subarray(BODY_START);
}

function writeDescription(file: Buffer, fields: SegmentMetadataFields): void {
  writeText(file, 2560, 2048, fields.channelDescription);
  file.writeBigInt64LE(BigInt(fields.recordingDuration), 6656);
  file.writeBigInt64LE(BigInt(fields.acquisitionChannelNumber), 8712);
  file.writeDoubleLE(fields.samplingRate, 8720);
  // Low and high filter, notch, line frequency: no entry.
  for (const offset of [8728, 8736, 8744, 8752]) file.writeDoubleLE(-1, offset);
  file.writeDoubleLE(fields.unitsConversionFactor, 8760);
  writeText(file, 8768, 128, fields.unit);
  const { extrema } = fields.totals;
  const native =
    extrema === undefined
      ? [NaN]
      : [extrema.minimum, extrema.maximum].map((count) => count * fields.unitsConversionFactor);
  file.writeDoubleLE(Math.max(...native), 8896);
  file.writeDoubleLE(Math.min(...native), 8904);
}

function writeTotals(file: Buffer, { totals, startSample }: SegmentMetadataFields): void {
  file.writeBigInt64LE(BigInt(startSample), 8912);
  file.writeBigInt64LE(BigInt(totals.numberOfSamples), 8920);
  file.writeBigInt64LE(BigInt(totals.numberOfBlocks), 8928);
  file.writeBigInt64LE(BigInt(totals.maximumBlockBytes), 8936);
  file.writeUInt32LE(totals.maximumBlockSamples, 8944);
  file.writeUInt32LE(totals.maximumDifferenceBytes, 8948);
  file.writeBigInt64LE(-1n, 8952);
  file.writeBigInt64LE(BigInt(totals.numberOfDiscontinuities), 8960);
  file.writeBigInt64LE(BigInt(totals.maximumContiguousBlocks), 8968);
  file.writeBigInt64LE(BigInt(totals.maximumContiguousBlockBytes), 8976);
  file.writeBigInt64LE(BigInt(totals.maximumContiguousSamples), 8984);
}

function writeSection3(file: Buffer, { recordingTimeOffset }: SegmentMetadataFields): void {
  file.writeBigInt64LE(BigInt(recordingTimeOffset), 13312);
  // Daylight saving neither starts nor ends, and local time is UTC: all zero.
}
