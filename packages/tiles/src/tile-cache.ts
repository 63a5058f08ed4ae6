import type { Tile } from "./tile";

/**
 * Best-effort store of decoded tiles.
 *
 * A cache cannot fail a read: implementations log and count their own errors
 * and answer `undefined`, which callers treat as a miss. Keys are opaque here;
 * `tileKey()` is the only place that builds one. A tile handed out is shared:
 * nobody writes to it.
 */
export interface TileCache {
  get(key: string, signal: AbortSignal): Promise<Tile | undefined>;
  getMany(keys: readonly string[], signal: AbortSignal): Promise<(Tile | undefined)[]>;
  put(key: string, tile: Tile): Promise<void>;
  /** Forgets every tile whose key starts with `prefix` (see `recordingPrefix()`). */
  dropPrefix(prefix: string): Promise<void>;
}
