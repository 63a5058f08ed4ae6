import type { Lane } from "@mef3-cluster/contracts/lane";
import type { TileJob } from "@mef3-cluster/contracts/tile-job";
import { cp, rename, rm, writeFile } from "node:fs/promises";
import {
  type DecoderParts,
  decoderParts,
  decodeRun,
  forever,
  joinedSamples,
  onlyRun,
  tileJob,
} from "./testing/decoder-parts";
import { eventually } from "./testing/eventually";
import { untilFileClockTicks } from "./testing/file-clock";
import { segmentFile, writeChannelFiles } from "./testing/recording-files";
import { ramp, smallChannel, smallSegment, START_UUTC } from "./testing/small-recording";
import { useTemporaryFolder } from "./testing/temporary-folder";
import type { TileDecoding } from "./tile-decoder";

const folder = useTemporaryFolder();
const FIRST_TILE = { firstTile: 0, nTiles: 1, slotsPerTile: 400 };
let parts: DecoderParts;
let root: string;

beforeEach(async () => {
  root = `${folder.path}/x.mefd`;
  await writeChannelFiles(root, smallChannel());
  const blocks = [{ startUutc: START_UUTC, samples: ramp(100_000).map((i) => (i * 7919) % 5000) }];
  await writeChannelFiles(root, smallChannel([{ number: 0, blocks, factor: 1 }], "large"));
  // Nothing idle stays open, so that a file that was not released shows.
  parts = decoderParts(folder.path, { maxIdleFiles: 0 });
});
afterEach(() => {
  parts.close();
});

async function smallJob(kind: TileJob["kind"] = "f32", channel = "A"): Promise<TileJob> {
  const { channels } = await parts.store.open(root, forever);
  return tileJob(root, channels.get(channel)!.description, FIRST_TILE, kind);
}

/** Some dozen tasks of some milliseconds each; cancel it when it has served. */
async function longJob(lane: Lane): Promise<TileDecoding> {
  const { channels } = await parts.store.open(root, forever);
  const run = { firstTile: 0, nTiles: 1, slotsPerTile: 100_000 };
  const { runs, ...job } = tileJob(root, channels.get("large")!.description, run);
  const many = { ...job, runs: new Array<typeof runs>(200).fill(runs).flat() };
  const decoding = parts.tiles.decode(many, lane);
  decoding.tiles.catch(() => undefined);
  await eventually(() => parts.pool.waiting(lane) > 10);
  return decoding;
}

/** The small job beside the long one: nothing is awaited between opening its file and submitting. */
function isSubmitted(): Promise<void> {
  return eventually(() => parts.nOpenFiles() === 2);
}

/** Whether `first` settles while `second` has not yet. */
function settlesBefore(first: Promise<unknown>, second: Promise<unknown>): Promise<boolean> {
  const answer = (value: boolean) => () => value;
  return Promise.race([
    first.then(answer(true), answer(true)),
    second.then(answer(false), answer(false)),
  ]);
}

describe("TileDecoder.promote", () => {
  it("lets a waiting job overtake what was before it", async () => {
    const before = await longJob("batch");
    const decoding = parts.tiles.decode(await smallJob(), "batch");
    await isSubmitted();
    decoding.promote("interactive");
    expect(await settlesBefore(decoding.tiles, before.tiles)).toBe(true);
    before.cancel();
  });

  it("counts for a job that was not submitted yet", async () => {
    const before = await longJob("batch");
    const decoding = parts.tiles.decode(await smallJob(), "batch");
    decoding.promote("interactive");
    expect(await settlesBefore(decoding.tiles, before.tiles)).toBe(true);
    before.cancel();
  });

  it("never makes a job less urgent that was not submitted yet", async () => {
    const before = await longJob("prefetch");
    const decoding = parts.tiles.decode(await smallJob(), "interactive");
    decoding.promote("prefetch");
    expect(await settlesBefore(decoding.tiles, before.tiles)).toBe(true);
    before.cancel();
  });

  it("never makes a waiting job less urgent", async () => {
    const before = await longJob("interactive");
    const decoding = parts.tiles.decode(await smallJob(), "interactive");
    await isSubmitted();
    decoding.promote("batch");
    decoding.promote("prefetch");
    expect([parts.pool.waiting("batch"), parts.pool.waiting("prefetch")]).toEqual([0, 0]);
    before.cancel();
    await expect(decoding.tiles).resolves.toHaveLength(1);
  });

  it("does nothing to a job that is done", async () => {
    const decoding = parts.tiles.decode(await smallJob(), "prefetch");
    await decoding.tiles;
    decoding.promote("interactive");
    await expect(decodeRun(parts, root, "A", FIRST_TILE)).resolves.toHaveLength(1);
  });
});

