import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { EMPTY_TILE, planTiles, type TileNeed } from "./plan";
import { modelledChannel, modelledSession } from "./testing/modelled-recording";
import { readPathOver, type ReadPathSettings } from "./testing/read-path-setup";
import { type ScriptedJob, turn } from "./testing/scripted-tile-maker";

const S = 10;
const { signal } = new AbortController();
const reason = "BLOCK_CRC" as const;

const A = modelledChannel({ name: "A", nSlots: 1000, sealedSlots: 985 });
const B = modelledChannel({
  name: "B",
  coverage: [
    { firstSlot: 0, nSlots: 100 },
    { firstSlot: 200, nSlots: 800 },
  ],
  damage: [{ firstSlot: 300, nSlots: 5, reason }],
});
const session = modelledSession([A, B]);

/** `nTiles` tiles of a channel, as a plan lists them. */
function needs(channel: typeof A, firstTile: number, nTiles = 1): readonly TileNeed[] {
  const rows = [{ channel, firstSlot: firstTile * S }];
  const how = { kind: "f32", offset: 0, nSamples: nTiles * S, slotsPerTile: () => S } as const;
  return planTiles({ session, rows, ...how })[0] ?? [];
}

function setUp(settings: ReadPathSettings = {}) {
  return readPathOver(session, { pace: "when told", samplesPerJob: S, ...settings });
}

function jobFor(jobs: readonly ScriptedJob[], name: string): ScriptedJob {
  const job = jobs.findLast(({ names }) => names.includes(name));
  if (job === undefined) throw new RangeError(`nobody asked for ${name}`);
  return job;
}

/** A load whose failure is looked at later, if at all. */
function observed<T>(load: Promise<T>): Promise<T> {
  load.catch(() => undefined);
  return load;
}

describe("TileLoader, where tiles come from", () => {
  it("answers in the order asked, whatever order they are made in", async () => {
    const { loader, maker } = setUp();
    const wanted = [...needs(B, 2), ...needs(A, 5, 2), ...needs(B, 15), ...needs(A, 0)];
    const load = loader.load(wanted, "batch", signal);
    for (const job of [...maker.running].reverse()) job.complete();
    const tiles = await load;
    expect(tiles.map((tile) => ("samples" in tile ? tile.samples.length : tile.kind))).toEqual([
      S,
      S,
      S,
      "empty",
      S,
    ]);
    const again = setUp({ pace: "at once" });
    const one = async (need: readonly TileNeed[]) =>
      (await again.loader.load(need, "batch", signal))[0];
    expect(tiles[0]).toEqual(await one(needs(B, 2)));
    expect(tiles[2]).toEqual(await one(needs(A, 6)));
    expect(tiles[4]).toEqual(await one(needs(A, 0)));
  });

  it("never asks for tiles in gaps, before the start and past the end", async () => {
    const { loader, maker, outcomes } = setUp();
    const empty = [...needs(A, -2, 2), ...needs(B, 10, 10), ...needs(A, 100, 3)];
    const tiles = await loader.load(empty, "interactive", signal);
    expect(tiles).toEqual(Array(15).fill(EMPTY_TILE));
    expect(maker.jobs).toEqual([]);
    expect(outcomes).toEqual({ memory: 0, shared: 0, decoded: 0, empty: 15 });
  });

  it("asks for tiles that hold nothing but damage", async () => {
    const lost = modelledChannel({
      name: "lost",
      coverage: [],
      nSlots: 100,
      damage: [{ firstSlot: 0, nSlots: 100, reason: "SEGMENT_UNREADABLE" }],
    });
    const only = modelledSession([lost]);
    const { loader, maker } = readPathOver(only);
    const rows = [{ channel: lost, firstSlot: 0 }];
    const plan = planTiles({
      ...{ session: only, rows, kind: "f32", offset: 0, nSamples: S, slotsPerTile: () => S },
    });
    const [tile] = await loader.load(plan.flat(), "interactive", signal);
    expect(maker.requested).toEqual(["lost/0"]);
    expect(tile?.damage).toEqual([{ firstSlot: 0, nSlots: S, reason: "SEGMENT_UNREADABLE" }]);
  });

  it("hands out what it holds, one object for everybody, without asking again", async () => {
    const { loader, maker, outcomes } = setUp({ pace: "at once" });
    const first = await loader.load(needs(A, 3, 4), "interactive", signal);
    const second = await loader.load(needs(A, 3, 4), "batch", signal);
    second.forEach((tile, i) => {
      expect(tile).toBe(first[i]);
    });
    expect(maker.requested).toEqual(["A/3", "A/4", "A/5", "A/6"]);
    expect(outcomes).toEqual({ memory: 4, shared: 0, decoded: 4, empty: 0 });
  });

  it("asks again for damaged tiles, so that a repaired file reads right at once", async () => {
    const { loader, maker, cache } = setUp({ pace: "at once" });
    await loader.load(needs(B, 29, 2), "interactive", signal);
    const [, damaged] = await loader.load(needs(B, 29, 2), "interactive", signal);
    expect(damaged?.damage).toEqual([{ firstSlot: 300, nSlots: 5, reason }]);
    expect(maker.requested).toEqual(["B/29", "B/30", "B/30"]);
    expect(cache.size).toBe(1);
  });

  it("makes a tile once for a request that names its channel twice", async () => {
    const { loader, maker } = setUp({ pace: "at once" });
    const twice = [...needs(A, 1, 2), ...needs(A, 2, 2)];
    const tiles = await loader.load(twice, "interactive", signal);
    expect(maker.requested).toEqual(["A/1", "A/2", "A/3"]);
    expect(tiles[1]).toBe(tiles[2]);
  });

  it("does not count what is prefetched as needed by a read", async () => {
    const { loader, outcomes } = setUp({ pace: "at once" });
    await loader.load(needs(A, 0, 3), "prefetch", signal);
    expect(outcomes).toEqual({ memory: 0, shared: 0, decoded: 0, empty: 0 });
    await loader.load(needs(A, 0, 3), "interactive", signal);
    expect(outcomes).toEqual({ memory: 3, shared: 0, decoded: 0, empty: 0 });
  });
});

