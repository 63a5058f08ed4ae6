import { crc32 } from "../native";
import type { ValidationFields } from "../mef3/password";
import { writeText } from "./fixed-fields";

export const UNIVERSAL_HEADER_BYTES = 1024;

/** What the universal headers of a segment's files have in common. */
export interface SegmentHeaderFields {
  /** Stored form. */
  readonly startTime: bigint;
  /** Stored form, exclusive. */
  readonly endTime: bigint;
  readonly segmentNumber: number;
  readonly channelName: string;
  readonly sessionName: string;
  /** 16 bytes, shared by the files of the segment. */
  readonly levelUuid: Uint8Array;
  readonly validation: ValidationFields;
}

/** What differs from file to file. */
export interface FileHeaderFields {
  readonly fileType: "tmet" | "tidx" | "tdat";
  readonly numberOfEntries: number;
  readonly maximumEntrySize: number;
  /** 16 bytes. */
  readonly fileUuid: Uint8Array;
  /** CRC of everything after the header, as stored. */
  readonly bodyCrc: number;
}

/**
 * Builds the 1024-byte universal header of an original (its own ancestor) file,
 * header CRC included.
 *
 * @see docs/mef3-format.md, section 2
 */
export function universalHeader(segment: SegmentHeaderFields, file: FileHeaderFields): Buffer {
  const header = Buffer.alloc(UNIVERSAL_HEADER_BYTES);
  header.writeUInt32LE(file.bodyCrc, 4);
  header.write(file.fileType, 8, "ascii");
  header.writeUInt8(3, 13);
  header.writeUInt8(0, 14);
  header.writeUInt8(1, 15);
  header.writeBigInt64LE(segment.startTime, 16);
  header.writeBigInt64LE(segment.endTime, 24);
  header.writeBigInt64LE(BigInt(file.numberOfEntries), 32);
  header.writeBigInt64LE(BigInt(file.maximumEntrySize), 40);
  header.writeInt32LE(segment.segmentNumber, 48);
  writeText(header, 52, 256, segment.channelName);
  writeText(header, 308, 256, segment.sessionName);
  header.set(segment.levelUuid, 820);
  header.set(file.fileUuid, 836);
  header.set(file.fileUuid, 852);
  header.set(segment.validation.level1, 868);
  header.set(segment.validation.level2, 884);
  header.writeUInt32LE(crc32(header.subarray(4)), 0);
  return header;
}