describe("TileDecoder.cancel", () => {
  it("ends a job that was not submitted yet: nothing is decoded", async () => {
    const decoding = parts.tiles.decode(await smallJob(), "interactive");
    decoding.cancel();
    await expect(decoding.tiles).rejects.toMatchObject({ code: "CANCELLED" });
    expect(parts.results).toEqual([]);
  });

  it("ends a job at whatever step it is on its way to the pool", async () => {
    const running = await longJob("interactive");
    const job = await smallJob();
    for (let nSteps = 0; nSteps < 20; nSteps += 1) {
      const decoding = parts.tiles.decode(job, "interactive");
      for (let step = 0; step < nSteps; step += 1) await Promise.resolve();
      decoding.cancel();
      expect(await settlesBefore(decoding.tiles, running.tiles)).toBe(true);
      await expect(decoding.tiles).rejects.toMatchObject({ code: "CANCELLED" });
    }
    running.cancel();
  });

  it("ends a waiting job at once, and no other", async () => {
    const running = await longJob("interactive");
    const cancelled = parts.tiles.decode(await smallJob(), "interactive");
    const kept = parts.tiles.decode(await smallJob(), "interactive");
    await isSubmitted();
    cancelled.cancel();
    expect(await settlesBefore(cancelled.tiles, running.tiles)).toBe(true);
    await expect(cancelled.tiles).rejects.toMatchObject({ code: "CANCELLED" });
    running.cancel();
    expect(joinedSamples(await onlyRun(kept))).toEqual(ramp(400, 1).map((count) => count * 0.5));
  });

  it("ends a running job", async () => {
    const running = await longJob("interactive");
    running.cancel();
    await expect(running.tiles).rejects.toMatchObject({ code: "CANCELLED" });
    expect(parts.pool.waiting("interactive")).toBe(0);
  });

  it("does nothing to a job that is done, and nothing the second time", async () => {
    const decoding = parts.tiles.decode(await smallJob(), "interactive");
    const tiles = await onlyRun(decoding);
    decoding.cancel();
    decoding.cancel();
    await expect(decoding.tiles).resolves.toEqual([tiles]);
  });

  it("ends the second pass over encrypted blocks, too", async () => {
    const passwords = { password1: "p", blockLevel: 1, plainMetadata: true } as const;
    await writeChannelFiles(root, smallChannel(), passwords);
    parts.close();
    parts = decoderParts(folder.path, { maxIdleFiles: 0, passwords: ["p"] });
    const decoding = parts.tiles.decode(await smallJob(), "interactive");
    await eventually(() => {
      if (parts.results.length > 0) decoding.cancel();
      return parts.results.length > 0;
    });
    const settled = await decoding.tiles.catch((error: unknown) => error);
    // Either the pass was over before, or it was cancelled; it is never half of both.
    const isWhole = Array.isArray(settled) && parts.results.length === 2;
    expect(isWhole || (settled as { code?: string }).code === "CANCELLED").toBe(true);
    await eventually(() => parts.nOpenFiles() === 0);
  });
});

