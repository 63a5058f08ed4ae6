import {
  MemoryTileCache,
  tileBytes,
  type EvictionReason,
  type MemoryTileCacheOptions,
} from "./memory-tile-cache";
import { SeededRandom } from "./seeded-random";
import type { Tile } from "./tile";
import { describeTileCache } from "./tile-cache.contract";
import { recordingPrefix, tileKey } from "./tile-key";

function keyOf(recording: string, index: number): string {
  return tileKey({
    session: { path: recording, accessTag: "plain" },
    channel: { name: "A", identity: "identity", edgeIdentity: "edge", sealedSlots: 1e9 },
    slotsPerTile: 4,
    kind: "f32",
    index,
  });
}

function tile(nSlots = 4): Tile {
  return { kind: "f32", samples: new Float32Array(nSlots), damage: [] };
}

const ONE_TILE = tileBytes(tile());

class Recorder {
  readonly counts = { hits: 0, misses: 0, refused: 0 };
  readonly evictions: EvictionReason[] = [];
  last = { bytes: 0, entries: 0 };
  hit(): void {
    this.counts.hits += 1;
  }
  miss(): void {
    this.counts.misses += 1;
  }
  refused(): void {
    this.counts.refused += 1;
  }
  evicted(reason: EvictionReason): void {
    this.evictions.push(reason);
  }
  size(bytes: number, entries: number): void {
    this.last = { bytes, entries };
  }
}

function open(options: Partial<MemoryTileCacheOptions> = {}) {
  const clock = { ms: 1000 };
  const seen = new Recorder();
  const cache = new MemoryTileCache({
    maxBytes: 3 * ONE_TILE,
    ttlMs: 0,
    now: () => clock.ms,
    observer: seen,
    ...options,
  });
  return { cache, clock, seen };
}

describeTileCache("MemoryTileCache", () =>
  Promise.resolve({
    cache: new MemoryTileCache({ maxBytes: 1e6, ttlMs: 1000, now: () => 0 }),
    close: () => Promise.resolve(),
  }),
);

