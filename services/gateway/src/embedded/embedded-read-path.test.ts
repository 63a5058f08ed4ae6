import { copyFile, mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import type { SessionPlan } from "@mef3-cluster/decoder/writer/session-plan";
import { writeSession } from "@mef3-cluster/decoder/writer/session-writer";
import { createLogger } from "@mef3-cluster/runtime/logger";
import { Registry } from "prom-client";
import { loadGatewayConfig } from "../config";
import { differenceOf, joined, readAll, windowOf } from "../read-path/testing/read-path-setup";
import { turn } from "../read-path/testing/scripted-tile-maker";
import type { WindowRequest } from "../read-path/window-reader";
import { createEmbeddedReadPath, type EmbeddedReadPath } from "./embedded-read-path";

const START = 1_577_836_800_000_000;
const RATE = 256;
const BLOCK_SAMPLES = 1000;
const FACTORS = [0.0488, -0.1];
/** 16 s at 256 Hz. */
const S = 4096;
/** Two runs with more than two tiles of missing time between them. */
const RUNS = [
  { first: 0, end: 20_000, segment: 0 },
  { first: 31_000, end: 45_000, segment: 1 },
] as const;
const { signal } = new AbortController();

function countOf(channel: number, slot: number): number {
  return (((slot * 2654435761 + channel * 97) % 2 ** 32) >>> 12) - 2 ** 19;
}

function planOf(nChannels: number, endOfLastRun: number): SessionPlan {
  const channels = Array.from({ length: nChannels }, (_, channel) => ({
    name: `C${channel}`,
    samplingRate: RATE,
    unitsConversionFactor: FACTORS[channel % FACTORS.length] ?? 1,
    unit: "uV",
    segments: RUNS.map(({ first, end, segment }) => {
      const nSamples = (segment === 1 ? endOfLastRun : end) - first;
      let slot = first;
      const fill = (target: Int32Array): void => {
        for (let i = 0; i < target.length; i += 1) target[i] = countOf(channel, slot + i);
        slot += target.length;
      };
      return {
        number: segment,
        runs: [{ startUutc: START + (first * 1e6) / RATE, nSamples, source: { fill } }],
      };
    }),
  }));
  return { name: "rec", channels, blockSamples: BLOCK_SAMPLES };
}

/** What the files hold, NaN where they hold nothing, or where `isLost` says so. */
function expected(
  { rows, nSamples, sampleType }: WindowRequest,
  endOfLastRun: number = RUNS[1].end,
  isLost: (channel: number, slot: number) => boolean = () => false,
): Uint8Array {
  const values = new Float64Array(rows.length * nSamples);
  rows.forEach(({ channel, firstSlot }, row) => {
    const number = Number(channel.name.slice(1));
    const factor = FACTORS[number % FACTORS.length] ?? 1;
    for (let column = 0; column < nSamples; column += 1) {
      const slot = firstSlot + column;
      const isStored =
        (slot >= 0 && slot < RUNS[0].end) || (slot >= RUNS[1].first && slot < endOfLastRun);
      const isThere = isStored && !isLost(number, slot);
      values[row * nSamples + column] = isThere ? countOf(number, slot) * factor : NaN;
    }
  });
  const typed = sampleType === "float64" ? values : Float32Array.from(values);
  return new Uint8Array(typed.buffer);
}

let directory: string;
const opened: EmbeddedReadPath[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "embedded-read-path-"));
});
afterEach(async () => {
  for (const readPath of opened.splice(0)) await readPath.close();
  await rm(directory, { recursive: true });
});

async function setUp(environment: Record<string, string> = {}, nChannels = 3) {
  await writeSession(directory, planOf(nChannels, RUNS[1].end), () => undefined, signal);
  const settings = {
    ...{ DATA_ROOTS: directory, TILE_DURATION_S: "16", PREFETCH_AHEAD_WINDOWS: "0" },
    ...{ PREFETCH_BEHIND_WINDOWS: "0", READER_PROCESSES: "2", CATALOGUE_FRESH_S: "0" },
    ...environment,
  };
  const { config } = loadGatewayConfig({ environment: settings }, 2);
  const registry = new Registry();
  const logged: string[] = [];
  const write = (line: string): void => {
    logged.push(line);
  };
  const logger = createLogger({ name: "test", version: "0", level: "warn", output: { write } });
  const readPath = await createEmbeddedReadPath(config, { logger, registry });
  opened.push(readPath);
  const describe = (): Promise<SessionDescription> =>
    readPath.catalogue.describe(path.join(directory, "rec.mefd"), signal);
  return { ...readPath, registry, logged, describe, session: await describe() };
}

