import { createDecipheriv } from "node:crypto";
import { mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { deriveAccessKeys } from "../mef3/password";
import {
  buildChannelIndex,
  crc32,
  DecodePool,
  type NativeJobResult,
  readMetadata,
  readUniversalHeader,
} from "../native";
import type { ChannelPlan, RunPlan, SessionPlan } from "./session-plan";
import { writeSession, type WriteProgress } from "./session-writer";
import { createSignal, givenSamples } from "./signals";

const START = 1577836800000123;
const NO_COUNT = -2147483648;
const { signal } = new AbortController();

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "session-writer-"));
});
afterEach(() => rm(directory, { recursive: true }));

function run(startUutc: number, samples: readonly number[], rest: Partial<RunPlan> = {}): RunPlan {
  return { startUutc, nSamples: samples.length, source: givenSamples(samples), ...rest };
}

function channel(runs: readonly RunPlan[], rest: Partial<ChannelPlan> = {}): ChannelPlan {
  const segments = [{ number: 0, runs }];
  const units = { unitsConversionFactor: -0.0488, unit: "uV" };
  return { name: "A-1", samplingRate: 250, ...units, segments, ...rest };
}

function write(plan: Partial<SessionPlan>, stop = signal, seen: WriteProgress[] = []) {
  const whole = { name: "rec", channels: [channel([run(START, [1, 2, 3])])], ...plan };
  return writeSession(directory, whole, (progress) => seen.push(progress), stop);
}

function segmentFile(extension: string, number = "000000"): Promise<Buffer> {
  const stem = `A-1-${number}`;
  return readFile(
    path.join(directory, "rec.mefd", "A-1.timd", `${stem}.segd`, `${stem}.${extension}`),
  );
}

/** Counts of the one segment's first slots, by the native index and decoder. */
async function decode(nSlots: number, plan: { samplingRate?: number; rto?: number } = {}) {
  const [indexFile, data] = [await segmentFile("tidx"), await segmentFile("tdat")];
  const header = readUniversalHeader(await segmentFile("tmet"), "tmet");
  const rto = plan.rto ?? 0;
  const index = await buildChannelIndex(
    [
      {
        indexFile,
        dataBytes: data.byteLength,
        recordingTimeOffset: rto,
        unitsConversionFactor: 1,
        startUutc: rto - Number(header.startTime),
        endUutc: rto - Number(header.endTime),
        nSamples: -1,
      },
    ],
    plan.samplingRate ?? 250,
  );
  if (typeof index === "string") throw new Error(index);
  const stem = path.join(directory, "rec.mefd", "A-1.timd", "A-1-000000.segd", "A-1-000000.tdat");
  const file = await open(stem);
  const pool = new DecodePool(1, 1);
  const samples = new Int32Array(nSlots);
  const result = await new Promise<NativeJobResult>((resolve) => {
    const sources = [{ segment: 0, fd: file.fd, base: 0, size: data.byteLength }];
    const tiles = { kind: "i32", firstSlot: 0, slotsPerTile: nSlots, tiles: [samples] } as const;
    pool.submit("interactive", [{ index: index.handle, sources, ...tiles }], resolve);
  });
  pool.close();
  await file.close();
  return { index, samples: [...samples], damage: result.outcomes[0]!.damage };
}

function plainSection(file: Buffer, start: number, end: number, key: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return decipher.update(file.subarray(start, end));
}

