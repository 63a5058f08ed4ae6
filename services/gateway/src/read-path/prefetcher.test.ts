import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { modelledChannel, modelledSession } from "./testing/modelled-recording";
import { readAll, readPathOver, type ReadPathSettings, windowOf } from "./testing/read-path-setup";
import { turn } from "./testing/scripted-tile-maker";

const S = 10;
const TILE_BYTES = S * 4;
const A = modelledChannel({ name: "A", nSlots: 1000 });
const session = modelledSession([A]);

function setUp(settings: ReadPathSettings = {}) {
  return readPathOver(session, {
    ...{ tileMaxSamples: S, samplesPerJob: S, pace: "when told" },
    ...{ aheadWindows: 2, behindWindows: 1 },
    ...settings,
  });
}

describe("Prefetcher.around", () => {
  it("asks for the windows ahead and behind, nearest first, in the lane of prefetch", () => {
    const { windows, maker, prefetched } = setUp({ aheadWindows: 3, behindWindows: 2 });
    windows.prefetchAround(windowOf(session, 500, 2 * S));
    expect(maker.requested).toEqual([
      ...["A/52", "A/53"],
      ...["A/48", "A/49"],
      ...["A/54", "A/55"],
      ...["A/46", "A/47"],
      ...["A/56", "A/57"],
    ]);
    expect(new Set(maker.jobs.map(({ lane }) => lane))).toEqual(new Set(["prefetch"]));
    expect(prefetched).toEqual([2, 2, 2, 2, 2]);
  });

  it("shifts by columns, so that windows meet that do not end on tile edges", () => {
    const { windows, maker } = setUp({ aheadWindows: 1, behindWindows: 1 });
    windows.prefetchAround(windowOf(session, 503, 4));
    expect(maker.requested).toEqual(["A/50", "A/51", "A/49"]);
  });

  it("asks for the kind of tile that the window needs", () => {
    const { windows, maker } = setUp();
    windows.prefetchAround(windowOf(session, 500, S, { sampleType: "float64" }));
    expect(new Set(maker.jobs.map(({ job }) => job.kind))).toEqual(new Set(["i32"]));
  });

  it("asks for nothing outside the recording, in gaps, in memory or under way", async () => {
    const gapped = modelledSession([
      modelledChannel({
        name: "A",
        coverage: [
          { firstSlot: 0, nSlots: 30 },
          { firstSlot: 50, nSlots: 10 },
        ],
      }),
    ]);
    const setup = readPathOver(gapped, {
      ...{ tileMaxSamples: S, samplesPerJob: S, pace: "when told" },
      ...{ aheadWindows: 9, behindWindows: 9 },
    });
    const read = readAll(setup, windowOf(gapped, 10, S));
    await turn();
    setup.windows.prefetchAround(windowOf(gapped, 0, S));
    expect(setup.maker.requested).toEqual(["A/1", "A/2", "A/5"]);
    setup.maker.completeAll();
    await read;
    await turn();
    setup.windows.prefetchAround(windowOf(gapped, 0, S));
    expect(setup.maker.requested).toHaveLength(3);
    expect(setup.prefetched).toEqual([1, 1]);
  });

  it("does nothing where no windows are configured", () => {
    const { windows, maker } = setUp({ aheadWindows: 0, behindWindows: 0 });
    windows.prefetchAround(windowOf(session, 500, S));
    expect(maker.jobs).toEqual([]);
  });
});

