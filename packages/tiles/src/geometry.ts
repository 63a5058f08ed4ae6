import type { SlotRun } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { roundHalfAway } from "./grid";

/** How long tiles are, for all channels of a deployment. */
export interface TileLength {
  /** Wanted length in seconds. */
  readonly tileDurationSeconds: number;
  /** Most samples of a tile, > 0; takes precedence over everything else. */
  readonly tileMaxSamples: number;
}

/** Chosen: below this a tile costs more for its entry and its key than for its samples. */
const MIN_SLOTS_PER_TILE = 4096;

/**
 * S, the number of slots of every tile of channels with this rate: the wanted
 * duration, but at least 4096 and at most `tileMaxSamples` slots.
 *
 * @param samplingRate  Hz
 */
export function slotsPerTile(samplingRate: number, length: TileLength): number {
  const wanted = roundHalfAway(length.tileDurationSeconds * samplingRate);
  return Math.min(Math.max(wanted, MIN_SLOTS_PER_TILE), length.tileMaxSamples);
}

/** Index of the tile that holds a slot; negative before the channel's start. */
export function tileOf(slot: number, slotsPerTile: number): number {
  // The remainder is exact; a quotient rounded first could reach the next tile.
  const remainder = slot % slotsPerTile;
  const first = slot - (remainder < 0 ? remainder + slotsPerTile : remainder);
  return first / slotsPerTile + 0;
}

/**
 * Lists the tiles that hold a run of grid slots, in order.
 *
 * @param firstSlot     grid slot of the first sample wanted; may be negative
 * @param nSlots        number of slots, > 0
 * @param slotsPerTile  S, > 0
 * @returns             consecutive tile indices; never empty
 * @throws SignalError INVALID_WINDOW if `nSlots` is not positive
 *
 * A run that ends exactly on a tile's edge does not include the next tile.
 */
export function tilesCovering(firstSlot: number, nSlots: number, slotsPerTile: number): number[] {
  if (!(nSlots > 0)) {
    throw new SignalError("INVALID_WINDOW", "the window must hold at least one sample", {
      firstSlot,
      nSlots,
    });
  }
  const first = tileOf(firstSlot, slotsPerTile);
  const last = tileOf(firstSlot + nSlots - 1, slotsPerTile);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The slots of a tile: `[index * S, (index + 1) * S)`. */
export function tileRun(index: number, slotsPerTile: number): SlotRun {
  return { firstSlot: index * slotsPerTile, nSlots: slotsPerTile };
}
