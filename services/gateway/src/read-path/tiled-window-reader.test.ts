import { getEventListeners } from "node:events";
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { modelledAnswer, modelledChannel, modelledSession } from "./testing/modelled-recording";
import {
  bytesOf,
  differenceOf,
  joined,
  readAll,
  readPathOver,
  type ReadPathSettings,
  windowOf,
} from "./testing/read-path-setup";
import { drive, turn } from "./testing/scripted-tile-maker";
import type { WindowPart, WindowRequest } from "./window-reader";

const S = 10;
const TILE_BYTES = S * 4;
const { signal } = new AbortController();
const A = modelledChannel({ name: "A", nSlots: 1000 });
const session = modelledSession([A]);

/** Slabs of four tiles, one tile per job. */
function setUp(settings: ReadPathSettings = {}) {
  return readPathOver(session, {
    ...{ tileMaxSamples: S, samplesPerJob: S, slabBytes: 4 * TILE_BYTES, pace: "when told" },
    ...settings,
  });
}

function begin(setup: ReturnType<typeof setUp>, request: WindowRequest, stop = signal) {
  return setup.windows.read(request, 4 * TILE_BYTES, stop);
}

function tileNumbers(names: readonly string[]): number[] {
  return names.map((name) => Number(name.split("/")[1]));
}

