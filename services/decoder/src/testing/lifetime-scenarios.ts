import { openSync, statSync } from "node:fs";
import path from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Lane } from "@mef3-cluster/contracts/lane";
import { openSession } from "../mef3/open-session";
import { DecodePool, type NativeJobResult, type NativeRun } from "../native";
import { DirectoryFiles } from "../sources/directory-files";
import { LARGE_SAMPLES, largeCount } from "./large-recording";
import { segmentFile } from "./recording-files";

/** How often a long job decodes the recording: most of a second, if it is let. */
const LONG_JOB_RUNS = 300;

/** What jobs of a scenario read. */
type Source = Pick<NativeRun, "index" | "sources">;

async function openSource(root: string): Promise<Source> {
  const { signal } = new AbortController();
  const session = await openSession(new DirectoryFiles(root), [], new Map(), signal);
  const channel = session.channels.get("A");
  if (channel === undefined) throw new Error("no channel A");
  const data = path.join(root, segmentFile("A", 0, "tdat"));
  const source = { segment: 0, fd: openSync(data, "r"), base: 0, size: statSync(data).size };
  return { index: channel.index.handle, sources: [source] };
}

function newTile(): Float32Array {
  return new Float32Array(LARGE_SAMPLES);
}

function runInto(source: Source, tile: Float32Array): NativeRun {
  return { ...source, kind: "f32", firstSlot: 0, slotsPerTile: LARGE_SAMPLES, tiles: [tile] };
}

/** The whole recording, again and again into one tile. */
function longJob(source: Source): NativeRun[] {
  return new Array<NativeRun>(LONG_JOB_RUNS).fill(runInto(source, newTile()));
}

function checkTile(tile: Float32Array): void {
  const wrong = tile.findIndex((value, slot) => value !== largeCount(slot));
  if (wrong >= 0) throw new Error(`slot ${wrong} holds ${String(tile[wrong])}`);
}

async function decodeAndCheck(pool: DecodePool, source: Source): Promise<void> {
  const tile = newTile();
  const { status } = await new Promise<NativeJobResult>((resolve) => {
    pool.submit("interactive", [runInto(source, tile)], resolve);
  });
  if (status !== "OK") throw new Error(status);
  checkTile(tile);
}