describe("TileLoader, what it asks for", () => {
  it("joins neighbours to runs and cuts them into jobs of the size wanted", async () => {
    const { loader, maker } = setUp({ samplesPerJob: 3 * S });
    const load = loader.load([...needs(A, 2, 4), ...needs(B, 1, 2)], "batch", signal);
    expect(maker.jobs.map(({ job, lane }) => ({ ...job, lane }))).toEqual([
      {
        ...{ sessionPath: session.path, accessTag: "plain", kind: "f32", lane: "batch" },
        runs: [{ channel: "A", identity: A.identity, slotsPerTile: S, firstTile: 2, nTiles: 3 }],
      },
      {
        ...{ sessionPath: session.path, accessTag: "plain", kind: "f32", lane: "batch" },
        runs: [
          { channel: "A", identity: A.identity, slotsPerTile: S, firstTile: 5, nTiles: 1 },
          { channel: "B", identity: B.identity, slotsPerTile: S, firstTile: 1, nTiles: 2 },
        ],
      },
    ]);
    maker.completeAll();
    await load;
  });

  it("makes a tile larger than a job in a job of its own", async () => {
    const { loader, maker } = setUp({ samplesPerJob: 1, pace: "at once" });
    await loader.load(needs(A, 0, 3), "batch", signal);
    expect(maker.jobs.map(({ names }) => names)).toEqual([["A/0"], ["A/1"], ["A/2"]]);
  });

  it("names the growing edge only in runs that reach beyond what is sealed", async () => {
    const { loader, maker } = setUp({ pace: "at once", samplesPerJob: 2 * S });
    await loader.load(needs(A, 96, 4), "batch", signal);
    expect(maker.jobs.map(({ job }) => job.runs[0]?.edgeIdentity)).toEqual([
      undefined,
      A.edgeIdentity,
    ]);
  });

  it("leaves gaps out of runs", async () => {
    const { loader, maker } = setUp({ pace: "at once", samplesPerJob: 1000 });
    await loader.load(needs(B, 8, 14), "batch", signal);
    const runs = maker.jobs[0]?.job.runs.map(({ firstTile, nTiles }) => [firstTile, nTiles]);
    expect(runs).toEqual([
      [8, 2],
      [20, 2],
    ]);
  });
});

