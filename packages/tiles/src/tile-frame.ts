import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { DAMAGE_REASONS, type DamagedSpan } from "@mef3-cluster/contracts/session-description";
import type { FactorRun, Tile, TileKind } from "./tile";
import { TILE_VERSION } from "./tile-key";

/** Which tile a frame is expected to hold. */
export interface ExpectedTile {
  readonly key: string;
  readonly kind: TileKind;
  readonly slotsPerTile: number;
}

/** Why a frame was not taken for the expected tile. A closed list, for metrics. */
export const FRAME_REFUSALS = [
  /** Too short for a header, or not as long as its header says. */
  "LENGTH",
  /** Not a frame, or of another version. */
  "FORMAT",
  /** A sound frame of another tile: kind, tile length or key differ. */
  "OTHER_TILE",
  /** Not the bytes that were written. */
  "CHECKSUM",
  /** A factor run or damaged span that no writer of ours makes. */
  "LIST",
] as const;

export type FrameRefusal = (typeof FRAME_REFUSALS)[number];

export type DecodedFrame =
  { readonly tile: Tile } | { readonly tile: undefined; readonly refusal: FrameRefusal };

/** "M3TF", little-endian. */
const MAGIC = 0x4654334d;
const HEADER_BYTES = 48;
const CHECKSUM_OFFSET = 12;
const DIGEST_OFFSET = 24;
const DIGEST_BYTES = 16;
const BYTES_PER_LIST_ITEM = 24;
const KIND_CODES: Readonly<Record<TileKind, number>> = { f32: 0, i32: 1 };

/**
 * Encodes a tile for a cache outside this process. The layout is in
 * docs/tile-frame.md.
 *
 * @param key  the tile's key; its digest is kept in the frame, so that a frame
 *             found under another key is noticed
 */
export function encodeTileFrame(key: string, tile: Tile): Uint8Array {
  const factorRuns = tile.kind === "i32" ? tile.factorRuns : [];
  const slotsPerTile = tile.samples.length;
  const counts = { nFactorRuns: factorRuns.length, nDamaged: tile.damage.length };
  const frame = new Uint8Array(frameBytes(slotsPerTile, counts));
  const view = new DataView(frame.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, TILE_VERSION);
  view.setUint8(5, KIND_CODES[tile.kind]);
  view.setUint32(8, slotsPerTile, true);
  view.setUint32(16, counts.nFactorRuns, true);
  view.setUint32(20, counts.nDamaged, true);
  frame.set(keyDigest(key), DIGEST_OFFSET);
  const { samples } = tile;
  frame.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), HEADER_BYTES);
  let offset = listsOffset(slotsPerTile);
  for (const run of factorRuns) {
    writeListItem(view, offset, run);
    view.setFloat64(offset + 16, run.factor, true);
    offset += BYTES_PER_LIST_ITEM;
  }
  for (const span of tile.damage) {
    writeListItem(view, offset, span);
    view.setUint32(offset + 16, DAMAGE_REASONS.indexOf(span.reason), true);
    offset += BYTES_PER_LIST_ITEM;
  }
  view.setUint32(CHECKSUM_OFFSET, checksum(frame), true);
  return frame;
}

/**
 * Decodes a frame, or says why it is not the expected tile; a wrong tile is
 * never answered. The tile's samples are a view of `frame` if its address
 * allows (a multiple of 4), else a copy: the frame must not be changed after.
 */