describe("TileDecoder, about a recording that changed", () => {
  it.each<[string, Partial<TileJob["runs"][number]>]>([
    ["of another identity", { identity: "other" }],
    ["of another edge", { edgeIdentity: "other" }],
    ["that is not there", { channel: "B" }],
  ])("refuses a run of a channel %s", async (_case, run) => {
    const job = await smallJob();
    const runs = [...job.runs, { ...job.runs[0]!, ...run }];
    const { tiles } = parts.tiles.decode({ ...job, runs }, "interactive");
    await expect(tiles).rejects.toMatchObject({ code: "SESSION_CHANGED" });
    expect(parts.results).toEqual([]);
  });

  it("accepts the edge as it was described", async () => {
    const job = await smallJob();
    const { channels } = await parts.store.open(root, forever);
    const { edgeIdentity } = channels.get("A")!.description;
    const runs = [{ ...job.runs[0]!, edgeIdentity }];
    await expect(parts.tiles.decode({ ...job, runs }, "batch").tiles).resolves.toHaveLength(1);
  });

  /** The same blocks in the same places with other samples. */
  async function writeOtherSamples(other: string): Promise<void> {
    const { blocks } = smallSegment(0);
    const changed = blocks.map(({ startUutc, samples }) => {
      return { startUutc, samples: samples.map((count) => count + 1) };
    });
    await writeChannelFiles(other, smallChannel([smallSegment(0, { blocks: changed })]));
  }

  it("refuses to read a data file that was renamed over the one it knows", async () => {
    const job = await smallJob();
    await writeOtherSamples(`${folder.path}/other`);
    const file = segmentFile("A", 0, "tdat");
    await rename(`${folder.path}/other/${file}`, `${root}/${file}`);
    const { tiles } = parts.tiles.decode(job, "interactive");
    await expect(tiles).rejects.toMatchObject({ code: "SESSION_CHANGED" });
  });

  // File systems give the number of a deleted inode to the next file.
  it("refuses to read a data file that was deleted and written again", async () => {
    const job = await smallJob();
    await untilFileClockTicks(folder.path);
    await rm(`${root}/A.timd`, { recursive: true });
    await writeOtherSamples(root);
    const { tiles } = parts.tiles.decode(job, "interactive");
    await expect(tiles).rejects.toMatchObject({ code: "SESSION_CHANGED" });
  });

  it("sees the new file though the one from before is still kept open", async () => {
    parts.close();
    parts = decoderParts(folder.path, { maxIdleFiles: 8 });
    await decodeRun(parts, root, "A", FIRST_TILE);
    await writeOtherSamples(`${folder.path}/other`);
    const file = segmentFile("A", 0, "tdat");
    await rename(`${folder.path}/other/${file}`, `${root}/${file}`);
    // The open one is the described one: its samples are still those of the description.
    const kept = joinedSamples(await decodeRun(parts, root, "A", FIRST_TILE));
    expect(kept.slice(0, 3)).toEqual([0.5, 1, 1.5]);
    parts.store.drop(root);
    const fresh = joinedSamples(await decodeRun(parts, root, "A", FIRST_TILE));
    expect(fresh.slice(0, 3)).toEqual([1, 1.5, 2]);
  });
});

describe("TileDecoder, about the files it reads", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["success", async () => parts.tiles.decode(await smallJob(), "interactive").tiles],
    [
      "damage",
      async () => {
        const job = await smallJob();
        await writeFile(`${root}/${segmentFile("A", 0, "tdat")}`, "");
        return parts.tiles.decode(job, "interactive").tiles;
      },
    ],
    [
      "a change",
      async () => {
        const job = await smallJob();
        const runs = [{ ...job.runs[0]!, identity: "other" }];
        return parts.tiles.decode({ ...job, runs }, "interactive").tiles;
      },
    ],
    [
      "a change seen when others of its files were open",
      async () => {
        const [small, large] = [await smallJob(), await smallJob("f32", "large")];
        const file = segmentFile("large", 0, "tdat");
        await rename(`${root}/${file}`, `${root}/away`);
        await cp(`${root}/away`, `${root}/${file}`);
        const runs = [...small.runs, ...large.runs];
        const { tiles } = parts.tiles.decode({ ...small, runs }, "interactive");
        await expect(tiles).rejects.toMatchObject({ code: "SESSION_CHANGED" });
      },
    ],
    [
      "cancellation",
      async () => {
        const decoding = await longJob("interactive");
        decoding.cancel();
        return decoding.tiles;
      },
    ],
    [
      "an impossible job",
      async () => {
        const job = await smallJob();
        const runs = [{ ...job.runs[0]!, slotsPerTile: 2.5 }];
        return parts.tiles.decode({ ...job, runs }, "interactive").tiles;
      },
    ],
    [
      "a pool that was closed",
      async () => {
        const decoding = await longJob("interactive");
        parts.pool.close();
        return decoding.tiles;
      },
    ],
    [
      "a pool that had been closed",
      async () => {
        const job = await smallJob();
        parts.pool.close();
        return parts.tiles.decode(job, "interactive").tiles;
      },
    ],
  ])("gives them back after %s", async (_case, run) => {
    await run().catch(() => undefined);
    await eventually(() => parts.nOpenFiles() === 0);
    expect(parts.closeErrors).toEqual([]);
  });

  it("opens each file once for many jobs at once", async () => {
    let nOpened = 0;
    parts.close();
    parts = decoderParts(folder.path, {
      open: (files, file) => {
        nOpened += 1;
        return files.open(file);
      },
    });
    const jobs = Array.from(
      { length: 20 },
      async () => parts.tiles.decode(await smallJob(), "batch").tiles,
    );
    await Promise.all(jobs);
    expect(nOpened).toBe(1);
  });

  it("says OVERLOADED when no more files can be opened, and calls nothing damaged", async () => {
    parts.close();
    parts = decoderParts(folder.path, {
      open: () => Promise.reject(Object.assign(new Error("EMFILE"), { code: "EMFILE" })),
    });
    const { tiles } = parts.tiles.decode(await smallJob(), "interactive");
    await expect(tiles).rejects.toMatchObject({ code: "OVERLOADED" });
  });
});
