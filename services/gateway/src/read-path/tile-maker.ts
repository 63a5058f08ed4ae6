import type { Lane } from "@mef3-cluster/contracts/lane";
import type { TileJob } from "@mef3-cluster/contracts/tile-job";
import type { Tile } from "@mef3-cluster/tiles/tile";

/** Tiles being made. */
export interface TileMaking {
  /**
   * Tiles per run of the job, in order. Rejects with SignalError SESSION_CHANGED,
   * SESSION_NOT_FOUND, SESSION_INVALID, OVERLOADED, UNAVAILABLE or CANCELLED.
   */
  readonly tiles: Promise<readonly (readonly Tile[])[]>;
  /** Makes the work as urgent as `lane`, if it is less so. */
  promote(lane: Lane): void;
  /** For when nobody wants the tiles any more; `tiles` rejects with CANCELLED. */
  cancel(): void;
}

/** Makes tiles that no cache holds: native threads here, or decoders behind a queue. */
export interface TileMaker {
  decode(job: TileJob, lane: Lane): TileMaking;
}
