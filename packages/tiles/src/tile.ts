import type { DamagedSpan } from "@mef3-cluster/contracts/session-description";

/** A run of slots `[firstSlot, firstSlot + nSlots)` scaled by one conversion factor. */
export interface FactorRun {
  readonly firstSlot: number;
  readonly nSlots: number;
  /** Native units per count. */
  readonly factor: number;
}

/**
 * A tile of scaled samples: `samples[i]` is slot `index * S + i`, NaN where no
 * block covers it or where it is damaged.
 */
export interface F32Tile {
  readonly kind: "f32";
  readonly samples: Float32Array;
  /** In absolute slots of the channel's grid, in order. */
  readonly damage: readonly DamagedSpan[];
}

/** Marks a slot without a sample in an i32 tile; MEF reserves this count for NaN. */
export const NO_COUNT = -2147483648;

/**
 * A tile of counts: `samples[i]` is slot `index * S + i`, `NO_COUNT` where there
 * is no sample. Exact float64 values are `samples[i] * factor of its run`.
 */
export interface I32Tile {
  readonly kind: "i32";
  readonly samples: Int32Array;
  /** In slot order; covers every slot that holds a count. */
  readonly factorRuns: readonly FactorRun[];
  readonly damage: readonly DamagedSpan[];
}

export type Tile = F32Tile | I32Tile;

export type TileKind = Tile["kind"];
