import { slotUutc } from "@mef3-cluster/tiles/grid";
import { tileOf } from "@mef3-cluster/tiles/geometry";
import { type F32Tile, type I32Tile, NO_COUNT } from "@mef3-cluster/tiles/tile";
import type { DamagedSpan } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { TileOrEmpty } from "./plan";
import { BYTES_PER_SAMPLE, type RowDamage, type SampleType, type WindowRow } from "./window-reader";

/** Tiles of one row that are at hand: consecutive, from tile `firstTile` on. */
export interface RowTiles {
  readonly row: WindowRow;
  readonly slotsPerTile: number;
  readonly firstTile: number;
  readonly tiles: readonly TileOrEmpty[];
}

/**
 * Writes columns `[offset, offset + nSamples)` of all rows, row-major and
 * little-endian, into `target` from `byteOffset` on.
 */
export function copyRows(
  rows: readonly RowTiles[],
  offset: number,
  nSamples: number,
  sampleType: SampleType,
  target: Uint8Array,
  byteOffset: number,
): void {
  const rowBytes = nSamples * BYTES_PER_SAMPLE[sampleType];
  for (const [i, row] of rows.entries()) {
    forEachTile(row, offset, nSamples, (tile, part) => {
      const at = byteOffset + i * rowBytes + part.column * BYTES_PER_SAMPLE[sampleType];
      if (tile.kind === "f32") copyFloat32(tile, part, target, at);
      else if (tile.kind === "i32") copyFloat64(tile, part, target, at);
      else fillNaN(part.nSlots * BYTES_PER_SAMPLE[sampleType], NANS[sampleType], target, at);
    });
  }
}

/** Damage within columns `[offset, offset + nSamples)`, by row; rows without any are left out. */
export function damageIn(rows: readonly RowTiles[], offset: number, nSamples: number): RowDamage[] {
  const damage: RowDamage[] = [];
  for (const [i, row] of rows.entries()) {
    const first = row.row.firstSlot + offset;
    const end = first + nSamples;
    const spans: DamagedSpan[] = [];
    forEachTile(row, offset, nSamples, (tile) => {
      for (const span of tile.damage) {
        const from = Math.max(span.firstSlot, first);
        const to = Math.min(span.firstSlot + span.nSlots, end);
        if (from < to) spans.push({ ...span, firstSlot: from, nSlots: to - from });
      }
    });
    if (spans.length > 0) damage.push({ row: i, spans });
  }
  return damage;
}

/** Names the first damaged span in words a person can act on. */
export function damageError(rows: readonly RowTiles[], damage: readonly RowDamage[]): SignalError {
  const [first] = damage;
  const span = first?.spans[0];
  const channel = first === undefined ? undefined : rows[first.row]?.row.channel;
  if (span === undefined || channel === undefined) {
    return new SignalError("INTERNAL", "damage was reported without a span");
  }
  const timeOf = (slot: number): number => slotUutc(slot, channel.startUutc, channel.samplingRate);
  const startUutc = timeOf(span.firstSlot);
  const endUutc = timeOf(span.firstSlot + span.nSlots);
  return new SignalError(
    "DATA_DAMAGED",
    `Damaged data in channel ${channel.name}, [${startUutc}, ${endUutc}): ${span.reason}`,
    { channel: channel.name, startUutc, endUutc, reason: span.reason },
  );
}

/** Slots of one tile that an answer takes. */
interface TilePart {
  /** Slot of the tile's first sample. */
  readonly tileStart: number;
  /** First one taken, counted from `tileStart`. */
  readonly from: number;
  readonly nSlots: number;
  /** Where they go, counted from the piece's first column. */
  readonly column: number;
}

function forEachTile(
  row: RowTiles,
  offset: number,
  nSamples: number,
  visit: (tile: TileOrEmpty, part: TilePart) => void,
): void {
  const { slotsPerTile, firstTile, tiles } = row;
  const first = row.row.firstSlot + offset;
  const end = first + nSamples;
  for (let slot = first; slot < end;) {
    const index = tileOf(slot, slotsPerTile);
    const tileStart = index * slotsPerTile;
    const nSlots = Math.min(end, tileStart + slotsPerTile) - slot;
    const tile = tiles[index - firstTile];
    if (tile === undefined) throw new SignalError("INTERNAL", "a tile is missing from its slab");
    visit(tile, { tileStart, from: slot - tileStart, nSlots, column: slot - first });
    slot += nSlots;
  }
}

function copyFloat32(tile: F32Tile, part: TilePart, target: Uint8Array, at: number): void {
  const { buffer, byteOffset } = tile.samples;
  target.set(new Uint8Array(buffer, byteOffset + part.from * 4, part.nSlots * 4), at);
}

/** The products in double, each count by the factor of its run. */
function copyFloat64(tile: I32Tile, part: TilePart, target: Uint8Array, at: number): void {
  const values = new Float64Array(part.nSlots).fill(NaN);
  for (const run of tile.factorRuns) {
    const inTile = run.firstSlot - part.tileStart;
    const from = Math.max(inTile, part.from);
    const to = Math.min(inTile + run.nSlots, part.from + part.nSlots);
    for (let i = from; i < to; i += 1) {
      const count = tile.samples[i];
      if (count !== undefined && count !== NO_COUNT) values[i - part.from] = count * run.factor;
    }
  }
  target.set(new Uint8Array(values.buffer), at);
}

/** NaN, ready to be copied: filling typed arrays that may not be aligned is slow. */
const NANS: Readonly<Record<SampleType, Uint8Array>> = {
  float32: new Uint8Array(new Float32Array(16_384).fill(NaN).buffer),
  float64: new Uint8Array(new Float64Array(8_192).fill(NaN).buffer),
};

function fillNaN(nBytes: number, nans: Uint8Array, target: Uint8Array, at: number): void {
  for (let done = 0; done < nBytes; done += nans.length) {
    target.set(nans.subarray(0, Math.min(nans.length, nBytes - done)), at + done);
  }
}