describe("MemoryTileCache", () => {
  it("pushes out what was used longest ago", () => {
    const { cache, seen } = open();
    for (const index of [1, 2, 3]) cache.putNow(keyOf("a", index), tile());
    cache.getNow(keyOf("a", 1));
    cache.putNow(keyOf("a", 4), tile());
    expect([1, 2, 3, 4].map((index) => cache.hasNow(keyOf("a", index)))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(seen.evictions).toEqual(["capacity"]);
  });

  it("does not take a look by hasNow for a use", () => {
    const { cache, seen } = open();
    for (const index of [1, 2, 3]) cache.putNow(keyOf("a", index), tile());
    cache.hasNow(keyOf("a", 1));
    cache.putNow(keyOf("a", 4), tile());
    expect(cache.hasNow(keyOf("a", 1))).toBe(false);
    expect(seen.counts).toEqual({ hits: 0, misses: 0, refused: 0 });
  });

  it("hands out the very tile that was put", () => {
    const { cache } = open();
    const stored = tile();
    cache.putNow(keyOf("a", 1), stored);
    expect(cache.getNow(keyOf("a", 1))).toBe(stored);
  });

  it("does not store a tile larger than its budget, and keeps the others", () => {
    const { cache, seen } = open();
    cache.putNow(keyOf("a", 1), tile());
    cache.putNow(keyOf("a", 2), tile(10000));
    expect(cache.hasNow(keyOf("a", 1))).toBe(true);
    expect(cache.hasNow(keyOf("a", 2))).toBe(false);
    expect(seen.counts.refused).toBe(1);
  });

  it("forgets the old tile even if the one put in its place is refused", () => {
    const { cache } = open();
    cache.putNow(keyOf("a", 1), tile());
    cache.putNow(keyOf("a", 1), tile(10000));
    expect(cache.getNow(keyOf("a", 1))).toBeUndefined();
  });

  it("counts the whole buffer that a tile keeps alive, and its lists", () => {
    const part: Tile = { kind: "f32", samples: new Float32Array(1000).subarray(0, 4), damage: [] };
    expect(tileBytes(part) - ONE_TILE).toBe(4000 - 16);
    const reason = "BLOCK_CRC" as const;
    const damaged: Tile = { ...tile(), damage: [{ firstSlot: 0, nSlots: 1, reason }] };
    expect(tileBytes(damaged)).toBeGreaterThan(ONE_TILE);
  });

  it("forgets a tile that nobody asked for within its time to live", () => {
    const { cache, clock, seen } = open({ ttlMs: 100 });
    cache.putNow(keyOf("a", 1), tile());
    clock.ms += 99;
    expect(cache.getNow(keyOf("a", 1))).toBeDefined();
    clock.ms += 99;
    expect(cache.getNow(keyOf("a", 1))).toBeDefined();
    clock.ms += 100;
    expect(cache.getNow(keyOf("a", 1))).toBeUndefined();
    expect(seen.evictions).toEqual(["expired"]);
    expect(seen.last).toEqual({ bytes: 0, entries: 0 });
  });

  it("gives back the memory of expired tiles when swept, and of no others", () => {
    const { cache, clock, seen } = open({ ttlMs: 100 });
    cache.putNow(keyOf("a", 1), tile());
    cache.putNow(keyOf("a", 2), tile());
    clock.ms += 60;
    cache.getNow(keyOf("a", 1));
    clock.ms += 60;
    cache.sweep();
    expect(cache.hasNow(keyOf("a", 1))).toBe(true);
    expect(seen.evictions).toEqual(["expired"]);
    expect(cache.bytes).toBe(ONE_TILE);
  });

  it("keeps tiles for ever with a time to live of 0", () => {
    const { cache, clock } = open({ ttlMs: 0 });
    cache.putNow(keyOf("a", 1), tile());
    clock.ms += 1e15;
    cache.sweep();
    expect(cache.hasNow(keyOf("a", 1))).toBe(true);
  });

  it("tells its observer hits, misses and contents", () => {
    const { cache, seen } = open();
    cache.putNow(keyOf("a", 1), tile());
    cache.putNow(keyOf("a", 1), tile());
    cache.getNow(keyOf("a", 1));
    cache.getNow(keyOf("a", 2));
    expect(seen.counts).toEqual({ hits: 1, misses: 1, refused: 0 });
    expect(seen.evictions).toEqual(["replaced"]);
    expect(seen.last).toEqual({ bytes: ONE_TILE, entries: 1 });
    cache.dropPrefixNow(recordingPrefix({ path: "a", accessTag: "plain" }));
    expect(seen.evictions).toEqual(["replaced", "dropped"]);
    expect(seen.last).toEqual({ bytes: 0, entries: 0 });
  });
});

/** The same cache as a list in order of use, searched from end to end. */
class NaiveCache {
  items: { key: string; recording: string; tile: Tile; expiresAt: number }[] = [];

  constructor(
    private readonly maxBytes: number,
    private readonly ttlMs: number,
  ) {}

  get bytes(): number {
    return this.items.reduce((sum, item) => sum + tileBytes(item.tile), 0);
  }

  get(key: string, now: number): Tile | undefined {
    this.sweep(now);
    const item = this.items.find((candidate) => candidate.key === key);
    if (item !== undefined) this.put(key, item.recording, item.tile, now);
    return item?.tile;
  }

  put(key: string, recording: string, value: Tile, now: number): void {
    this.items = this.items.filter((item) => item.key !== key);
    if (tileBytes(value) > this.maxBytes) return;
    while (this.bytes + tileBytes(value) > this.maxBytes) this.items.shift();
    this.items.push({ key, recording, tile: value, expiresAt: now + this.ttlMs });
  }

  drop(recording: string): void {
    this.items = this.items.filter((item) => item.recording !== recording);
  }

  sweep(now: number): void {
    this.items = this.items.filter((item) => item.expiresAt > now);
  }
}

describe("MemoryTileCache against a naive model", () => {
  it.each([1, 2, 3, 4, 5])("holds the same tiles after every operation, seed %d", (seed) => {
    const random = new SeededRandom(seed);
    const maxBytes = 12 * ONE_TILE;
    const { cache, clock } = open({ maxBytes, ttlMs: 40 });
    const model = new NaiveCache(maxBytes, 40);
    for (let step = 0; step < 2000; step += 1) {
      const recording = "abc".charAt(random.below(3));
      const key = keyOf(recording, random.below(10));
      const action = random.below(100);
      if (action < 45) {
        expect(cache.getNow(key)).toBe(model.get(key, clock.ms));
      } else if (action < 90) {
        const value = tile(random.below(20) === 0 ? 5000 : 1 + random.below(300));
        // The model sweeps first, because it never holds an expired tile against the budget.
        cache.sweep();
        model.sweep(clock.ms);
        cache.putNow(key, value);
        model.put(key, recording, value, clock.ms);
      } else if (action < 92) {
        cache.dropPrefixNow(recordingPrefix({ path: recording, accessTag: "plain" }));
        model.drop(recording);
      } else {
        clock.ms += random.below(20);
      }
      cache.sweep();
      model.sweep(clock.ms);
      expect(cache.bytes).toBe(model.bytes);
      expect(cache.size).toBe(model.items.length);
      expect(model.items.every((item) => cache.hasNow(item.key))).toBe(true);
    }
  });
});