describe("Prefetcher.window", () => {
  it("asks for exactly the window named", () => {
    const { windows, maker } = setUp();
    windows.prefetch(windowOf(session, 515, S));
    expect(maker.requested).toEqual(["A/51", "A/52"]);
  });

  it("makes reads of it find their tiles in memory", async () => {
    const setup = setUp({ pace: "at once" });
    setup.windows.prefetch(windowOf(session, 500, 3 * S));
    await turn();
    await readAll(setup, windowOf(session, 500, 3 * S));
    expect(setup.maker.requested).toHaveLength(3);
    expect(setup.outcomes).toMatchObject({ memory: 3, decoded: 0 });
  });

  it("keeps what is under way within its bytes and goes on when there is room again", async () => {
    const { windows, maker } = setUp({ prefetchBytes: 3 * TILE_BYTES });
    windows.prefetch(windowOf(session, 0, 2 * S));
    windows.prefetch(windowOf(session, 100, 2 * S));
    windows.prefetch(windowOf(session, 200, S));
    windows.prefetch(windowOf(session, 300, S));
    expect(maker.requested).toEqual(["A/0", "A/1", "A/20"]);
    maker.completeAll();
    await turn();
    windows.prefetch(windowOf(session, 400, 3 * S));
    expect(maker.requested.slice(3)).toEqual(["A/40", "A/41", "A/42"]);
  });

  it("counts whole tiles, not the columns asked for", () => {
    const { windows, maker } = setUp({ prefetchBytes: 2 * TILE_BYTES - 1 });
    windows.prefetch(windowOf(session, 99, 2));
    expect(maker.jobs).toEqual([]);
    windows.prefetch(windowOf(session, 101, 2));
    expect(maker.requested).toEqual(["A/10"]);
  });

  it("leaves windows alone that could never fit, without planning their tiles", () => {
    const { windows, maker } = setUp();
    windows.prefetch(windowOf(session, 0, 2 ** 46));
    windows.prefetchAround(windowOf(session, 0, 2 ** 46));
    expect(maker.jobs).toEqual([]);
  });

  it("has room again after a failure, and tells nobody what the reader will be told", async () => {
    const { windows, maker, prefetchErrors } = setUp({ prefetchBytes: TILE_BYTES });
    for (const code of ["SESSION_CHANGED", "OVERLOADED", "DATA_DAMAGED"] as const) {
      windows.prefetch(windowOf(session, 500, S));
      maker.running[0]?.fail(new SignalError(code, "it failed"));
      await turn();
    }
    expect(maker.jobs).toHaveLength(3);
    expect(prefetchErrors).toEqual([]);
  });

  it("reports failures that are defects", async () => {
    const { windows, maker, prefetchErrors } = setUp();
    const defects = [new TypeError("oops"), new SignalError("INTERNAL", "impossible")];
    for (const defect of defects) {
      windows.prefetch(windowOf(session, 500, S));
      maker.running[0]?.fail(defect);
      await turn();
    }
    expect(prefetchErrors).toEqual(defects);
  });

  it.each([
    ["no rows", windowOf(session, 0, S, { rows: [] })],
    ["no samples", windowOf(session, 0, 0)],
  ])("never throws: %s", (_name, request) => {
    const { windows, maker } = setUp();
    windows.prefetch(request);
    windows.prefetchAround(request);
    expect(maker.jobs).toEqual([]);
  });
});

describe("Prefetcher.close", () => {
  it("ends what is under way and starts nothing more", async () => {
    const { windows, maker, prefetcher, prefetchErrors } = setUp();
    windows.prefetch(windowOf(session, 500, 2 * S));
    prefetcher.close();
    await turn();
    expect(maker.jobs.map(({ state }) => state)).toEqual(["cancelled", "cancelled"]);
    windows.prefetch(windowOf(session, 700, S));
    windows.prefetchAround(windowOf(session, 700, S));
    expect(maker.jobs).toHaveLength(2);
    expect(prefetchErrors).toEqual([]);
  });

  it("leaves a reader what it waits for", async () => {
    const setup = setUp();
    setup.windows.prefetch(windowOf(session, 500, S));
    const read = readAll(setup, windowOf(session, 500, S));
    await turn();
    setup.prefetcher.close();
    await turn();
    expect(setup.maker.jobs.map(({ state }) => state)).toEqual(["running"]);
    setup.maker.completeAll();
    await expect(read).resolves.toHaveLength(1);
  });
});
