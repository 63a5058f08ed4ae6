import type { DamagedSpan, SlotRun } from "@mef3-cluster/contracts/session-description";
import { slotsPerTile } from "@mef3-cluster/tiles/geometry";
import { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import {
  endOf,
  isStored,
  modelledAnswer,
  modelledChannel,
  modelledSession,
} from "./testing/modelled-recording";
import {
  differenceOf,
  joined,
  readAll,
  readPathOver,
  type ReadPathSetup,
  windowOf,
} from "./testing/read-path-setup";
import { drive, turn } from "./testing/scripted-tile-maker";
import { BYTES_PER_SAMPLE, type WindowRequest } from "./window-reader";

/** Slots around which windows lie: where 32-bit, float32 and naive arithmetic end. */
const ORIGINS = [0, 0, 0, 1000, 2 ** 24, 2 ** 31, 2 ** 32 + 7, 2 ** 40 + 3, -500, -(2 ** 31) - 9];
const REASONS = ["BLOCK_CRC", "INDEX_TRUNCATED", "SEGMENT_UNREADABLE"] as const;

function oneOf<T>(random: SeededRandom, items: readonly T[]): T {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
}

/** Blocks with gaps around an origin, and what is damaged among them or between. */
function randomChannel(random: SeededRandom, name: string, origin: number) {
  const coverage: SlotRun[] = [];
  const damage: DamagedSpan[] = [];
  for (let slot = Math.max(0, origin - 120); coverage.length < 1 + random.below(6);) {
    slot += random.below(60);
    const nSlots = 1 + random.below(90);
    if (random.below(5) === 0)
      damage.push({ firstSlot: slot, nSlots, reason: oneOf(random, REASONS) });
    else coverage.push({ firstSlot: slot, nSlots });
    if (random.below(6) === 0) {
      damage.push({ firstSlot: slot + (nSlots >> 1), nSlots: 3, reason: oneOf(random, REASONS) });
      slot += 4;
    }
    slot += nSlots;
  }
  const nSlots = Math.max(...[...coverage, ...damage].map(endOf));
  const sealedSlots = Math.max(0, nSlots - random.below(200));
  return modelledChannel({ name, coverage, damage, nSlots, sealedSlots });
}

function randomRequest(random: SeededRandom, tileSlots: number): WindowRequest {
  const origin = oneOf(random, ORIGINS);
  const channels = ["A", "B", "C"]
    .slice(0, 1 + random.below(3))
    .map((name) => randomChannel(random, name, origin));
  const session = modelledSession(channels);
  const rows = Array.from({ length: 1 + random.below(4) }, () => ({
    channel: oneOf(random, channels),
    firstSlot: origin - 60 + random.below(150) - random.below(3 * tileSlots),
  }));
  const nSamples = 1 + random.below(random.below(3) === 0 ? 5 : 8 * tileSlots + 40);
  const sampleType = oneOf(random, ["float32", "float64"] as const);
  return { session, rows, nSamples, sampleType, lane: "interactive", damage: "nan" };
}

function expectInOrder(
  parts: readonly { readonly offset: number; readonly nSamples: number }[],
  request: WindowRequest,
  maxPartBytes: number,
): void {
  const columnBytes = request.rows.length * BYTES_PER_SAMPLE[request.sampleType];
  let at = 0;
  for (const { offset, nSamples } of parts) {
    const isSmall = nSamples === 1 || nSamples * columnBytes <= maxPartBytes;
    if (offset !== at || !isSmall) throw new RangeError(`part [${offset}, +${nSamples}) at ${at}`);
    at += nSamples;
  }
  expect(at).toBe(request.nSamples);
}

function expectNothingEmptyAsked({ maker, tileLength }: ReadPathSetup): void {
  for (const name of maker.requested) {
    const [channelName, index] = name.split("/");
    const channel = maker.session.channels.find((one) => one.name === channelName)!;
    const slots = slotsPerTile(channel.samplingRate, tileLength);
    if (!isStored(channel, slots, Number(index))) throw new RangeError(`${name} is empty`);
  }
}

describe("TiledWindowReader.read, bit for bit", () => {
  it.each([1, 2, 3, 4])("answers random windows as the model does (series %i)", async (series) => {
    const random = new SeededRandom(series * 7919);
    for (let i = 0; i < 750; i += 1) {
      const tileMaxSamples = oneOf(random, [1, 2, 7, 16, 16, 33, 100]);
      const request = randomRequest(random, tileMaxSamples);
      const setup = readPathOver(request.session, {
        tileMaxSamples,
        samplesPerJob: oneOf(random, [1, 3 * tileMaxSamples, 10_000]),
        slabBytes: oneOf(random, [1, 20 * tileMaxSamples, 400, 100_000]),
        cacheBytes: oneOf(random, [0, 5000, 1e7]),
      });
      const maxPartBytes = oneOf(random, [1, 17, 64, 500, 1e6]);
      const parts = await readAll(setup, request, maxPartBytes);
      expectInOrder(parts, request, maxPartBytes);
      if (differenceOf(joined(parts, request), modelledAnswer(request)) !== undefined) {
        throw new RangeError(`window ${i} of series ${series} differs`);
      }
      expectNothingEmptyAsked(setup);
      expect(setup.budget.used).toBe(0);
    }
  });

  it("answers windows over channels of several tile lengths", async () => {
    const random = new SeededRandom(5);
    const session = modelledSession(
      [256, 500, 1024].map((samplingRate, i) =>
        modelledChannel({
          name: `R${samplingRate}`,
          samplingRate,
          coverage: [
            { firstSlot: 0, nSlots: 20_000 + i },
            { firstSlot: 26_000, nSlots: 30_000 },
          ],
        }),
      ),
    );
    const settings = { tileDurationSeconds: 10, tileMaxSamples: 9000 };
    for (let i = 0; i < 12; i += 1) {
      const rows = [0, 1, 2, 0].map((channel) => ({
        channel: session.channels[(channel + i) % 3]!,
        firstSlot: random.below(60_000) - 5000,
      }));
      const sampleType = oneOf(random, ["float32", "float64"] as const);
      const request = windowOf(session, 0, 1 + random.below(20_000), { rows, sampleType });
      const setup = readPathOver(session, { ...settings, slabBytes: oneOf(random, [1, 2e5]) });
      const parts = await readAll(setup, request, 50_000);
      expectInOrder(parts, request, 50_000);
      expect(differenceOf(joined(parts, request), modelledAnswer(request))).toBeUndefined();
      expectNothingEmptyAsked(setup);
    }
  });

  it("walks a recording in steps as one read does, whatever the steps", async () => {
    const random = new SeededRandom(17);
    const channel = randomChannel(random, "A", 1000);
    const session = modelledSession([channel]);
    const setup = readPathOver(session, { tileMaxSamples: 7, slabBytes: 60 });
    const whole = windowOf(session, channel.coverage[0]!.firstSlot - 50, 900, { damage: "nan" });
    const pieces = [];
    for (let at = 0; at < whole.nSamples;) {
      const nSamples = Math.min(1 + random.below(40), whole.nSamples - at);
      const step = windowOf(session, whole.rows[0]!.firstSlot + at, nSamples, { damage: "nan" });
      pieces.push(...(await readAll(setup, step)));
      at += nSamples;
    }
    expect(differenceOf(joined(pieces, whole), modelledAnswer(whole))).toBeUndefined();
  });
});

describe("TiledWindowReader.read, many readers at the same time", () => {
  it("asks once for each tile that nothing damaged, whatever order jobs end in", async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const random = new SeededRandom(seed);
      const session = modelledSession(
        ["A", "B", "C"].map((name) =>
          modelledChannel({ name, coverage: [{ firstSlot: 30, nSlots: 700 }], sealedSlots: 500 }),
        ),
      );
      const setup = readPathOver(session, {
        ...{ tileMaxSamples: 16, samplesPerJob: 48, pace: "when told" },
        ...{ slabBytes: 500, budgetBytes: 6000, aheadWindows: 1, behindWindows: 1 },
      });
      const requests = Array.from({ length: 25 }, (_, i) => {
        const lane = i % 3 === 0 ? ("batch" as const) : ("interactive" as const);
        return windowOf(session, random.below(800) - 50, 1 + random.below(300), { lane });
      });
      const reads = Promise.all(requests.map((request) => readAll(setup, request, 300)));
      const answers = await drive(reads, () => {
        expect(setup.budget.used).toBeLessThanOrEqual(6000);
        if (random.below(4) === 0) setup.windows.prefetchAround(oneOf(random, requests));
        const { running } = setup.maker;
        if (running.length > 0) oneOf(random, running).complete();
      });
      for (const [i, parts] of answers.entries()) {
        const request = requests[i]!;
        expect(differenceOf(joined(parts, request), modelledAnswer(request))).toBeUndefined();
      }
      expect(new Set(setup.maker.requested).size).toBe(setup.maker.requested.length);
      expect(setup.budget.used).toBe(0);
    }
  });

  it("answers those who stay while others come and go at random", async () => {
    const random = new SeededRandom(99);
    const session = modelledSession([modelledChannel({ name: "A", nSlots: 2000 })]);
    const setup = readPathOver(session, {
      ...{ tileMaxSamples: 16, samplesPerJob: 32, pace: "when told" },
      ...{ slabBytes: 256, budgetBytes: 2048, cacheBytes: 4000 },
    });
    const readers = Array.from({ length: 60 }, (_, i) => {
      const request = windowOf(session, random.below(1800), 1 + random.below(200));
      const stop = new AbortController();
      const parts = readAll(setup, request, 128, stop.signal);
      parts.catch(() => undefined);
      return { request, stop, parts, leaves: i % 2 === 0 };
    });
    const leavers = readers.filter(({ leaves }) => leaves);
    const stayers = readers.filter(({ leaves }) => !leaves);
    const reads = Promise.all(stayers.map(({ parts }) => parts));
    const answers = await drive(reads, () => {
      if (random.below(5) === 0) leavers.pop()?.stop.abort();
      if (random.below(3) > 0 && setup.maker.running.length > 0) {
        oneOf(random, setup.maker.running).complete();
      }
    });
    for (const [i, parts] of answers.entries()) {
      const { request } = stayers[i]!;
      expect(differenceOf(joined(parts, request), modelledAnswer(request))).toBeUndefined();
    }
    for (const { stop } of leavers) stop.abort();
    await turn();
    expect(setup.maker.running).toEqual([]);
    expect(setup.loader.nUnderWay).toBe(0);
    expect(setup.budget.used).toBe(0);
  });
});