describe("writeSession", () => {
  it("lays the session out by channel and segment and says what it wrote", async () => {
    const runs = [run(START, [1, 2, 3])];
    const segments = [
      { number: 0, runs },
      { number: 7, runs: [run(START + 1e6, [4])] },
    ];
    const written = await write({
      channels: [channel([], { segments }), channel(runs, { name: "B.é" })],
    });
    expect(await readdir(directory)).toEqual(["rec.mefd"]);
    expect((await readdir(written.path, { recursive: true })).sort()).toEqual([
      "A-1.timd",
      "A-1.timd/A-1-000000.segd",
      ...["tdat", "tidx", "tmet"].map((e) => `A-1.timd/A-1-000000.segd/A-1-000000.${e}`),
      "A-1.timd/A-1-000007.segd",
      ...["tdat", "tidx", "tmet"].map((e) => `A-1.timd/A-1-000007.segd/A-1-000007.${e}`),
      "B.é.timd",
      "B.é.timd/B.é-000000.segd",
      ...["tdat", "tidx", "tmet"].map((e) => `B.é.timd/B.é-000000.segd/B.é-000000.${e}`),
    ]);
    expect(written).toMatchObject({
      nChannels: 2,
      nSegments: 3,
      nBlocks: 3,
      nSamples: 7,
      startUutc: START,
      endUutc: START + 1e6 + 4000,
    });
  });

  it("decodes to the samples in their slots, gaps left open", async () => {
    const runs = [
      run(START, [5, -7, 100000, 2147483647, -2147483647]),
      run(START + 8 * 4000, [1, 2, 3]),
    ];
    await write({ channels: [channel(runs)], blockSamples: 2 });
    const { samples, damage } = await decode(13);
    expect(samples).toEqual([
      ...[5, -7, 100000, 2147483647, -2147483647],
      ...[NO_COUNT, NO_COUNT, NO_COUNT],
      ...[1, 2, 3],
      ...[NO_COUNT, NO_COUNT],
    ]);
    expect(damage).toEqual([]);
  });

  it.each([
    ["249.75 Hz", 249.75],
    ["399.5 Hz", 399.5],
    ["32 kHz", 32000],
  ])("keeps a long run free of holes and overlaps at %s", async (_name, samplingRate) => {
    const nSamples = 70_001;
    const spec = { kind: "noise", seed: 1 } as const;
    const source = createSignal(spec, samplingRate);
    await write({
      channels: [channel([{ startUutc: START, nSamples, source }], { samplingRate })],
      blockSamples: 997,
    });
    const { samples, index } = await decode(nSamples, { samplingRate });
    const expected = new Int32Array(nSamples);
    createSignal(spec, samplingRate).fill(expected);
    expect(samples).toEqual([...expected]);
    expect(index).toMatchObject({ nOverlapped: 0, nSlots: nSamples, startUutc: START });
  });

  it("rounds block times once, from the run's start", async () => {
    const runs = [
      run(
        START,
        Array.from({ length: 4000 }, (_, i) => i),
      ),
    ];
    await write({ channels: [channel(runs, { samplingRate: 399.5 })], blockSamples: 1000 });
    const index = await segmentFile("tidx");
    const starts = [0, 1, 2, 3].map(
      (i) => -Number(index.readBigInt64LE(1024 + i * 56 + 8)) - START,
    );
    expect(starts).toEqual([0, 2503129, 5006258, 7509387]);
  });

  it("stores times relative to a recording time offset", async () => {
    const rto = 1577818800000000;
    await write({ recordingTimeOffset: rto });
    const header = readUniversalHeader(await segmentFile("tmet"), "tmet");
    expect(header.startTime).toBe(BigInt(rto - START));
    expect((await decode(3, { rto })).samples).toEqual([1, 2, 3]);
    expect(readMetadata(await segmentFile("tmet")).metadata).toMatchObject({
      recordingTimeOffset: rto,
      startUutc: START,
      endUutc: START + 12000,
    });
  });

  it("puts blocks where it is told, later ones over earlier ones", async () => {
    const blockStartUutc = [START, START + 4000];
    const runs = [run(START, [1, 2, 3, 4, 5, 6], { blockStartUutc })];
    await write({ channels: [channel(runs)], blockSamples: 2 });
    const { samples, index } = await decode(6);
    expect(samples).toEqual([1, 3, 4, NO_COUNT, 5, 6]);
    expect(index.nOverlapped).toBe(1);
  });

  it("writes a run without samples as an empty block", async () => {
    const written = await write({ channels: [channel([run(START, []), run(START, [9])])] });
    expect(written).toMatchObject({ nBlocks: 2, nSamples: 1 });
    expect((await decode(1)).samples).toEqual([9]);
  });

  it("fills headers and metadata with what the blocks hold", async () => {
    const segments = [
      { number: 0, runs: [run(START, [1, 2, 3])] },
      { number: 1, runs: [run(START + 1e6, [-4, 50]), run(START + 2e6, [6])] },
    ];
    await write({ channels: [channel([], { segments })], blockSamples: 2 });
    const tmet = await segmentFile("tmet", "000001");
    expect(tmet.byteLength).toBe(16384);
    expect(readMetadata(tmet)).toMatchObject({
      status: "OK",
      metadata: { samplingRate: 250, unitsConversionFactor: -0.0488, unit: "uV", nSamples: 3 },
    });
    expect(tmet.readBigInt64LE(8912)).toBe(3n);
    expect(tmet.readBigInt64LE(8960)).toBe(2n);
    expect(tmet.readDoubleLE(8896)).toBeCloseTo(4 * 0.0488, 12);
    expect(tmet.readDoubleLE(8904)).toBeCloseTo(-50 * 0.0488, 12);
    for (const type of ["tmet", "tidx", "tdat"] as const) {
      const file = await segmentFile(type, "000001");
      expect(readUniversalHeader(file, type).status).toBe("OK");
      expect(crc32(file.subarray(1024))).toBe(file.readUInt32LE(4));
      expect(file.readInt32LE(48)).toBe(1);
    }
    const entries = ["tmet", "tidx", "tdat"].map(async (type) => {
      const file = await segmentFile(type, "000001");
      return [file.readBigInt64LE(32), file.readBigInt64LE(40)];
    });
    expect(await Promise.all(entries)).toEqual([
      [1n, 16384n],
      [2n, 56n],
      [2n, 2n],
    ]);
  });

  it("gives every file an identity of its own, and a segment's files a common one", async () => {
    await write({});
    const files = await Promise.all(["tmet", "tidx", "tdat"].map((type) => segmentFile(type)));
    const hex = (start: number) => files.map((file) => file.toString("hex", start, start + 16));
    expect(new Set(hex(820)).size).toBe(1);
    expect(new Set(hex(836)).size).toBe(3);
    expect(hex(852)).toEqual(hex(836));
  });

  it.each([
    ["no password", {}, 0, 0],
    ["a level-1 password", { password1: "pass1" }, 1, 0],
    ["both passwords", { password1: "pass1", password2: "pass2" }, 1, 2],
  ])("encrypts metadata with %s", async (_name, passwords, section2Level, section3Level) => {
    await write(passwords);
    const tmet = await segmentFile("tmet");
    const locked = readMetadata(tmet);
    expect(locked).toMatchObject({ section2Level, section3Level });
    expect(locked.status).toBe(section2Level === 0 ? "OK" : "ENCRYPTED");
    const { level1Validation, level2Validation } = readUniversalHeader(tmet, "tmet");
    const given = Object.values(passwords);
    const keys = deriveAccessKeys(level1Validation!, level2Validation!, given);
    const section2 = keys.level1 && plainSection(tmet, 2560, 13312, keys.level1);
    const section3 = keys.level2 && plainSection(tmet, 13312, 16384, keys.level2);
    expect(readMetadata(tmet, section2, section3).metadata).toMatchObject({
      samplingRate: 250,
      recordingTimeOffset: 0,
    });
  });

  it.each([1, 2] as const)(
    "marks RED blocks encrypted at level %d in the index, too",
    async (level) => {
      await write({ password1: "pass1", password2: "pass2", encryptBlocks: level });
      const flags = 1 | (level === 1 ? 2 : 4);
      expect((await segmentFile("tdat")).readUInt8(1024 + 4)).toBe(flags);
      expect((await segmentFile("tidx")).readUInt8(1024 + 44)).toBe(flags);
    },
  );

  it("tells its progress block by block", async () => {
    const seen: WriteProgress[] = [];
    await write({ blockSamples: 2 }, signal, seen);
    expect(seen).toEqual([
      { nSamplesWritten: 2, nSamples: 3 },
      { nSamplesWritten: 3, nSamples: 3 },
    ]);
  });

  it("leaves nothing behind when it is aborted", async () => {
    const stop = new AbortController();
    const source = {
      fill: () => {
        stop.abort();
      },
    };
    const endless = channel([{ startUutc: START, nSamples: 1e9, source }]);
    await expect(write({ channels: [endless] }, stop.signal)).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it("does not touch a session that exists already", async () => {
    await write({});
    const before = await segmentFile("tdat");
    await expect(write({ blockSamples: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await segmentFile("tdat")).toEqual(before);
    expect(await readdir(directory)).toEqual(["rec.mefd"]);
  });

  it.each<[string, Partial<SessionPlan>]>([
    ["a name with a slash", { name: "a/b" }],
    ["a name that hides", { name: ".rec" }],
    ["no channels", { channels: [] }],
    ["two channels of one name", { channels: [channel([run(0, [1])]), channel([run(0, [1])])] }],
    ["a rate of 0", { channels: [channel([run(0, [1])], { samplingRate: 0 })] }],
    ["no runs", { channels: [channel([])] }],
    ["half a sample", { channels: [channel([{ ...run(0, [1]), nSamples: 0.5 }])] }],
    ["a password beyond ASCII", { password1: "é" }],
    ["a level-2 password alone", { password2: "pass2" }],
    ["encrypted blocks without a password", { encryptBlocks: 1 }],
    ["level-2 blocks without its password", { password1: "pass1", encryptBlocks: 2 }],
    ["blocks of no samples", { blockSamples: 0 }],
  ])("refuses %s before it writes", async (_name, plan) => {
    await expect(write(plan)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await readdir(directory)).toEqual([]);
  });
});
