import type { Lane } from "@mef3-cluster/contracts/lane";
import { slotsPerTile as tileLength, tileOf, type TileLength } from "@mef3-cluster/tiles/geometry";
import type { TileKind } from "@mef3-cluster/tiles/tile";
import type { RowTiles } from "./assemble";
import type { ByteBudget } from "./byte-budget";
import { BYTES_PER_SLOT, bytesOfTiles, planTiles, type RowNeeds, type TileOrEmpty } from "./plan";
import type { TileLoader } from "./tile-loader";
import { BYTES_PER_SAMPLE, type WindowRequest } from "./window-reader";

/** A piece of a window, all rows, whose tiles are fetched together. */
export interface Slab {
  /** Column of its first sample. */
  readonly offset: number;
  readonly nSamples: number;
  /** What it is a piece of, on the recording as it was when the tiles were fetched. */
  readonly request: WindowRequest;
  readonly rows: readonly RowTiles[];
  /** Gives its memory back. */
  readonly release: () => void;
}

/** Columns `[offset, offset + nSamples)` of a window. */
export interface ColumnRange {
  readonly offset: number;
  readonly nSamples: number;
}

export interface SlabOptions {
  readonly tileLength: TileLength;
  /** Bytes of tiles that a slab should have; one tile per row if that is more. */
  readonly slabBytes: number;
  readonly budget: ByteBudget;
  readonly loader: TileLoader;
}

/** Which kind of tile holds what an answer needs. */
export function tileKindOf({ sampleType }: Pick<WindowRequest, "sampleType">): TileKind {
  return sampleType === "float32" ? "f32" : "i32";
}

/**
 * Cuts a window into slabs that end on tile edges of the first row, so that
 * neighbouring slabs share as few tiles as possible.
 */
export function* slabRanges(
  request: WindowRequest,
  options: Pick<SlabOptions, "tileLength" | "slabBytes">,
): Generator<ColumnRange, undefined> {
  const [first] = request.rows;
  if (first === undefined) return undefined;
  const slots = tileLength(first.channel.samplingRate, options.tileLength);
  const columnBytes = request.rows.length * slots * BYTES_PER_SLOT;
  const slabSlots = Math.max(1, Math.floor(options.slabBytes / columnBytes)) * slots;
  for (let offset = 0; offset < request.nSamples;) {
    const slot = first.firstSlot + offset;
    const edge = tileOf(slot, slots) * slots + slabSlots;
    const nSamples = Math.min(edge - slot, request.nSamples - offset);
    yield { offset, nSamples };
    offset += nSamples;
  }
  return undefined;
}

/** The tiles that hold some columns of each row of a window. */
export function planColumns(
  request: WindowRequest,
  range: ColumnRange,
  length: TileLength,
): RowNeeds[] {
  return planTiles({
    ...request,
    ...range,
    kind: tileKindOf(request),
    slotsPerTile: (rate) => tileLength(rate, length),
  });
}

/**
 * Fetches the tiles of a slab, within the memory budget.
 *
 * @param atHand  tiles that need not be fetched, by row; see `tilesOnEdge()`
 */
export async function loadSlab(
  request: WindowRequest,
  range: ColumnRange,
  atHand: readonly RowTiles[],
  lane: Lane,
  options: SlabOptions,
  signal: AbortSignal,
): Promise<Slab> {
  const plan = planColumns(request, range, options.tileLength);
  const release = await options.budget.take(bytesOfTiles(plan.flat()), signal);
  try {
    const rows = await fetchRows(request, plan, atHand, lane, options.loader, signal);
    return { ...range, request, rows, release };
  } catch (error) {
    release();
    throw error;
  }
}

async function fetchRows(
  request: WindowRequest,
  plan: readonly RowNeeds[],
  atHand: readonly RowTiles[],
  lane: Lane,
  loader: TileLoader,
  signal: AbortSignal,
): Promise<RowTiles[]> {
  const held = plan.map((needs, i) => needs.map((need) => tileHeld(atHand[i], need.index)));
  const missing = plan.flatMap((needs, i) => needs.filter((_, j) => held[i]?.[j] === undefined));
  const loaded = (await loader.load(missing, lane, signal)).values();
  return request.rows.flatMap((row, i) => {
    const needs = plan[i] ?? [];
    const [first] = needs;
    if (first === undefined) return [];
    const tiles = needs.flatMap((_, j) => held[i]?.[j] ?? loaded.next().value ?? []);
    return [{ row, slotsPerTile: first.slotsPerTile, firstTile: first.index, tiles }];
  });
}

function tileHeld(row: RowTiles | undefined, index: number): TileOrEmpty | undefined {
  return row?.tiles[index - row.firstTile];
}

/**
 * The tiles that the slab after this one begins with, too: at most one per row.
 * Kept apart from the slab, whose memory is given back while the next one waits
 * for its own.
 */
export function tilesOnEdge(slab: Slab): readonly RowTiles[] {
  return slab.rows.map((row) => {
    const { slotsPerTile, tiles } = row;
    const lastTile = row.firstTile + tiles.length - 1;
    const endSlot = row.row.firstSlot + slab.offset + slab.nSamples;
    const isShared = endSlot < (lastTile + 1) * slotsPerTile;
    return { ...row, firstTile: lastTile, tiles: isShared ? tiles.slice(-1) : [] };
  });
}

/** Divides a slab into parts of at most `maxPartBytes`, of nearly equal length. */
export function* partRanges(
  slab: ColumnRange,
  request: Pick<WindowRequest, "rows" | "sampleType">,
  maxPartBytes: number,
): Generator<ColumnRange, undefined> {
  const columnBytes = request.rows.length * BYTES_PER_SAMPLE[request.sampleType];
  const most = Math.max(1, Math.floor(maxPartBytes / columnBytes));
  const nParts = Math.ceil(slab.nSamples / most);
  for (let i = 0; i < nParts; i += 1) {
    const from = Math.floor((slab.nSamples * i) / nParts);
    const to = Math.floor((slab.nSamples * (i + 1)) / nParts);
    yield { offset: slab.offset + from, nSamples: to - from };
  }
  return undefined;
}