/** Until a thread has taken what was submitted. */
async function untilStarted(pool: DecodePool, lane: Lane = "interactive"): Promise<void> {
  while (pool.waiting(lane) > 0) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function collectGarbage(): void {
  if (global.gc === undefined) throw new Error("run with --expose-gc");
  global.gc();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function exitInMidJob(source: Source): Promise<void> {
  const pool = new DecodePool(2, 1);
  for (const lane of ["interactive", "interactive", "prefetch"] as const) {
    pool.submit(lane, longJob(source), () => {
      say("too late");
    });
  }
  await untilStarted(pool);
  process.exit(7);
}

function exitWithJobsWaiting(source: Source): void {
  const pool = new DecodePool(1, 1);
  for (let i = 0; i < 300; i += 1) {
    const lane = (["interactive", "batch", "prefetch"] as const)[i % 3] ?? "batch";
    pool.submit(lane, [runInto(source, newTile())], () => {
      say("too late");
    });
  }
  process.exit(7);
}

async function endIdle(source: Source): Promise<void> {
  const pools = [new DecodePool(2, 2), new DecodePool(1, 0)] as const;
  // Held to the end, so that it is not their being collected that lets the process go.
  process.on("exit", () => {
    say(`decoded, ${pools.map((pool) => pool.waiting("batch")).join(" and ")} left`);
  });
  await decodeAndCheck(pools[0], source);
}

function endWithWorkUnderWay(source: Source): void {
  const pool = new DecodePool(1, 1);
  for (const lane of ["prefetch", "batch", "interactive"] as const) {
    pool.submit(lane, [runInto(source, newTile())], ({ status }) => {
      say(`${lane} ${status}`);
    });
  }
}

function throwWhenDone(source: Source): void {
  const pool = new DecodePool(1, 1);
  pool.submit("interactive", [runInto(source, newTile())], () => {
    throw new Error("thrown when done");
  });
}

/** Every job is told of its end, whether it waited or ran when the pool was closed. */
async function closeInMidJob(source: Source): Promise<void> {
  const pool = new DecodePool(1, 1);
  const ends: string[] = [];
  for (let i = 0; i < 10; i += 1) {
    pool.submit("interactive", longJob(source), ({ status }) => {
      ends.push(status);
    });
  }
  while (pool.waiting("interactive") === 10) await turn();
  pool.close();
  pool.close();
  while (ends.length < 10) await turn();
  say(ends.join(" "));
}

/** Jobs whose tiles, sources and index nobody holds but the job itself. */
async function collectWhileJobsRun(source: Source): Promise<void> {
  const pool = new DecodePool(2, 1);
  let nDone = 0;
  const nJobs = 100;
  for (let i = 0; i < nJobs; i += 1) {
    const tile = newTile();
    const weak = new WeakRef(tile);
    const keep = i % 2 === 0 ? tile : undefined;
    pool.submit("batch", [runInto(source, tile)], ({ status }) => {
      nDone += 1;
      const result = keep ?? weak.deref();
      if (status !== "OK") throw new Error(status);
      if (result !== undefined) checkTile(result);
    });
    // Memory that was let go would be given out again, and written to.
    if (i % 10 === 0) collectGarbage();
  }
  while (nDone < nJobs) {
    collectGarbage();
    new Float32Array(LARGE_SAMPLES).fill(-1);
    await turn();
  }
  await decodeAndCheck(pool, source);
  say(`${nDone} done`);
}

/** Jobs of a pool that nobody holds but its jobs. */
async function dropPoolWithJobs(source: Source): Promise<void> {
  const ends: string[] = [];
  const nPools = 20;
  for (let i = 0; i < nPools; i += 1) {
    const pool = new DecodePool(1, 1);
    for (const lane of ["interactive", "batch", "prefetch"] as const) {
      pool.submit(lane, [runInto(source, newTile())], ({ status }) => {
        ends.push(status);
      });
    }
  }
  while (ends.length < 3 * nPools) {
    collectGarbage();
    await turn();
  }
  say(`${ends.filter((status) => status === "OK").length} done`);
}

/** Pools that are closed and let go before their jobs were told. */
async function dropClosedPool(source: Source): Promise<void> {
  let nEnds = 0;
  const nPools = 100;
  const closedPool = (): void => {
    const pool = new DecodePool(1, 1);
    for (let i = 0; i < 5; i += 1) {
      pool.submit("interactive", [runInto(source, newTile())], () => {
        nEnds += 1;
      });
    }
    pool.close();
  };
  for (let i = 0; i < nPools; i += 1) {
    closedPool();
    collectGarbage();
    if (i % 10 === 0) await turn();
  }
  while (nEnds < 5 * nPools) {
    collectGarbage();
    await turn();
  }
  say(`${nEnds} ended`);
}

/** Memory after thousands of jobs, indexes and pools, over memory after some hundred; MB. */
async function memoryGrowth(source: Source, root: string): Promise<void> {
  const pool = new DecodePool(1, 1);
  const job = async (i: number): Promise<void> => {
    const tile = new Float32Array(16_384);
    const run = { ...runInto(source, tile), slotsPerTile: tile.length };
    const cancelled = { ...run, tiles: [new Float32Array(16_384)] };
    await new Promise((resolve) => {
      pool.submit("batch", [run], resolve);
      pool.cancel(pool.submit("prefetch", [cancelled], () => undefined));
    });
    if (i % 20 === 0) await openSource(root).then(({ sources }) => closeAll(sources));
    if (i % 20 === 10) new DecodePool(1, 1).close();
  };
  const memory = async (): Promise<{ rss: number; external: number }> => {
    for (let i = 0; i < 5; i += 1) {
      collectGarbage();
      await turn();
    }
    const { rss, external } = process.memoryUsage();
    return { rss: rss / 1e6, external: external / 1e6 };
  };
  for (let i = 0; i < 400; i += 1) await job(i);
  const before = await memory();
  for (let i = 0; i < 2000; i += 1) await job(i);
  const after = await memory();
  pool.close();
  const growth = { rss: after.rss - before.rss, external: after.external - before.external };
  say(JSON.stringify(growth));
}

async function closeAll(sources: Source["sources"]): Promise<void> {
  const { closeSync } = await import("node:fs");
  for (const { fd } of sources) closeSync(fd);
}

function startWorker(task: string): Worker {
  const workerOptions = { workerData: { task, root: process.argv[3] } };
  return new Worker(__filename, workerOptions);
}

function messageOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function endOf(worker: Worker): Promise<number> {
  return new Promise((resolve) => {
    worker.once("exit", resolve);
  });
}

/** Threads with a pool each, at the same time, which end by themselves. */
async function decodeInWorkers(source: Source): Promise<void> {
  const workers = [0, 1, 2].map(() => startWorker("decode"));
  const ends = workers.map(endOf);
  const messages = await Promise.all(workers.map(messageOf));
  await decodeAndCheck(new DecodePool(1, 1), source);
  say([...messages, ...(await Promise.all(ends))].join(" "));
}

async function terminateWorkers(source: Source): Promise<void> {
  const pool = new DecodePool(1, 1);
  for (let i = 0; i < 5; i += 1) {
    const worker = startWorker("long");
    await messageOf(worker);
    await Promise.all([worker.terminate(), decodeAndCheck(pool, source)]);
  }
  say("decoded");
}

async function exitInWorkers(source: Source): Promise<void> {
  const ends = await Promise.all([0, 1].map(() => endOf(startWorker("exit"))));
  await decodeAndCheck(new DecodePool(1, 1), source);
  say(ends.join(" "));
}

async function workInWorker(task: string, source: Source): Promise<void> {
  const pool = new DecodePool(1, 1);
  if (task === "decode") {
    await decodeAndCheck(pool, source);
    parentPort?.postMessage("decoded");
    return;
  }
  pool.submit("interactive", longJob(source), () => undefined);
  pool.submit("interactive", longJob(source), () => undefined);
  while (pool.waiting("interactive") > 1) await turn();
  if (task === "exit") process.exit(3);
  parentPort?.postMessage("running");
}

type Scenario = (source: Source, root: string) => void | Promise<void>;

const scenarios: Readonly<Record<string, Scenario>> = {
  exitInMidJob,
  exitWithJobsWaiting,
  endIdle,
  endWithWorkUnderWay,
  throwWhenDone,
  closeInMidJob,
  collectWhileJobsRun,
  dropPoolWithJobs,
  dropClosedPool,
  memoryGrowth,
  decodeInWorkers,
  terminateWorkers,
  exitInWorkers,
};

async function main(): Promise<void> {
  if (!isMainThread) {
    const { task, root } = workerData as { readonly task: string; readonly root: string };
    await workInWorker(task, await openSource(root));
    return;
  }
  const [, , name = "", root = ""] = process.argv;
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  await scenario(await openSource(root), root);
}

void main();
