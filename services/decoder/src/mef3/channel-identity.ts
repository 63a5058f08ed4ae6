import { createHash, webcrypto } from "node:crypto";

/** Bytes of a `.tidx` before its entries, and of one entry. */
const HEADER_BYTES = 1024;
const ENTRY_BYTES = 56;

/** What of a channel the bytes of its tiles depend on. */
export interface IdentityInput {
  readonly sessionPath: string;
  readonly channel: string;
  readonly samplingRate: number;
  readonly startUutc: number;
  readonly segments: readonly IdentitySegment[];
}

export interface IdentitySegment {
  readonly number: number;
  readonly unitsConversionFactor: number;
  /** Undefined when the segment could not be read. */
  readonly indexFile: Uint8Array | undefined;
}

export interface ChannelIdentity {
  /** Depends on all but the last block: stays when blocks are appended. */
  readonly sealed: string;
  /** Depends on every block: changes with every growth. */
  readonly edge: string;
  /** Index entries of the last segment that `sealed` covers. */
  readonly sealedEntries: number;
}

/**
 * Digests a channel so that equal digests mean equal tiles.
 *
 * UUIDs are useless for this (the usual writer gives all files the same), and
 * file times say nothing about content; the block index says where every sample
 * is and comes with the metadata anyway.
 *
 * @param sealedEntries  entries of the last segment that count as sealed; given
 *   to recompute the digest of an earlier, shorter state of a growing channel.
 *   By default all but the last.
 */
export async function channelIdentity(
  input: IdentityInput,
  sealedEntries?: number,
): Promise<ChannelIdentity> {
  const digests = await Promise.all(input.segments.map(segmentDigest));
  const last = input.segments.at(-1);
  const nEntries = entriesOf(last?.indexFile);
  const nSealed = sealedEntries ?? Math.max(0, nEntries - 1);
  const head = JSON.stringify([
    input.sessionPath,
    input.channel,
    input.samplingRate,
    input.startUutc,
    input.segments.map((segment) => [segment.number, segment.unitsConversionFactor]),
    digests.slice(0, -1),
  ]);
  const sealedPart = last?.indexFile?.subarray(HEADER_BYTES, HEADER_BYTES + nSealed * ENTRY_BYTES);
  return {
    sealed: combine(head, await digestOf(sealedPart)),
    edge: combine(head, digests.at(-1) ?? ""),
    sealedEntries: nSealed,
  };
}

function entriesOf(indexFile: Uint8Array | undefined): number {
  if (indexFile === undefined || indexFile.length < HEADER_BYTES) return 0;
  return Math.floor((indexFile.length - HEADER_BYTES) / ENTRY_BYTES);
}

function segmentDigest(segment: IdentitySegment): Promise<string> {
  return digestOf(segment.indexFile?.subarray(HEADER_BYTES));
}

/** SHA-256 off the event loop: an index may have hundreds of megabytes. */
async function digestOf(bytes: Uint8Array | undefined): Promise<string> {
  if (bytes === undefined) return "unreadable";
  const digest = await webcrypto.subtle.digest("SHA-256", bytes);
  return Buffer.from(digest).toString("base64url");
}

function combine(head: string, tail: string): string {
  return createHash("sha256")
    .update(head)
    .update("\0")
    .update(tail)
    .digest("base64url")
    .slice(0, 22);
}
