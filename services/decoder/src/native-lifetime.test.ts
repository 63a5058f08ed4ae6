import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type ChildOutcome, runScript } from "./testing/child-process";
import { writeLargeRecording } from "./testing/large-recording";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "lifetime-"));
  await writeLargeRecording(root);
});
afterAll(() => rm(root, { recursive: true }));

/** Runs a scenario of testing/lifetime-scenarios.ts in a process of its own. */
function run(scenario: string, ...nodeOptions: readonly string[]): Promise<ChildOutcome> {
  return runScript("lifetime-scenarios.ts", [scenario, root], nodeOptions);
}

const CLEAN = { code: 0, signal: null, stderr: "" };
const DEADLINE_MS = 40_000;

describe("the addon's threads", () => {
  it.each(["exitInMidJob", "exitWithJobsWaiting"])(
    "let the process end with its exit code: %s",
    async (scenario) => {
      const expected = { ...CLEAN, code: 7, stdout: "" };
      await expect(run(scenario)).resolves.toEqual(expected);
    },
    DEADLINE_MS,
  );

  it(
    "do not keep a process alive that has no work for them",
    async () => {
      const stdout = "decoded, 0 and 0 left\n";
      await expect(run("endIdle")).resolves.toEqual({ ...CLEAN, stdout });
    },
    DEADLINE_MS,
  );

  it(
    "keep a process alive until its work is done, in every lane",
    async () => {
      const outcome = await run("endWithWorkUnderWay");
      expect(outcome).toMatchObject(CLEAN);
      expect(outcome.stdout.trim().split("\n").sort()).toEqual([
        "batch OK",
        "interactive OK",
        "prefetch OK",
      ]);
    },
    DEADLINE_MS,
  );

  it(
    "let an error thrown by who is told of a job's end be an ordinary uncaught one",
    async () => {
      const outcome = await run("throwWhenDone");
      expect(outcome).toMatchObject({ code: 1, signal: null });
      expect(outcome.stderr).toContain("Error: thrown when done");
    },
    DEADLINE_MS,
  );

  it(
    "tell every job of its end when the pool is closed",
    async () => {
      const stdout = `${new Array(10).fill("CANCELLED").join(" ")}\n`;
      await expect(run("closeInMidJob")).resolves.toEqual({ ...CLEAN, stdout });
    },
    DEADLINE_MS,
  );
});

describe("the addon and the garbage collector", () => {
  it(
    "keep what a job writes to, however often garbage is collected",
    async () => {
      const outcome = await run("collectWhileJobsRun", "--expose-gc");
      expect(outcome).toEqual({ ...CLEAN, stdout: "100 done\n" });
    },
    DEADLINE_MS,
  );

  it(
    "keep a pool that has jobs though nobody holds it",
    async () => {
      const outcome = await run("dropPoolWithJobs", "--expose-gc");
      expect(outcome).toEqual({ ...CLEAN, stdout: "60 done\n" });
    },
    DEADLINE_MS,
  );

  it(
    "tell the jobs of a pool that was closed and let go",
    async () => {
      const outcome = await run("dropClosedPool", "--expose-gc");
      expect(outcome).toEqual({ ...CLEAN, stdout: "500 ended\n" });
    },
    DEADLINE_MS,
  );

  it(
    "give all memory back: thousands of jobs, indexes and pools leave nothing",
    async () => {
      const outcome = await run("memoryGrowth", "--expose-gc");
      expect(outcome).toMatchObject(CLEAN);
      const growth = JSON.parse(outcome.stdout) as { rss: number; external: number };
      // One tile per job that was kept would be 130 MB and more.
      expect(growth.external).toBeLessThan(2);
      expect(growth.rss).toBeLessThan(40);
    },
    DEADLINE_MS,
  );
});

describe("the addon in worker threads", () => {
  it(
    "decodes in several at once, each with a pool of its own, and lets them end",
    async () => {
      const stdout = "decoded decoded decoded 0 0 0\n";
      await expect(run("decodeInWorkers")).resolves.toEqual({ ...CLEAN, stdout });
    },
    DEADLINE_MS,
  );

  it(
    "lets a thread be terminated in mid-job without harm to the others",
    async () => {
      await expect(run("terminateWorkers")).resolves.toEqual({ ...CLEAN, stdout: "decoded\n" });
    },
    DEADLINE_MS,
  );

  it(
    "lets a thread exit in mid-job with its exit code",
    async () => {
      await expect(run("exitInWorkers")).resolves.toEqual({ ...CLEAN, stdout: "3 3\n" });
    },
    DEADLINE_MS,
  );
});