export function decodeTileFrame(frame: Uint8Array, expected: ExpectedTile): DecodedFrame {
  if (frame.byteLength < HEADER_BYTES) return refuse("LENGTH");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== TILE_VERSION) {
    return refuse("FORMAT");
  }
  const { slotsPerTile, kind } = expected;
  if (
    view.getUint8(5) !== KIND_CODES[kind] ||
    view.getUint32(8, true) !== slotsPerTile ||
    !keyDigest(expected.key).equals(frame.subarray(DIGEST_OFFSET, DIGEST_OFFSET + DIGEST_BYTES))
  ) {
    return refuse("OTHER_TILE");
  }
  const counts = { nFactorRuns: view.getUint32(16, true), nDamaged: view.getUint32(20, true) };
  if (frameBytes(slotsPerTile, counts) !== frame.byteLength) return refuse("LENGTH");
  if (view.getUint32(CHECKSUM_OFFSET, true) !== checksum(frame)) return refuse("CHECKSUM");

  const lists = listsOffset(slotsPerTile);
  const factorRuns = readFactorRuns(view, lists, counts.nFactorRuns);
  const damage = readDamage(
    view,
    lists + counts.nFactorRuns * BYTES_PER_LIST_ITEM,
    counts.nDamaged,
  );
  if (factorRuns === undefined || damage === undefined) return refuse("LIST");
  const { buffer, byteOffset } = alignedPayload(frame, slotsPerTile);
  if (kind === "f32") {
    if (factorRuns.length > 0) return refuse("LIST");
    return { tile: { kind, samples: new Float32Array(buffer, byteOffset, slotsPerTile), damage } };
  }
  const samples = new Int32Array(buffer, byteOffset, slotsPerTile);
  return { tile: { kind, samples, factorRuns, damage } };
}

function refuse(refusal: FrameRefusal): DecodedFrame {
  return { tile: undefined, refusal };
}

/** Lists start at a multiple of 8, like the payload before them. */
function listsOffset(slotsPerTile: number): number {
  return HEADER_BYTES + Math.ceil(slotsPerTile / 2) * 8;
}

function frameBytes(
  slotsPerTile: number,
  { nFactorRuns, nDamaged }: { readonly nFactorRuns: number; readonly nDamaged: number },
): number {
  return listsOffset(slotsPerTile) + (nFactorRuns + nDamaged) * BYTES_PER_LIST_ITEM;
}

function keyDigest(key: string): Buffer {
  return createHash("sha256").update(key).digest().subarray(0, DIGEST_BYTES);
}

/** Over everything but the checksum itself, so that a changed count or digest shows, too. */
function checksum(frame: Uint8Array): number {
  const before = crc32(frame.subarray(0, CHECKSUM_OFFSET));
  return crc32(frame.subarray(CHECKSUM_OFFSET + 4), before);
}

/** Slots are written as float64, which holds every slot within ±2^53 exactly. */
function writeListItem(
  view: DataView,
  offset: number,
  { firstSlot, nSlots }: { readonly firstSlot: number; readonly nSlots: number },
): void {
  view.setFloat64(offset, firstSlot, true);
  view.setFloat64(offset + 8, nSlots, true);
}

function readSlotRun(
  view: DataView,
  offset: number,
): { readonly firstSlot: number; readonly nSlots: number } | undefined {
  const firstSlot = view.getFloat64(offset, true);
  const nSlots = view.getFloat64(offset + 8, true);
  if (!Number.isSafeInteger(firstSlot) || !Number.isSafeInteger(nSlots) || nSlots <= 0) {
    return undefined;
  }
  return { firstSlot, nSlots };
}

function readFactorRuns(view: DataView, start: number, n: number): FactorRun[] | undefined {
  const runs: FactorRun[] = [];
  for (let i = 0; i < n; i += 1) {
    const offset = start + i * BYTES_PER_LIST_ITEM;
    const slots = readSlotRun(view, offset);
    const factor = view.getFloat64(offset + 16, true);
    if (slots === undefined || !Number.isFinite(factor)) return undefined;
    runs.push({ ...slots, factor });
  }
  return runs;
}

function readDamage(view: DataView, start: number, n: number): DamagedSpan[] | undefined {
  const spans: DamagedSpan[] = [];
  for (let i = 0; i < n; i += 1) {
    const offset = start + i * BYTES_PER_LIST_ITEM;
    const slots = readSlotRun(view, offset);
    const reason = DAMAGE_REASONS[view.getUint32(offset + 16, true)];
    if (slots === undefined || reason === undefined) return undefined;
    spans.push({ ...slots, reason });
  }
  return spans;
}

function alignedPayload(
  frame: Uint8Array,
  slotsPerTile: number,
): { readonly buffer: ArrayBufferLike; readonly byteOffset: number } {
  const byteOffset = frame.byteOffset + HEADER_BYTES;
  if (byteOffset % 4 === 0) return { buffer: frame.buffer, byteOffset };
  const copy = frame.slice(HEADER_BYTES, HEADER_BYTES + slotsPerTile * 4);
  return { buffer: copy.buffer, byteOffset: copy.byteOffset };
}