describe("TileLoader, readers at the same time", () => {
  it("makes each tile once, however many ask, and gives all of them the same object", async () => {
    const { loader, maker, outcomes } = setUp({ samplesPerJob: 4 * S });
    const loads = [0, 2, 3, 0, 5].map((from) => loader.load(needs(A, from, 6), "batch", signal));
    maker.completeAll();
    const answers = await Promise.all(loads);
    expect([...maker.requested].sort()).toEqual([...new Set(maker.requested)].sort());
    expect(maker.requested).toHaveLength(11);
    expect(answers[1]?.[0]).toBe(answers[0]?.[2]);
    expect(answers[3]).toEqual(answers[0]);
    answers[3]?.forEach((tile, i) => {
      expect(tile).toBe(answers[0]?.[i]);
    });
    expect(outcomes).toEqual({ memory: 0, shared: 19, decoded: 11, empty: 0 });
    expect(loader.nUnderWay).toBe(0);
  });

  it("fails those who wait for a failed job, and nobody else", async () => {
    const { loader, maker } = setUp();
    const both = observed(loader.load(needs(A, 0, 2), "batch", signal));
    const failing = observed(loader.load(needs(A, 1), "batch", signal));
    const other = loader.load(needs(A, 0), "batch", signal);
    jobFor(maker.jobs, "A/1").fail(new SignalError("OVERLOADED", "too much"));
    await expect(both).rejects.toMatchObject({ code: "OVERLOADED" });
    await expect(failing).rejects.toMatchObject({ code: "OVERLOADED" });
    jobFor(maker.jobs, "A/0").complete();
    await expect(other).resolves.toHaveLength(1);
  });

  it("starts anew for the next reader after a failure", async () => {
    const { loader, maker } = setUp();
    const failed = observed(loader.load(needs(A, 1), "batch", signal));
    jobFor(maker.jobs, "A/1").fail(new SignalError("UNAVAILABLE", "gone"));
    await expect(failed).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(loader.nUnderWay).toBe(0);
    const next = loader.load(needs(A, 1), "batch", signal);
    expect(maker.requested).toEqual(["A/1", "A/1"]);
    maker.completeAll();
    await expect(next).resolves.toHaveLength(1);
  });

  it("gives up the other jobs of a failed read unless somebody else waits for them", async () => {
    const { loader, maker } = setUp();
    const failing = observed(loader.load(needs(A, 0, 3), "batch", signal));
    const other = loader.load(needs(A, 2), "batch", signal);
    jobFor(maker.jobs, "A/1").fail(new SignalError("OVERLOADED", "too much"));
    await expect(failing).rejects.toMatchObject({ code: "OVERLOADED" });
    expect(jobFor(maker.jobs, "A/0").state).toBe("cancelled");
    expect(jobFor(maker.jobs, "A/2").state).toBe("running");
    maker.completeAll();
    await other;
  });

  it("never fails one reader for another's abort, and cancels when the last one left", async () => {
    const { loader, maker } = setUp();
    const [first, second, third] = [1, 2, 3].map(() => new AbortController());
    const loads = [first, second, third].map((stop) =>
      observed(loader.load(needs(A, 7), "batch", stop!.signal)),
    );
    first!.abort();
    await expect(loads[0]).rejects.toMatchObject({ code: "CANCELLED" });
    third!.abort(new SignalError("DEADLINE_EXCEEDED", "too late"));
    await expect(loads[2]).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const [job] = maker.jobs;
    expect(job?.state).toBe("running");
    second!.abort();
    await expect(loads[1]).rejects.toMatchObject({ code: "CANCELLED" });
    expect(job?.state).toBe("cancelled");
    expect(maker.jobs).toHaveLength(1);
  });

  it("lets a reader who stayed have the tiles", async () => {
    const { loader, maker } = setUp();
    const leaver = new AbortController();
    const left = observed(loader.load(needs(A, 7), "batch", leaver.signal));
    const stayed = loader.load(needs(A, 7), "batch", signal);
    leaver.abort();
    await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
    maker.completeAll();
    await expect(stayed).resolves.toHaveLength(1);
  });

  it("starts anew for who comes after a cancellation, whose end does not disturb it", async () => {
    const { loader, maker } = setUp();
    const stop = new AbortController();
    const left = observed(loader.load(needs(A, 7), "batch", stop.signal));
    stop.abort();
    await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
    const next = loader.load(needs(A, 7), "batch", signal);
    // The old job's rejection arrives while the one after it is under way.
    await turn();
    const joined = loader.load(needs(A, 7), "batch", signal);
    expect(maker.requested).toEqual(["A/7", "A/7"]);
    expect(maker.jobs.map(({ state }) => state)).toEqual(["cancelled", "running"]);
    maker.completeAll();
    expect((await joined)[0]).toBe((await next)[0]);
  });

  it("fails at once, and leaves nothing running, when the caller is gone already", async () => {
    const { loader, maker } = setUp();
    const load = loader.load(needs(A, 1), "batch", AbortSignal.abort());
    await expect(load).rejects.toMatchObject({ code: "CANCELLED" });
    expect(maker.running).toEqual([]);
    expect(loader.nUnderWay).toBe(0);
  });
});