/** The value of a series, e.g. `name{label="value"}`. */
async function metric(registry: Registry, series: string): Promise<number> {
  const line = (await registry.metrics()).split("\n").find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

function tilesBy(registry: Registry, outcome: string): Promise<number> {
  return metric(registry, `mef3_gateway_tile_requests_total{outcome="${outcome}"}`);
}

async function expectExact(setup: Pick<EmbeddedReadPath, "windows">, request: WindowRequest) {
  const parts = await readAll(setup, request, 100_000);
  expect(differenceOf(joined(parts, request), expected(request))).toBeUndefined();
}

/** Inverts a byte in the middle of a block's data; doing so again repairs it. */
async function invertByte(channel: number, segment: number, position: number): Promise<void> {
  const stem = `C${channel}-00000${segment}`;
  const folder = path.join(directory, "rec.mefd", `C${channel}.timd`, `${stem}.segd`);
  const file = await open(path.join(folder, `${stem}.tdat`), "r+");
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    await file.write(Buffer.of(byte.readUInt8(0) ^ 0xff), 0, 1, position);
  } finally {
    await file.close();
  }
}

describe("createEmbeddedReadPath", () => {
  it.each(["float32", "float64"] as const)("reads what was written, bit for bit: %s", async (t) => {
    const setup = await setUp();
    const { session } = setup;
    expect(session.channels.map(({ nSlots }) => nSlots)).toEqual([45_000, 45_000, 45_000]);
    await expectExact(setup, windowOf(session, -3000, 52_000, { sampleType: t }));
    for (const [first, nSamples] of [
      [0, 1],
      [S - 1, 2],
      [19_990, 20],
      [21_000, 9000],
      [30_990, 20],
      [44_999, 1],
      [-100, 100],
      [45_000, 100],
      [12_345, 6789],
    ] as const) {
      await expectExact(setup, windowOf(session, first, nSamples, { sampleType: t }));
    }
    const rows = [2, 0, 2].map((channel, i) => ({
      channel: session.channels[channel]!,
      firstSlot: 18_000 + i * 777,
    }));
    await expectExact(setup, windowOf(session, 0, 20_000, { rows, sampleType: t }));
  });

  it("counts tiles by where they were found, and decodes each once", async () => {
    const setup = await setUp();
    const { registry, session } = setup;
    // Tiles 0 to 10 of three channels; 5 and 6 lie wholly in the gap.
    const request = windowOf(session, 0, 45_000);
    await expectExact(setup, request);
    expect(await tilesBy(registry, "decoded")).toBe(3 * 9);
    expect(await tilesBy(registry, "empty")).toBe(3 * 2);
    expect(await tilesBy(registry, "memory")).toBe(0);
    expect(await metric(registry, "mef3_tile_cache_tiles")).toBe(3 * 9);
    expect(await metric(registry, "mef3_tile_cache_bytes")).toBeGreaterThan(3 * 9 * S * 4);
    expect(await metric(registry, "mef3_decoder_samples_placed_total")).toBe(3 * 34_000);
    expect(await metric(registry, "mef3_decoder_samples_total")).toBe(3 * 34_000);
    expect(await metric(registry, "mef3_decoder_blocks_total")).toBe(3 * 34);
    await expectExact(setup, request);
    expect(await tilesBy(registry, "decoded")).toBe(3 * 9);
    expect(await tilesBy(registry, "memory")).toBe(3 * 9);
    expect(await metric(registry, "mef3_decoder_blocks_total")).toBe(3 * 34);
    expect(setup.logged).toEqual([]);
  });

  it("decodes once what many readers want at the same time", async () => {
    const setup = await setUp();
    const { registry, session } = setup;
    const reads = Array.from({ length: 8 }, (_, i) =>
      expectExact(setup, windowOf(session, 500 * i, 16_000)),
    );
    await Promise.all(reads);
    expect(await tilesBy(registry, "decoded")).toBe(3 * 5);
    const elsewhere = (await tilesBy(registry, "shared")) + (await tilesBy(registry, "memory"));
    expect(elsewhere).toBeGreaterThanOrEqual(3 * 4 * 7);
    expect(await metric(registry, "mef3_decoder_samples_placed_total")).toBe(3 * 20_000);
  });

  it("decodes the next window before it is asked for", async () => {
    const setup = await setUp({ PREFETCH_AHEAD_WINDOWS: "1", PREFETCH_BEHIND_WINDOWS: "1" });
    const { registry, session, windows } = setup;
    await expectExact(setup, windowOf(session, S, S));
    windows.prefetchAround(windowOf(session, S, S));
    expect(await metric(registry, "mef3_gateway_prefetched_tiles_total")).toBe(3 * 2);
    await expectExact(setup, windowOf(session, 0, 3 * S));
    expect(await tilesBy(registry, "decoded")).toBe(3);
    const found = (await tilesBy(registry, "shared")) + (await tilesBy(registry, "memory"));
    expect(found).toBe(3 * 3);
  });

  it("decodes nothing ahead of time where no threads are given to it", async () => {
    const { registry, session, windows } = await setUp({ PREFETCH_PROCESSES: "0" });
    windows.prefetch?.(windowOf(session, 0, S));
    expect(await metric(registry, "mef3_gateway_prefetched_tiles_total")).toBe(0);
  });

  it("names damage where it is, gives the rest on request, and sees a repair at once", async () => {
    const setup = await setUp();
    const { registry, session } = setup;
    // Behind the file's header and the first block's own: block 0 of segment 1.
    await invertByte(1, 1, 1024 + 304 + 200);
    await expectExact(setup, windowOf(session, 0, 31_000));
    await expectExact(setup, windowOf(session, 32_000, 13_000));
    const [from, to] = [31_000, 31_001].map((slot) => START + Math.round((slot * 1e6) / RATE));
    await expect(readAll(setup, windowOf(session, 30_000, 1001))).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: `Damaged data in channel C1, [${from}, ${to}): BLOCK_CRC`,
    });
    const lenient = windowOf(session, 30_500, 3000, { damage: "nan" });
    const parts = await readAll(setup, lenient, 1e6);
    const isLost = (channel: number, slot: number): boolean =>
      channel === 1 && slot >= 31_000 && slot < 32_000;
    const answer = expected(lenient, RUNS[1].end, isLost);
    expect(differenceOf(joined(parts, lenient), answer)).toBeUndefined();
    const spans = parts.flatMap(({ damage }) => damage).flatMap((row) => row.spans);
    expect(spans.reduce((sum, { nSlots }) => sum + nSlots, 0)).toBe(1000);
    const series = 'mef3_decoder_damaged_spans_total{reason="BLOCK_CRC"}';
    expect(await metric(registry, series)).toBeGreaterThan(0);
    await invertByte(1, 1, 1024 + 304 + 200);
    await expectExact(setup, windowOf(session, 30_500, 3000));
  });

  it("follows a recording that grows, from a description made before", async () => {
    const setup = await setUp();
    const request = windowOf(setup.session, 30_000, 30_000);
    await expectExact(setup, windowOf(setup.session, 0, 40_000));
    const elsewhere = await mkdtemp(path.join(directory, "grown-"));
    await writeSession(elsewhere, planOf(3, 55_500), () => undefined, signal);
    await overwrite(path.join(elsewhere, "rec.mefd"), path.join(directory, "rec.mefd"));
    const grown = await setup.describe();
    expect(grown.channels[0]).toMatchObject({
      identity: setup.session.channels[0]!.identity,
      nSlots: 55_500,
    });
    const parts = await readAll(setup, request, 100_000);
    expect(differenceOf(joined(parts, request), expected(request, 55_500))).toBeUndefined();
  });

  it("forgets a recording's tiles and description when it is released", async () => {
    const setup = await setUp();
    const { registry, session, catalogue } = setup;
    await expectExact(setup, windowOf(session, 0, S));
    expect(await setup.describe()).toBe(session);
    catalogue.release(session);
    expect(await setup.describe()).not.toBe(session);
    expect(await metric(registry, "mef3_tile_cache_tiles")).toBe(0);
    expect(await metric(registry, 'mef3_tile_cache_evictions_total{reason="dropped"}')).toBe(3);
    await expectExact(setup, windowOf(session, 0, S));
    expect(await tilesBy(registry, "decoded")).toBe(6);
  });

  it("reads exactly with next to no memory, many at a time", async () => {
    const settings = { TILE_CACHE_MB: "0", WINDOW_MEMORY_MB: "16" };
    const setup = await setUp(settings, 8);
    const { registry, session } = setup;
    const requests = Array.from({ length: 6 }, (_, i) => windowOf(session, i * 1000, 40_000));
    await Promise.all(requests.map((request) => expectExact(setup, request)));
    expect(await metric(registry, "mef3_tile_cache_bytes")).toBe(0);
    expect(await metric(registry, "mef3_tile_cache_refused_total")).toBeGreaterThan(0);
  });

  it("ends what is under way when it is closed", async () => {
    const setup = await setUp();
    const read = readAll(setup, windowOf(setup.session, 0, 45_000));
    const ended = Promise.allSettled([read]);
    await turn();
    await setup.close();
    const code: unknown = expect.stringMatching(/^(UNAVAILABLE|CANCELLED)$/);
    expect(await ended).toMatchObject([{ status: "rejected", reason: { code } }]);
  });

  it("knows recordings below its roots only", async () => {
    const { catalogue } = await setUp();
    for (const name of ["other.mefd", "../rec.mefd", "rec.mefd/../../rec.mefd"]) {
      await expect(
        catalogue.describe(path.join(directory, "..", name), signal),
      ).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    }
  });
});

/** Gives every file the other's contents in place, as a recorder that appends does. */
async function overwrite(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    if ((await stat(source)).isDirectory()) await overwrite(source, target);
    else await copyFile(source, target);
  }
}
