import { SignalError } from "@mef3-cluster/contracts/signal-error";
import {
  type MetadataOutcome,
  readMetadata,
  readUniversalHeader,
  type SegmentMetadata,
} from "../native";
import type { FileStamp, SessionFiles } from "../sources/session-files";
import { decryptBlocks } from "./aes-ecb";
import { type AccessKeys, deriveAccessKeys } from "./password";
import { readFailure } from "./read-failure";
import type { SegmentLocation } from "./session-layout";

/** 2^24 entries of 56 bytes and the header: the largest index that is read. */
const MAX_INDEX_BYTES = 1024 + 56 * 2 ** 24;
/** A `.tmet` has 16,384 bytes; more are read so that a longer one is seen as such. */
const MAX_METADATA_BYTES = 1 << 20;
const SECTION_2 = { offset: 2560, bytes: 10752 };
const SECTION_3 = { offset: 13312, bytes: 3072 };

/** A segment that could be opened. */
export interface ReadableSegment {
  readonly location: SegmentLocation;
  readonly metadata: SegmentMetadata;
  readonly keys: AccessKeys;
  readonly indexFile: Uint8Array;
  /** Of `.tmet`, `.tidx` and `.tdat`, when they were looked at. */
  readonly stamps: readonly [metadata: FileStamp, index: FileStamp, data: FileStamp];
}

/** A segment whose files exist but could not be used: its samples are damage. */
export interface UnreadableSegment {
  readonly location: SegmentLocation;
  readonly reason: string;
  readonly metadata?: SegmentMetadata | undefined;
}

export type Segment = ReadableSegment | UnreadableSegment;

export function isReadable(segment: Segment): segment is ReadableSegment {
  return "indexFile" in segment;
}

/**
 * Reads what is needed to find a segment's blocks: metadata, index, and the size
 * of the data file.
 *
 * @throws SignalError PASSWORD_REQUIRED if the metadata is encrypted and no
 *   password opens it, OVERLOADED; every other trouble is an UnreadableSegment
 */
export async function readSegment(
  files: SessionFiles,
  location: SegmentLocation,
  passwords: readonly string[],
): Promise<Segment> {
  const file = (extension: string): string => `${location.folder}/${location.stem}.${extension}`;
  let metadata: SegmentMetadata | undefined;
  try {
    const tmet = await files.read(file("tmet"), MAX_METADATA_BYTES);
    const opened = openMetadata(tmet.bytes, passwords);
    if ("reason" in opened) return { location, reason: opened.reason };
    metadata = opened.metadata;
    // The data file first: an index read later may only know more blocks than
    // it, and a block beyond its size is refused, never read as something else.
    const data = await files.stamp(file("tdat"));
    const index = await files.read(file("tidx"), MAX_INDEX_BYTES);
    return {
      location,
      metadata,
      keys: opened.keys,
      indexFile: index.bytes,
      stamps: [tmet.stamp, index.stamp, data],
    };
  } catch (error) {
    return { location, reason: readFailure(error), metadata };
  }
}

type OpenedMetadata =
  { readonly metadata: SegmentMetadata; readonly keys: AccessKeys } | { readonly reason: string };

function openMetadata(tmet: Uint8Array, passwords: readonly string[]): OpenedMetadata {
  const header = readUniversalHeader(tmet, "tmet");
  const { level1Validation, level2Validation } = header;
  if (header.status !== "OK" || level1Validation === undefined || level2Validation === undefined) {
    return { reason: `metadata refused: ${header.status}` };
  }
  const plain = readMetadata(tmet);
  const locked = (plain.section2Level ?? 0) > 0 || (plain.section3Level ?? 0) > 0;
  // Also where the metadata is plain: blocks may be encrypted all the same.
  const keys = deriveAccessKeys(level1Validation, level2Validation, passwords);
  if (!locked) return finished(plain, keys);
  const outcome = readMetadata(
    tmet,
    decrypted(tmet, SECTION_2, plain.section2Level ?? 0, keys),
    decrypted(tmet, SECTION_3, plain.section3Level ?? 0, keys),
  );
  if (outcome.status === "ENCRYPTED") {
    throw new SignalError("PASSWORD_REQUIRED", "password required or incorrect");
  }
  return finished(outcome, keys);
}

function finished(outcome: MetadataOutcome, keys: AccessKeys): OpenedMetadata {
  if (outcome.metadata === undefined) return { reason: `metadata refused: ${outcome.status}` };
  return { metadata: outcome.metadata, keys };
}

/** The section's plain bytes; undefined when it needs no key or the key is not there. */
function decrypted(
  tmet: Uint8Array,
  section: { readonly offset: number; readonly bytes: number },
  level: number,
  keys: AccessKeys,
): Uint8Array | undefined {
  const key = level === 1 ? keys.level1 : level === 2 ? keys.level2 : undefined;
  if (key === undefined) return undefined;
  return decryptBlocks(tmet.subarray(section.offset, section.offset + section.bytes), key);
}