describe("TileLoader, lanes", () => {
  it("takes over a prefetch that a reader meets, once", async () => {
    const { loader, maker } = setUp({ samplesPerJob: 4 * S });
    const prefetch = loader.load(needs(A, 0, 4), "prefetch", signal);
    const [job] = maker.jobs;
    const read = loader.load(needs(A, 2), "interactive", signal);
    const other = loader.load(needs(A, 3), "interactive", signal);
    expect(job?.lane).toBe("prefetch");
    expect(job?.promotions).toEqual(["interactive"]);
    maker.completeAll();
    await Promise.all([prefetch, read, other]);
  });

  it("makes a job more urgent step by step, never less urgent", async () => {
    const { loader, maker } = setUp();
    const loads = (["prefetch", "batch", "prefetch", "interactive", "batch"] as const).map((lane) =>
      loader.load(needs(A, 0), lane, signal),
    );
    expect(maker.jobs).toHaveLength(1);
    expect(maker.jobs[0]?.promotions).toEqual(["batch", "interactive"]);
    maker.completeAll();
    await Promise.all(loads);
  });

  it("keeps a prefetch going for its own sake after a reader left it", async () => {
    const { loader, maker } = setUp();
    const stop = new AbortController();
    const prefetch = loader.load(needs(A, 0), "prefetch", signal);
    const read = observed(loader.load(needs(A, 0), "interactive", stop.signal));
    stop.abort();
    await expect(read).rejects.toMatchObject({ code: "CANCELLED" });
    expect(maker.jobs[0]?.state).toBe("running");
    maker.completeAll();
    await prefetch;
  });
});

describe("TileLoader, a tile maker that breaks its contract", () => {
  it("fails the reader, crashes nothing and starts anew for the next one", async () => {
    const { loader, maker, cache } = setUp({ samplesPerJob: 4 * S });
    const load = observed(loader.load(needs(A, 0, 2), "batch", signal));
    maker.jobs[0]?.completeWith([]);
    await expect(load).rejects.toMatchObject({ code: "INTERNAL" });
    // A rejection that nobody handles ends the process, and here the test.
    await turn();
    expect(cache.size).toBe(0);
    expect(loader.nUnderWay).toBe(0);
    void observed(loader.load(needs(A, 0, 2), "batch", signal));
    expect(maker.jobs).toHaveLength(2);
  });
});