describe("TiledWindowReader.read, slab by slab", () => {
  it("fetches the next slab while the consumer has the current one, and no further", async () => {
    const setup = setUp();
    const parts = begin(setup, windowOf(session, 0, 400));
    const first = parts.next();
    await turn();
    expect(tileNumbers(setup.maker.requested)).toEqual([0, 1, 2, 3]);
    setup.maker.completeAll();
    await first;
    await turn();
    expect(tileNumbers(setup.maker.requested)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    setup.maker.completeAll();
    await turn();
    expect(setup.maker.jobs).toHaveLength(8);
    expect(setup.budget.used).toBe(8 * TILE_BYTES);
    await parts.next();
    await turn();
    expect(tileNumbers(setup.maker.requested).slice(8)).toEqual([8, 9, 10, 11]);
    expect(setup.budget.used).toBe(8 * TILE_BYTES);
    await parts.return(undefined);
  });

  it("delivers the first part before the second slab is there", async () => {
    const setup = setUp();
    const request = windowOf(session, 5, 400);
    const parts = begin(setup, request);
    const first = parts.next();
    await turn();
    setup.maker.completeAll();
    const value: unknown = (await first).value;
    expect(value).toMatchObject({ offset: 0, nSamples: 35, damage: [] });
    const bytes = bytesOf(value as WindowPart, request);
    expect(differenceOf(bytes, modelledAnswer({ ...request, nSamples: 35 }))).toBeUndefined();
    await parts.return(undefined);
  });

  it("asks once for a tile that two slabs share, even if nothing is cached", async () => {
    const B = modelledChannel({ name: "B", nSlots: 1000 });
    const both = modelledSession([A, B]);
    const setup = readPathOver(both, {
      ...{ tileMaxSamples: S, slabBytes: 8 * TILE_BYTES, cacheBytes: 0 },
    });
    const rows = [
      { channel: A, firstSlot: 3 },
      { channel: B, firstSlot: 208 },
    ];
    const request = windowOf(both, 0, 300, { rows });
    const parts = await readAll(setup, request);
    expect(parts.length).toBeGreaterThan(5);
    expect(differenceOf(joined(parts, request), modelledAnswer(request))).toBeUndefined();
    expect(new Set(setup.maker.requested).size).toBe(setup.maker.requested.length);
    expect(setup.maker.requested).toHaveLength(31 + 31);
  });

  it("takes the lane of the request", async () => {
    const setup = setUp({ pace: "at once" });
    await readAll(setup, windowOf(session, 0, 100, { lane: "batch" }));
    expect(new Set(setup.maker.jobs.map(({ lane }) => lane))).toEqual(new Set(["batch"]));
  });

  it("is empty without rows or without columns", async () => {
    const setup = setUp();
    expect(await readAll(setup, windowOf(session, 0, 0))).toEqual([]);
    expect(await readAll(setup, windowOf(session, 0, 10, { rows: [] }))).toEqual([]);
    expect(setup.maker.jobs).toEqual([]);
  });
});

describe("TiledWindowReader.read, ended early", () => {
  it("gives memory back and gives up the next slab when the consumer stops", async () => {
    const setup = setUp();
    const parts = begin(setup, windowOf(session, 0, 400));
    const first = parts.next();
    await turn();
    setup.maker.completeAll();
    await first;
    await turn();
    expect(setup.maker.running).toHaveLength(4);
    await parts.return(undefined);
    await turn();
    expect(setup.maker.jobs.slice(4).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
    expect(setup.budget.used).toBe(0);
    expect(setup.loader.nUnderWay).toBe(0);
  });

  it("gives memory back when the consumer stops after the next slab came", async () => {
    const setup = setUp({ pace: "at once" });
    for await (const part of setup.windows.read(windowOf(session, 0, 400), 8, signal)) {
      await turn();
      expect(setup.budget.used).toBe(8 * TILE_BYTES);
      if (part.offset > 10) break;
    }
    await turn();
    expect(setup.budget.used).toBe(0);
  });

  it("leaves the line for memory when the consumer stops", async () => {
    const setup = setUp({ budgetBytes: 4 * TILE_BYTES, pace: "at once" });
    const parts = begin(setup, windowOf(session, 0, 400));
    await parts.next();
    await parts.return(undefined);
    await turn();
    expect(setup.budget.used).toBe(0);
    expect(setup.maker.jobs).toHaveLength(4);
  });

  it.each([
    ["CANCELLED", undefined],
    ["DEADLINE_EXCEEDED", Object.assign(new Error("late"), { name: "TimeoutError" })],
  ])("ends with %s when the caller's signal says so", async (code, cause) => {
    const setup = setUp();
    const stop = new AbortController();
    const read = readAll(setup, windowOf(session, 0, 400), 1000, stop.signal);
    await turn();
    stop.abort(cause);
    await expect(read).rejects.toMatchObject({ code });
    await turn();
    expect(setup.maker.jobs.map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
    expect(setup.budget.used).toBe(0);
  });

  it("leaves no listener on the caller's signal, however it ends", async () => {
    const setup = setUp({ pace: "at once" });
    const caller = new AbortController();
    const listening = (): number => getEventListeners(caller.signal, "abort").length;
    await readAll(setup, windowOf(session, 0, 400), 1000, caller.signal);
    await turn();
    expect(listening()).toBe(0);
    const parts = begin(setup, windowOf(session, 0, 400), caller.signal);
    await parts.next();
    expect(listening()).toBeGreaterThan(0);
    await parts.return(undefined);
    await turn();
    expect(listening()).toBe(0);
  });

  it("does not begin for a caller who is gone", async () => {
    const setup = setUp();
    const read = readAll(setup, windowOf(session, 0, 400), 1000, AbortSignal.abort());
    await expect(read).rejects.toMatchObject({ code: "CANCELLED" });
    expect(setup.maker.jobs).toEqual([]);
  });

  it("delivers what came before a failure, and nothing after it", async () => {
    const setup = setUp();
    const parts = begin(setup, windowOf(session, 0, 400));
    const first = parts.next();
    await turn();
    setup.maker.completeAll();
    await first;
    await turn();
    setup.maker.running[2]?.fail(new RangeError("no"));
    await turn();
    await expect(parts.next()).rejects.toThrow(RangeError);
    await expect(parts.next()).resolves.toEqual({ done: true, value: undefined });
    await turn();
    expect(setup.maker.running).toEqual([]);
    expect(setup.budget.used).toBe(0);
  });
});

describe("TiledWindowReader.read, memory", () => {
  it("never passes the budget, and every reader finishes, however many read", async () => {
    const setup = setUp({ budgetBytes: 10 * TILE_BYTES, cacheBytes: 0 });
    const requests = Array.from({ length: 12 }, (_, i) => windowOf(session, i * 7, 200 + i));
    const reads = requests.map((request) => readAll(setup, request, 64));
    let most = 0;
    const answers = await drive(Promise.all(reads), () => {
      most = Math.max(most, setup.budget.used);
      setup.maker.completeAll();
    });
    for (const [i, parts] of answers.entries()) {
      expect(
        differenceOf(joined(parts, requests[i]!), modelledAnswer(requests[i]!)),
      ).toBeUndefined();
    }
    expect(most).toBeLessThanOrEqual(10 * TILE_BYTES);
    expect(most).toBeGreaterThan(4 * TILE_BYTES);
    expect(setup.budget.used).toBe(0);
  });

  it("refuses a window whose smallest slab could never fit", async () => {
    const setup = setUp({ budgetBytes: TILE_BYTES - 1 });
    await expect(readAll(setup, windowOf(session, 0, 5))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("keeps nothing of a slab that was consumed while it waits for memory", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const setup = setUp({ budgetBytes: 8 * TILE_BYTES, cacheBytes: 0 });
    const held = await setup.budget.take(4 * TILE_BYTES, signal);
    const parts = begin(setup, windowOf(session, 0, 400));
    const delivered = parts.next().then(() => undefined);
    await turn();
    const inLine = setup.budget.take(4 * TILE_BYTES, signal);
    setup.maker.completeAll();
    await delivered;
    const tiles = (await setup.maker.jobs[0]!.tiles).flat().map((tile) => new WeakRef(tile));
    setup.maker.jobs.length = 0;
    const second = parts.next();
    const release = await inLine;
    await turn();
    collectGarbage();
    expect(setup.maker.jobs).toEqual([]);
    expect(tiles.map((tile) => tile.deref())).toEqual([undefined]);
    release();
    held();
    await turn();
    setup.maker.completeAll();
    await second;
    await parts.return(undefined);
  });

  it("streams ten years of almost nothing, a slab's plan at a time", async () => {
    const tenYears = 10 * 365.25 * 86_400 * 256;
    const sparse = modelledSession([
      modelledChannel({
        name: "A",
        samplingRate: 256,
        nSlots: tenYears,
        coverage: [
          { firstSlot: 0, nSlots: 5 },
          { firstSlot: tenYears - 5, nSlots: 5 },
        ],
      }),
    ]);
    const longTiles = { tileDurationSeconds: 3600, tileMaxSamples: 2 ** 20 };
    const setup = readPathOver(sparse, { ...longTiles, slabBytes: 2 ** 28 });
    const request = windowOf(sparse, 0, tenYears);
    const planned: number[] = [];
    const load = setup.loader.load.bind(setup.loader);
    setup.loader.load = (needs, lane, stop) => {
      planned.push(needs.length);
      return load(needs, lane, stop);
    };
    let [at, nParts, inFlight] = [0, 0, 0];
    for await (const part of setup.windows.read(request, 2 ** 28, signal)) {
      expect(part.offset).toBe(at);
      at += part.nSamples;
      nParts += 1;
      inFlight = Math.max(inFlight, planned.length - nParts);
    }
    expect(at).toBe(tenYears);
    expect(inFlight).toBe(1);
    expect(Math.max(...planned)).toBeLessThanOrEqual(73);
    expect(planned.reduce((sum, n) => sum + n)).toBe(Math.ceil(tenYears / (3600 * 256)));
    expect(setup.maker.requested).toEqual(["A/0", `A/${Math.floor(tenYears / (3600 * 256)) - 1}`]);
  });
});
