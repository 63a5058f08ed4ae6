import { open, writeFile } from "node:fs/promises";
import path from "node:path";
import { DecodePool, type NativeJobResult, type NativeRun } from "./native";
import { builtIndex, detached, errorNamed, SMALL_FILES } from "./testing/native-arguments";
import { ramp } from "./testing/small-recording";
import { useTemporaryFolder } from "./testing/temporary-folder";

describe("DecodePool", () => {
  const folder = useTemporaryFolder();
  let pool: DecodePool;
  let run: NativeRun;
  let fd: number;
  let closeFile: () => Promise<void>;

  beforeEach(async () => {
    pool = new DecodePool(1, 1);
    const file = path.join(folder.path, "tdat");
    await writeFile(file, SMALL_FILES.tdat);
    const handle = await open(file);
    fd = handle.fd;
    closeFile = () => handle.close();
    run = {
      index: (await builtIndex()).handle,
      sources: [{ segment: 0, fd, base: 0, size: SMALL_FILES.tdat.length }],
      kind: "i32",
      firstSlot: 0,
      slotsPerTile: 400,
      tiles: [new Int32Array(400)],
    };
  });
  afterEach(async () => {
    pool.close();
    await closeFile();
  });

  function decode(...runs: readonly NativeRun[]): Promise<NativeJobResult> {
    return new Promise((resolve) => {
      pool.submit("interactive", runs, resolve);
    });
  }

  it("decodes into the arrays it is given, views of larger ones, too", async () => {
    const large = new Int32Array(1000).fill(-1);
    const result = await decode({ ...run, tiles: [large.subarray(300, 700)] });
    expect(result).toMatchObject({ status: "OK", nBlocks: 4, samplesPlaced: 400 });
    expect([...large]).toEqual([
      ...new Array<number>(300).fill(-1),
      ...ramp(400, 1),
      ...new Array<number>(300).fill(-1),
    ]);
  });

  it("decodes into small arrays, which the engine keeps among its objects", async () => {
    const tiles = ramp(80).map(() => new Int32Array(5));
    await decode({ ...run, slotsPerTile: 5, tiles });
    expect(tiles.flatMap((tile) => [...tile])).toEqual(ramp(400, 1));
  });

  it("reads a range of a file", async () => {
    const file = path.join(folder.path, "archive");
    await writeFile(
      file,
      Buffer.concat([Buffer.alloc(777, 1), SMALL_FILES.tdat, Buffer.alloc(99, 2)]),
    );
    const size = SMALL_FILES.tdat.length;
    const handle = await open(file);
    const sources = [{ segment: 0, fd: handle.fd, base: 777, size }];
    await decode({ ...run, sources });
    expect([...run.tiles[0]!]).toEqual(ramp(400, 1));
    const { outcomes } = await decode({ ...run, sources: [{ ...sources[0]!, size: size - 1 }] });
    expect(outcomes[0]!.damage).toEqual([
      { firstSlot: 300, nSlots: 100, reason: "BLOCK_TRUNCATED" },
    ]);
    await handle.close();
  });

  it.each([
    ["none", []],
    ["a descriptor that is not open", [{ segment: 0, fd: 2_000_000, base: 0, size: 5000 }]],
  ])("calls blocks damage when the source is %s", async (_case, sources) => {
    const { outcomes } = await decode({ ...run, sources });
    expect(outcomes[0]!.damage).toEqual([
      { firstSlot: 0, nSlots: 400, reason: "BLOCK_UNREADABLE" },
    ]);
  });

  it("does nothing for no runs and for a run of no tiles", async () => {
    await expect(decode()).resolves.toMatchObject({ status: "OK", outcomes: [] });
    await expect(decode({ ...run, tiles: [] })).resolves.toMatchObject({ nBlocks: 0 });
  });

  it("knows nothing of ids that are none of its jobs", () => {
    pool.promote(12345, "interactive");
    pool.cancel(12345);
    expect(pool.waiting("interactive")).toBe(0);
  });

  it("takes no jobs once it is closed", () => {
    pool.close();
    expect(() => pool.submit("interactive", [run], () => undefined)).toThrow(
      expect.objectContaining({ code: "UNAVAILABLE" }) as Error,
    );
    pool.promote(1, "batch");
    pool.cancel(1);
    pool.close();
  });

  it.each<[string, () => Partial<Record<keyof NativeRun, unknown>>, string]>([
    ["an index that is none", () => ({ index: {} }), "TypeError"],
    ["no index", () => ({ index: undefined }), "TypeError"],
    ["a tile too short", () => ({ tiles: [new Int32Array(399)] }), "TypeError"],
    ["a tile too long", () => ({ tiles: [new Int32Array(401)] }), "TypeError"],
    ["a tile of the other kind", () => ({ tiles: [new Float32Array(400)] }), "TypeError"],
    ["bytes for a tile", () => ({ tiles: [new Uint8Array(1600)] }), "TypeError"],
    ["an array for a tile", () => ({ tiles: [new Array(400).fill(0)] }), "TypeError"],
    ["a buffer for a tile", () => ({ tiles: [new ArrayBuffer(1600)] }), "TypeError"],
    ["a hole for a tile", () => ({ tiles: [undefined] }), "TypeError"],
    ["a detached tile", () => ({ tiles: [detached(new Int32Array(400))] }), "TypeError"],
    ["no slots per tile", () => ({ slotsPerTile: 0 }), "RangeError"],
    ["half slots per tile", () => ({ slotsPerTile: 0.5 }), "RangeError"],
    ["endless slots per tile", () => ({ slotsPerTile: Infinity }), "RangeError"],
    ["a slot that is no number", () => ({ firstSlot: NaN }), "RangeError"],
    ["a slot beyond any grid", () => ({ firstSlot: 2 ** 52 }), "RangeError"],
    [
      "a segment that is not there",
      () => ({ sources: [{ ...source(), segment: 1 }] }),
      "RangeError",
    ],
    ["a negative segment", () => ({ sources: [{ ...source(), segment: -1 }] }), "RangeError"],
    ["a negative descriptor", () => ({ sources: [{ ...source(), fd: -1 }] }), "RangeError"],
    ["a negative base", () => ({ sources: [{ ...source(), base: -1 }] }), "RangeError"],
    ["a size that is no number", () => ({ sources: [{ ...source(), size: NaN }] }), "RangeError"],
    [
      "statistics too short",
      () => ({ statistics: [{ rank: 0, bytes: new Uint8Array(15) }] }),
      "RangeError",
    ],
    ["statistics that are none", () => ({ statistics: [1] }), "TypeError"],
    [
      "statistics of no block",
      () => ({ statistics: [{ bytes: new Uint8Array(16) }] }),
      "TypeError",
    ],
  ])("refuses %s and goes on", async (_case, change, name) => {
    const bad = { ...run, ...change() } as NativeRun;
    for (const runs of [[bad], [run, bad]]) {
      expect(() => pool.submit("interactive", runs, () => undefined)).toThrow(errorNamed(name));
    }
    await expect(decode(run)).resolves.toMatchObject({ status: "OK" });
    expect([...run.tiles[0]!]).toEqual(ramp(400, 1));
  });

  function source(): NativeRun["sources"][number] {
    return run.sources[0]!;
  }

  it.each([
    ["no threads", 0, 0, "RangeError"],
    ["too many threads", 1025, 0, "RangeError"],
    ["negative prefetch threads", 1, -1, "RangeError"],
    ["half a thread", 1.5, 0, "RangeError"],
    ["text", "1", 0, "TypeError"],
    ["nothing for prefetch", 1, undefined, "TypeError"],
  ])("cannot be made with %s", (_case, threads, prefetchThreads, name) => {
    expect(() => new DecodePool(threads as never, prefetchThreads as never)).toThrow(
      errorNamed(name),
    );
  });

  it("refuses a lane that is none, and an id that is none", () => {
    expect(() => pool.submit("urgent" as never, [run], () => undefined)).toThrow(
      errorNamed("RangeError"),
    );
    expect(() => pool.waiting("urgent" as never)).toThrow(errorNamed("RangeError"));
    expect(() => {
      pool.cancel("1" as never);
    }).toThrow(errorNamed("TypeError"));
    expect(() => {
      pool.promote(0, "batch");
    }).toThrow(errorNamed("RangeError"));
  });
});
