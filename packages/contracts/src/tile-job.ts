/** Consecutive tiles of one channel that are wanted together. */
export interface TileRun {
  readonly channel: string;
  /** The channel as its description named it; a decoder that sees another one refuses. */
  readonly identity: string;
  /** Given when a tile reaches beyond what was sealed, and then compared, too. */
  readonly edgeIdentity?: string | undefined;
  readonly slotsPerTile: number;
  readonly firstTile: number;
  readonly nTiles: number;
}

/**
 * Tiles to make, of one session. Names and numbers only: it crosses process
 * boundaries and may be kept where people look.
 */
export interface TileJob {
  /** Canonical path. */
  readonly sessionPath: string;
  readonly accessTag: string;
  readonly kind: "f32" | "i32";
  readonly runs: readonly TileRun[];
}
