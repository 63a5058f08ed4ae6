import { createHash, webcrypto } from "node:crypto";
import type { DamagedSpan } from "@mef3-cluster/contracts/session-description";

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
  /** Known without decoding; it depends on more than the block index. */
  readonly damage: readonly DamagedSpan[];
  /** Where the last block starts. */
  readonly sealedSlots: number;
}

export interface IdentitySegment {
  readonly number: number;
  /** µs */
  readonly recordingTimeOffset: number;
  readonly unitsConversionFactor: number;
  /** Undefined when the segment could not be read. */
  readonly indexFile: Uint8Array | undefined;
}

export interface ChannelIdentity {
  /** Depends on all but the last block: stays when blocks are appended. */
  readonly sealed: string;
  /** Depends on every block: changes with every growth. */
  readonly edge: string;
  readonly extent: SealedExtent;
}

/** What `sealed` covers. */
export interface SealedExtent {
  /** Index entries of the last segment. */
  readonly nEntries: number;
  /** Slots before this one. */
  readonly endSlot: number;
}

/**
 * Digests a channel so that equal digests mean equal tiles.
 *
 * UUIDs are useless for this (the usual writer gives all files the same), and
 * file times say nothing about content; the block index says where every sample
 * is and comes with the metadata anyway.
 *
 * @param extent  what counts as sealed; given to recompute the digest of an
 *   earlier, shorter state of a growing channel. By default all but the last block.
 */
export async function channelIdentity(
  input: IdentityInput,
  extent: SealedExtent = extentOf(input),
): Promise<ChannelIdentity> {
  const digests = await Promise.all(input.segments.map(segmentDigest));
  const last = input.segments.at(-1);
  const head = JSON.stringify([
    input.sessionPath,
    input.channel,
    input.samplingRate,
    input.startUutc,
    input.segments.map((segment) => [
      segment.number,
      segment.recordingTimeOffset,
      segment.unitsConversionFactor,
    ]),
    digests.slice(0, -1),
  ]);
  const sealedEnd = HEADER_BYTES + extent.nEntries * ENTRY_BYTES;
  const sealedPart = last?.indexFile?.subarray(HEADER_BYTES, sealedEnd);
  return {
    sealed: combine(head, await digestOf(sealedPart), damageText(input, extent.endSlot)),
    edge: combine(head, digests.at(-1) ?? "", damageText(input, Infinity)),
    extent,
  };
}

function extentOf({ segments, sealedSlots }: IdentityInput): SealedExtent {
  const nEntries = Math.max(0, entriesOf(segments.at(-1)?.indexFile) - 1);
  return { nEntries, endSlot: sealedSlots };
}

/** The damage before a slot. */
function damageText({ damage }: IdentityInput, endSlot: number): string {
  return JSON.stringify(
    damage
      .filter(({ firstSlot }) => firstSlot < endSlot)
      .map(({ firstSlot, nSlots, reason }) => {
        return [firstSlot, Math.min(firstSlot + nSlots, endSlot), reason];
      }),
  );
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

function combine(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("base64url").slice(0, 22);
}
