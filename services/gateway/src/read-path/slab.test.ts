import { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import { loadSlab, partRanges, slabRanges, tileKindOf, tilesOnEdge } from "./slab";
import { modelledChannel, modelledSession, modelledTile } from "./testing/modelled-recording";
import { readPathOver, type ReadPathSettings, windowOf } from "./testing/read-path-setup";
import { turn } from "./testing/scripted-tile-maker";

const S = 10;
const TILE_BYTES = S * 4;
const { signal } = new AbortController();
const A = modelledChannel({ name: "A", nSlots: 1000 });
const B = modelledChannel({
  name: "B",
  coverage: [
    { firstSlot: 0, nSlots: 50 },
    { firstSlot: 100, nSlots: 500 },
  ],
});
const session = modelledSession([A, B]);
const TILE_LENGTH = { tileDurationSeconds: 60, tileMaxSamples: S };

function setUp(settings: ReadPathSettings = {}) {
  const setup = readPathOver(session, { tileMaxSamples: S, samplesPerJob: S, ...settings });
  const options = { ...setup, slabBytes: 4 * TILE_BYTES };
  return { ...setup, options };
}

describe("tileKindOf", () => {
  it("takes scaled tiles for float32 and counts for float64", () => {
    expect(tileKindOf({ sampleType: "float32" })).toBe("f32");
    expect(tileKindOf({ sampleType: "float64" })).toBe("i32");
  });
});

describe("slabRanges", () => {
  it.each([
    ["a window on tile edges", 0, 60, [40, 20]],
    ["a window within a tile", 3, 4, [4]],
    ["a first slab up to the edge of its last tile", 15, 100, [35, 40, 25]],
    ["a window before the start", -15, 50, [35, 15]],
    ["a window beyond 2^40", 2 ** 40 + 4, 41, [40, 1]],
  ])("cuts %s", (_name, firstSlot, nSamples, lengths) => {
    const request = windowOf(modelledSession([A]), firstSlot, nSamples);
    const options = { tileLength: TILE_LENGTH, slabBytes: 4 * TILE_BYTES };
    const ranges = [...slabRanges(request, options)];
    const byHand = lengths.map((n, i) => ({
      offset: lengths.slice(0, i).reduce((sum, length) => sum + length, 0),
      nSamples: n,
    }));
    expect(ranges).toEqual(byHand);
  });

  it("takes the rows together for the size of a slab, one tile of each at least", () => {
    const request = windowOf(session, 0, 100);
    const lengths = (slabBytes: number): number[] =>
      [...slabRanges(request, { tileLength: TILE_LENGTH, slabBytes })].map((r) => r.nSamples);
    expect(lengths(4 * TILE_BYTES)).toEqual([20, 20, 20, 20, 20]);
    expect(lengths(8 * TILE_BYTES - 1)).toEqual([30, 30, 30, 10]);
    expect(lengths(1)).toEqual(Array(10).fill(10));
  });

  it("has nothing to cut where there are no rows or no columns", () => {
    const options = { tileLength: TILE_LENGTH, slabBytes: 1000 };
    expect([...slabRanges(windowOf(session, 0, 0), options)]).toEqual([]);
    expect([...slabRanges(windowOf(session, 0, 10, { rows: [] }), options)]).toEqual([]);
  });
});

describe("partRanges", () => {
  it("covers the slab in order, within the bytes, in parts of nearly equal length", () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 500; i += 1) {
      const sampleType = random.below(2) === 0 ? "float32" : "float64";
      const request = windowOf(session, 0, 1, { sampleType });
      const slab = { offset: random.below(1000), nSamples: 1 + random.below(500) };
      const maxPartBytes = 1 + random.below(3000);
      const columnBytes = 2 * (sampleType === "float32" ? 4 : 8);
      const most = Math.max(1, Math.floor(maxPartBytes / columnBytes));
      const parts = [...partRanges(slab, request, maxPartBytes)];
      let at = slab.offset;
      for (const { offset, nSamples } of parts) {
        expect(offset).toBe(at);
        expect(nSamples).toBeGreaterThan(0);
        expect(nSamples).toBeLessThanOrEqual(most);
        at += nSamples;
      }
      expect(at).toBe(slab.offset + slab.nSamples);
      const lengths = parts.map(({ nSamples }) => nSamples);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      expect(parts).toHaveLength(Math.ceil(slab.nSamples / most));
    }
  });
});

describe("loadSlab", () => {
  const load = (setup: ReturnType<typeof setUp>, firstSlot: number, [offset, nSamples] = [0, 40]) =>
    loadSlab(
      windowOf(session, firstSlot, 100),
      { offset, nSamples },
      [],
      "batch",
      setup.options,
      signal,
    );

  it("has the tiles of every row, first to last", async () => {
    const slab = await load(setUp(), 15, [20, 20]);
    expect(slab.rows.map(({ firstTile, tiles }) => [firstTile, tiles.length])).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(slab.rows[0]?.tiles[1]).toEqual(modelledTile(A, "f32", S, 4));
    expect(slab.rows[1]?.tiles.map(({ kind }) => kind)).toEqual(["f32", "f32", "empty"]);
  });

  it("takes memory for the tiles that hold something, until it is released", async () => {
    const setup = setUp();
    const slab = await load(setup, 30);
    expect(setup.budget.used).toBe((4 + 2) * TILE_BYTES);
    slab.release();
    expect(setup.budget.used).toBe(0);
  });

  it("asks for no tile before it has the memory", async () => {
    const setup = setUp({ budgetBytes: 8 * TILE_BYTES });
    const release = await setup.budget.take(1, signal);
    const loading = load(setup, 0);
    await turn();
    expect(setup.maker.jobs).toEqual([]);
    release();
    (await loading).release();
    expect(setup.maker.requested).toHaveLength(8);
  });

  it("gives the memory back when its tiles cannot be had", async () => {
    const setup = setUp({ pace: "when told" });
    const loading = load(setup, 0);
    await turn();
    setup.maker.jobs[5]?.fail(new RangeError("no"));
    await expect(loading).rejects.toThrow(RangeError);
    expect(setup.budget.used).toBe(0);
    expect(setup.maker.running).toEqual([]);
  });

  it("refuses more channels than memory could ever hold", async () => {
    const setup = setUp({ budgetBytes: 7 * TILE_BYTES });
    await expect(load(setup, 0)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("tilesOnEdge", () => {
  it("are what the next slab begins with, of rows that do not end on a tile's edge", async () => {
    const setup = setUp({ cacheBytes: 0 });
    const rows = [
      { channel: A, firstSlot: 0 },
      { channel: A, firstSlot: 403 },
    ];
    const request = windowOf(session, 0, 100, { rows });
    const range = { offset: 0, nSamples: 40 };
    const slab = await loadSlab(request, range, [], "batch", setup.options, signal);
    const edge = tilesOnEdge(slab);
    expect(edge.map(({ firstTile, tiles }) => [firstTile, tiles.length])).toEqual([
      [3, 0],
      [44, 1],
    ]);
    setup.maker.jobs.length = 0;
    const after = { offset: 40, nSamples: 40 };
    const next = await loadSlab(request, after, edge, "batch", setup.options, signal);
    expect(setup.maker.requested).not.toContain("A/44");
    expect(next.rows[1]?.tiles[0]).toBe(slab.rows[1]?.tiles[4]);
    expect(setup.maker.requested).toHaveLength(8);
  });
});
