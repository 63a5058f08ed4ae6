import { renameSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { SessionStore } from "./session-store";
import { RecordingPaths } from "./sources/recording-paths";
import { forever } from "./testing/decoder-parts";
import { untilFileClockTicks } from "./testing/file-clock";
import {
  resealFile,
  segmentBytes,
  segmentFile,
  writeChannelFiles,
} from "./testing/recording-files";
import { smallChannel, smallSegment } from "./testing/small-recording";
import { useTemporaryFolder } from "./testing/temporary-folder";
import { withoutPrivileges } from "./testing/without-privileges";

const FRESH_MS = 5000;
const NOT_FOUND = { code: "SESSION_NOT_FOUND", message: "no such recording" };
const folder = useTemporaryFolder();
let clock: number;
let store: SessionStore;

beforeEach(() => {
  clock = 1_000_000;
  store = storeOf(1 << 30);
});

function storeOf(maxIndexBytes: number): SessionStore {
  const paths = new RecordingPaths({ roots: [folder.path] });
  return new SessionStore({ paths, freshMs: FRESH_MS, maxIndexBytes, now: () => clock });
}

function at(...parts: readonly string[]): string {
  return path.join(folder.path, ...parts);
}

async function write(name = "x.mefd", nBlocks = 4): Promise<string> {
  await writeChannelFiles(at(name), smallChannel([smallSegment(0, { nBlocks })]));
  return at(name);
}

/** Samples that the session at a path holds, as the store sees it. */
async function nSamples(recording: string, from = store): Promise<number> {
  const { description } = await from.open(recording, forever);
  return description.channels.reduce((n, channel) => n + channel.nSamples, 0);
}

/** Gives the files of the first segment times that they did not get by being written. */
async function setOldTimes(recording: string): Promise<void> {
  for (const extension of ["tmet", "tidx", "tdat"] as const) {
    await utimes(`${recording}/${segmentFile("A", 0, extension)}`, 1000, 1000);
  }
}

function withRate(tmet: Buffer, samplingRate: number): Buffer {
  tmet.writeDoubleLE(samplingRate, 8720);
  return tmet;
}

describe("SessionStore.open", () => {
  it("opens a session once for callers at the same time and afterwards", async () => {
    const recording = await write();
    const [a, b] = await Promise.all([
      store.open(recording, forever),
      store.open(recording, forever),
    ]);
    expect(a).toBe(b);
    await expect(store.open(recording, forever)).resolves.toBe(a);
    await expect(store.reopen(recording, forever)).resolves.toBe(a);
  });

  it("knows a session by one name, whatever name it is opened by", async () => {
    const recording = await write();
    await symlink(recording, at("alias.mefd"));
    const session = await store.open(at("alias.mefd"), forever);
    await expect(store.open(`${recording}/`, forever)).resolves.toBe(session);
    expect(session.description.path).toBe(recording);
  });

  it("trusts what it knows for a while, and then looks again", async () => {
    const recording = await write();
    await expect(nSamples(recording)).resolves.toBe(400);
    await write("x.mefd", 6);
    clock += FRESH_MS / 2 - 1;
    for (let i = 0; i < 20; i += 1) {
      // Not in the background either.
      await expect(nSamples(recording)).resolves.toBe(400);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    clock += FRESH_MS / 2 + 1;
    await expect(nSamples(recording)).resolves.toBe(600);
  });

  it("keeps a session that did not change, for another while", async () => {
    const recording = await write();
    const session = await store.open(recording, forever);
    clock += FRESH_MS;
    await expect(store.open(recording, forever)).resolves.toBe(session);
    await write("x.mefd", 6);
    clock += FRESH_MS / 2 - 1;
    await expect(store.open(recording, forever)).resolves.toBe(session);
  });

  it("looks ahead after half the time without letting anybody wait", async () => {
    const recording = await write();
    const session = await store.open(recording, forever);
    await write("x.mefd", 6);
    clock += FRESH_MS / 2;
    await expect(store.open(recording, forever)).resolves.toBe(session);
    // Whoever comes when the time is over joins the look that is under way.
    clock += FRESH_MS / 2;
    await expect(nSamples(recording)).resolves.toBe(600);
  });

  it.each<[string, (recording: string) => Promise<unknown>, number]>([
    ["blocks were appended", () => write("x.mefd", 6), 600],
    [
      "a segment was appended",
      (recording) =>
        writeChannelFiles(
          recording,
          smallChannel([smallSegment(1, { firstSlot: 400, nBlocks: 1 })]),
        ),
      500,
    ],
    [
      "a channel was added",
      (recording) => writeChannelFiles(recording, smallChannel([smallSegment(0)], "B")),
      800,
    ],
    [
      "a channel was taken away",
      async (recording) => {
        await rename(`${recording}/B.timd`, at("away"));
      },
      400,
    ],
    [
      "files grew and kept their times",
      async (recording) => {
        await write("x.mefd", 6);
        await setOldTimes(recording);
      },
      600,
    ],
    [
      "files were replaced by others of the same size, time and inode",
      async (recording) => {
        const metadata = `${recording}/${segmentFile("A", 0, "tmet")}`;
        const halfTheRate = resealFile(withRate(await readFile(metadata), 500));
        await untilFileClockTicks(folder.path);
        await rm(metadata);
        await writeFile(metadata, halfTheRate);
        await setOldTimes(recording);
      },
      // Blocks of 100 samples now overlap the next one by half.
      400,
    ],
    [
      "the whole folder was replaced",
      async (recording) => {
        await write("other.mefd", 2);
        await rm(recording, { recursive: true });
        await rename(at("other.mefd"), recording);
      },
      200,
    ],
  ])("notices that %s", async (name, change, expected) => {
    const recording = await write();
    if (name === "a channel was taken away") {
      await writeChannelFiles(recording, smallChannel([smallSegment(0)], "B"));
    }
    await setOldTimes(recording);
    const before = await store.open(recording, forever);
    await change(recording);
    clock += FRESH_MS;
    await expect(nSamples(recording)).resolves.toBe(expected);
    await expect(store.open(recording, forever)).resolves.not.toBe(before);
  });

  it("keeps the identity of a channel that grew, and changes its edge", async () => {
    const recording = await write();
    const before = (await store.open(recording, forever)).description.channels[0]!;
    await write("x.mefd", 6);
    clock += FRESH_MS;
    const after = (await store.open(recording, forever)).description.channels[0]!;
    expect(after.identity).toBe(before.identity);
    expect(after.edgeIdentity).not.toBe(before.edgeIdentity);
  });

  it("says that a deleted session is not there as soon as it looks", async () => {
    const recording = await write();
    const session = await store.open(recording, forever);
    await rm(recording, { recursive: true });
    await expect(store.open(recording, forever)).resolves.toBe(session);
    clock += FRESH_MS;
    await expect(store.open(recording, forever)).rejects.toMatchObject(NOT_FOUND);
  });

  it("keeps nothing of a session once it was seen to be deleted", async () => {
    const recording = await write();
    await nSamples(recording);
    await rm(recording, { recursive: true });
    await expect(store.recheck(recording, forever)).rejects.toMatchObject(NOT_FOUND);
    await expect(store.reopen(recording, forever)).rejects.toMatchObject(NOT_FOUND);
    await expect(store.open(recording, forever)).rejects.toMatchObject(NOT_FOUND);
    expect(store.memoryBytes).toBe(0);
    await write("x.mefd", 2);
    await expect(nSamples(recording)).resolves.toBe(200);
  });

  it("forgets where a name led once it is old: it may lead elsewhere", async () => {
    const [a, b] = [await write("a.mefd", 1), await write("b.mefd", 2)];
    await symlink(a, at("alias.mefd"));
    await expect(nSamples(at("alias.mefd"))).resolves.toBe(100);
    await rm(at("alias.mefd"));
    await symlink(b, at("alias.mefd"));
    clock += FRESH_MS;
    await expect(nSamples(at("alias.mefd"))).resolves.toBe(200);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ["what is not there", "SESSION_NOT_FOUND", () => Promise.resolve()],
    ["an empty folder", "SESSION_INVALID", () => mkdir(at("y.mefd"))],
    ["a file", "SESSION_INVALID", () => writeFile(at("y.mefd"), "")],
    [
      "a folder of damage",
      "SESSION_INVALID",
      () => mkdir(at("y.mefd", "A.timd"), { recursive: true }),
    ],
    [
      "an encrypted session",
      "PASSWORD_REQUIRED",
      () => writeChannelFiles(at("y.mefd"), smallChannel(), { password1: "p" }),
    ],
  ])("refuses %s with %s, and tries again next time", async (_case, code, make) => {
    await make();
    await expect(store.open(at("y.mefd"), forever)).rejects.toMatchObject({ code });
    await rm(at("y.mefd"), { recursive: true, force: true });
    await expect(nSamples(await write("y.mefd"))).resolves.toBe(400);
  });

  it("answers a session it may not look into as one that is not there", async () => {
    const recording = await write();
    await chmod(folder.path, 0o755);
    await chmod(recording, 0);
    const opening = withoutPrivileges(() => store.open(recording, forever));
    await expect(opening).rejects.toMatchObject(NOT_FOUND);
  });

  it("lets one caller go without failing the others who wait", async () => {
    const recording = await write();
    const stop = new AbortController();
    const gone = store.open(recording, stop.signal);
    const waiting = store.open(recording, forever);
    stop.abort();
    await expect(gone).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(waiting).resolves.toMatchObject({ description: { path: recording } });
  });

  it("lets one caller go while changes are looked for, too", async () => {
    const recording = await write();
    await store.open(recording, forever);
    await write("x.mefd", 6);
    clock += FRESH_MS;
    const stop = new AbortController();
    const gone = store.open(recording, stop.signal);
    const waiting = nSamples(recording);
    stop.abort();
    await expect(gone).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(waiting).resolves.toBe(600);
  });

  it("serves nobody who is gone already", async () => {
    const recording = await write();
    const gone = AbortSignal.abort();
    for (const method of ["open", "reopen", "recheck"] as const) {
      await expect(store[method](recording, gone)).rejects.toMatchObject({ code: "CANCELLED" });
    }
  });
});

describe("SessionStore.recheck", () => {
  it("looks at the files however fresh the session is", async () => {
    const recording = await write();
    await nSamples(recording);
    await write("x.mefd", 6);
    const { description } = await store.recheck(recording, forever);
    expect(description.channels[0]!.nSamples).toBe(600);
  });

  it("sees a change that an earlier look, still under way, has passed", async () => {
    const recording = await write("x.mefd", 5);
    const index = `${recording}/${segmentFile("A", 0, "tidx")}`;
    // Many files to look at after those of the first channel, where the change is.
    for (let i = 0; i < 60; i += 1) {
      await writeChannelFiles(recording, smallChannel([smallSegment(0, { nBlocks: 1 })], `B${i}`));
    }
    for (let nTurns = 0; nTurns < 30; nTurns += 1) {
      const nBlocks = 4 + (nTurns % 2);
      const { tidx } = segmentBytes(smallChannel(), smallSegment(0, { nBlocks }));
      await writeFile(at("tidx"), tidx);
      const early = store.recheck(recording, forever);
      for (let turn = 0; turn < nTurns; turn += 1) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      renameSync(at("tidx"), index);
      const { channels } = await store.recheck(recording, forever);
      expect(channels.get("A")!.index.nBlocks).toBe(nBlocks);
      await early;
    }
  });

  it("opens a session that it does not hold", async () => {
    const recording = await write();
    await expect(store.recheck(recording, forever)).resolves.toMatchObject({
      description: { path: recording },
    });
  });
});

describe("SessionStore, as to its budget", () => {
  it("counts the bytes of the indexes it holds", async () => {
    expect(store.memoryBytes).toBe(0);
    const session = await store.open(await write(), forever);
    expect(session.memoryBytes).toBeGreaterThan(0);
    expect(store.memoryBytes).toBe(session.memoryBytes);
    store.drop(session.description.path);
    expect(store.memoryBytes).toBe(0);
  });

  /** Three sessions of equal size, in a store with room for two. */
  async function threeRecordings(): Promise<[string, string, string]> {
    const recordings: [string, string, string] = [
      await write("a"),
      await write("b"),
      await write("c"),
    ];
    const { memoryBytes } = await storeOf(1 << 30).open(recordings[0], forever);
    store = storeOf(2 * memoryBytes);
    return recordings;
  }

  it("gives up the least recently opened session", async () => {
    const [a, b, c] = await threeRecordings();
    const [sessionA, sessionB] = [await store.open(a, forever), await store.open(b, forever)];
    await store.open(a, forever);
    await store.open(c, forever);
    await expect(store.open(a, forever)).resolves.toBe(sessionA);
    await expect(store.open(b, forever)).resolves.not.toBe(sessionB);
  });

  it("counts decoding from a session as a use of it", async () => {
    const [a, b, c] = await threeRecordings();
    const [sessionA] = [await store.open(a, forever), await store.open(b, forever)];
    await store.reopen(a, forever);
    await store.open(c, forever);
    await expect(store.reopen(a, forever)).resolves.toBe(sessionA);
  });

  it("opens what it gave up again when it is named by its canonical path", async () => {
    const [a, b, c] = await threeRecordings();
    for (const recording of [a, b, c]) await store.open(recording, forever);
    const { description } = await store.reopen(a, forever);
    expect(description.path).toBe(a);
  });

  it("holds a session that is larger than the budget, alone", async () => {
    const [a, b] = await threeRecordings();
    store = storeOf(1);
    await store.open(a, forever);
    const session = await store.open(b, forever);
    await expect(store.open(b, forever)).resolves.toBe(session);
    expect(store.memoryBytes).toBe(session.memoryBytes);
  });
});
