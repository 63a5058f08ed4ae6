import type { Tile } from "./tile";
import type { TileCache } from "./tile-cache";
import { recordingPrefix, tileKey } from "./tile-key";

/** A cache under test, empty, with room for a few hundred small tiles. */
export interface TileCacheFixture {
  readonly cache: TileCache;
  close(): Promise<void>;
}

const SLOTS_PER_TILE = 64;

function session(name: string): { readonly path: string; readonly accessTag: string } {
  return { path: `/data/${name}.mefd`, accessTag: "plain" };
}

function keyOf(recording: string, index: number, kind: Tile["kind"] = "f32"): string {
  const channel = { name: "A", identity: "identity", edgeIdentity: "edge", sealedSlots: 1e9 };
  return tileKey({
    session: session(recording),
    channel,
    slotsPerTile: SLOTS_PER_TILE,
    kind,
    index,
  });
}

function f32Tile(value: number): Tile {
  const samples = new Float32Array(SLOTS_PER_TILE).fill(value);
  samples[3] = NaN;
  return { kind: "f32", samples, damage: [{ firstSlot: 3, nSlots: 1, reason: "BLOCK_CRC" }] };
}

function i32Tile(value: number): Tile {
  const samples = new Int32Array(SLOTS_PER_TILE).fill(value);
  const factorRuns = [{ firstSlot: 0, nSlots: SLOTS_PER_TILE, factor: -0.0488 }];
  return { kind: "i32", samples, factorRuns, damage: [] };
}

/**
 * What every `TileCache` guarantees, as tests: call it from the test file of an
 * adapter. Keys are made by `tileKey()`, as in the product.
 */
export function describeTileCache(adapter: string, open: () => Promise<TileCacheFixture>): void {
  describe(`${adapter} as a TileCache`, () => {
    const { signal } = new AbortController();

    async function withCache(check: (cache: TileCache) => Promise<void>): Promise<void> {
      const fixture = await open();
      try {
        await check(fixture.cache);
      } finally {
        await fixture.close();
      }
    }

    it("answers undefined for a key that was never put", () =>
      withCache(async (cache) => {
        expect(await cache.get(keyOf("a", 0), signal)).toBeUndefined();
        expect(await cache.getMany([keyOf("a", 0), keyOf("a", 1)], signal)).toEqual([
          undefined,
          undefined,
        ]);
        expect(await cache.getMany([], signal)).toEqual([]);
      }));

    it("gives back what was put, bit for bit, with damage and factor runs", () =>
      withCache(async (cache) => {
        await cache.put(keyOf("a", -1), f32Tile(1.5));
        await cache.put(keyOf("a", -1, "i32"), i32Tile(-7));
        expect(await cache.get(keyOf("a", -1), signal)).toEqual(f32Tile(1.5));
        expect(await cache.get(keyOf("a", -1, "i32"), signal)).toEqual(i32Tile(-7));
      }));

    it("answers many keys in the order asked, also keys asked twice", () =>
      withCache(async (cache) => {
        await cache.put(keyOf("a", 1), f32Tile(1));
        await cache.put(keyOf("a", 2), f32Tile(2));
        const keys = [keyOf("a", 2), keyOf("a", 9), keyOf("a", 1), keyOf("a", 2)];
        expect(await cache.getMany(keys, signal)).toEqual([
          f32Tile(2),
          undefined,
          f32Tile(1),
          f32Tile(2),
        ]);
      }));

    it("replaces a tile that is put again", () =>
      withCache(async (cache) => {
        await cache.put(keyOf("a", 0), f32Tile(1));
        await cache.put(keyOf("a", 0), f32Tile(2));
        expect(await cache.get(keyOf("a", 0), signal)).toEqual(f32Tile(2));
      }));

    it("forgets the tiles of one recording and no others", () =>
      withCache(async (cache) => {
        for (const index of [0, 1, 2]) {
          await cache.put(keyOf("a", index), f32Tile(index));
          await cache.put(keyOf("b", index), f32Tile(index));
        }
        await cache.dropPrefix(recordingPrefix(session("a")));
        const keys = ["a", "b"].flatMap((name) => [0, 1, 2].map((index) => keyOf(name, index)));
        const found = await cache.getMany(keys, signal);
        expect(found.map((tile) => tile !== undefined)).toEqual([
          ...[false, false, false],
          ...[true, true, true],
        ]);
      }));

    it("does nothing when a recording without tiles is forgotten", () =>
      withCache(async (cache) => {
        await cache.dropPrefix(recordingPrefix(session("nobody")));
        expect(await cache.get(keyOf("nobody", 0), signal)).toBeUndefined();
      }));

    it("takes tiles of a recording again after it was forgotten", () =>
      withCache(async (cache) => {
        await cache.put(keyOf("a", 0), f32Tile(1));
        await cache.dropPrefix(recordingPrefix(session("a")));
        await cache.put(keyOf("a", 0), f32Tile(2));
        expect(await cache.get(keyOf("a", 0), signal)).toEqual(f32Tile(2));
      }));
  });
}
