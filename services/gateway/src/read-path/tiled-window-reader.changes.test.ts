import { toUutc } from "@mef3-cluster/contracts/uutc";
import type { ChannelDescription } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import {
  endOf,
  modelledAnswer,
  modelledChannel,
  modelledSession,
} from "./testing/modelled-recording";
import { differenceOf, joined, readAll, readPathOver, windowOf } from "./testing/read-path-setup";
import { turn } from "./testing/scripted-tile-maker";

const S = 10;
const TILE_BYTES = S * 4;
const reason = "BLOCK_CRC" as const;

describe("TiledWindowReader.read, damage", () => {
  const sound = modelledChannel({ name: "sound", nSlots: 1000 });
  const damaged = modelledChannel({
    name: "damaged",
    samplingRate: 250,
    startUutc: toUutc(1_000_000),
    nSlots: 1000,
    damage: [
      { firstSlot: 101, nSlots: 25, reason },
      { firstSlot: 700, nSlots: 2, reason: "BLOCK_TRUNCATED" },
    ],
  });
  const session = modelledSession([damaged, sound]);
  const setUp = () => readPathOver(session, { tileMaxSamples: S, slabBytes: 8 * TILE_BYTES });

  it.each([
    ["the slot before", 90, 11],
    ["the slot after", 126, 50],
    ["a tile that the damage touches elsewhere", 127, 3],
  ])("answers a window with %s", async (_name, firstSlot, nSamples) => {
    const request = windowOf(session, firstSlot, nSamples);
    expect(
      differenceOf(joined(await readAll(setUp(), request), request), modelledAnswer(request)),
    ).toBeUndefined();
  });

  it.each([
    ["its first slot", 92, 10],
    ["its last slot", 125, 1],
  ])("fails a window with %s, naming channel, times and reason", async (_n, first, nSamples) => {
    const slot = Math.max(101, first);
    const nSlots = Math.min(first + nSamples, Math.ceil((slot + 1) / S) * S) - slot;
    const [start, end] = [1_000_000 + slot * 4000, 1_000_000 + (slot + nSlots) * 4000];
    await expect(readAll(setUp(), windowOf(session, first, nSamples))).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: `Damaged data in channel damaged, [${start}, ${end}): BLOCK_CRC`,
    });
  });

  it("delivers what comes before the damage, then fails and gives memory back", async () => {
    const setup = setUp();
    const request = windowOf(session, 0, 400);
    let delivered = 0;
    const read = async (): Promise<void> => {
      const { signal } = new AbortController();
      for await (const part of setup.windows.read(request, 8, signal)) delivered += part.nSamples;
    };
    await expect(read()).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    expect(delivered).toBe(101);
    await turn();
    expect(setup.budget.used).toBe(0);
  });

  it.each(["float32", "float64"] as const)(
    "delivers NaN and the spans, cut to the parts, where that is asked for: %s",
    async (sampleType) => {
      const request = windowOf(session, 104, 600, { damage: "nan", sampleType });
      const parts = await readAll(setUp(), request, 100);
      expect(differenceOf(joined(parts, request), modelledAnswer(request))).toBeUndefined();
      const slots = new Map<number, string>();
      for (const part of parts) {
        for (const { row, spans } of part.damage) {
          expect(row).toBe(0);
          for (const span of spans) {
            expect(span.firstSlot).toBeGreaterThanOrEqual(104 + part.offset);
            expect(endOf(span)).toBeLessThanOrEqual(104 + part.offset + part.nSamples);
            for (let slot = span.firstSlot; slot < endOf(span); slot += 1) {
              expect(slots.has(slot)).toBe(false);
              slots.set(slot, span.reason);
            }
          }
        }
      }
      const expected = new Map<number, string>();
      for (let slot = 104; slot < 126; slot += 1) expected.set(slot, reason);
      for (const slot of [700, 701]) expected.set(slot, "BLOCK_TRUNCATED");
      expect(slots).toEqual(expected);
    },
  );
});

describe("TiledWindowReader.read, a recording that grows or changes", () => {
  const before = growing(500);
  const settings = { tileMaxSamples: S, samplesPerJob: S, slabBytes: 8 * TILE_BYTES } as const;

  /** A channel whose last 25 slots are the last block. */
  function growing(nSlots: number, rest: Partial<ChannelDescription> = {}) {
    return modelledSession([
      modelledChannel({ name: "A", nSlots, sealedSlots: nSlots - 25, ...rest }),
    ]);
  }

  it("follows growth: what is sealed stays, what is added is delivered", async () => {
    const setup = readPathOver(before, settings);
    setup.maker.session = growing(720);
    const request = windowOf(before, 0, 1000);
    const parts = await readAll(setup, request);
    const onGrown = { ...request, rows: windowOf(setup.maker.session, 0, 1000).rows };
    expect(differenceOf(joined(parts, request), modelledAnswer(onGrown))).toBeUndefined();
  });

  it("looks once at the recording for one growth, also if many slabs are left", async () => {
    const setup = readPathOver(before, settings);
    setup.maker.session = growing(720);
    await readAll(setup, windowOf(before, 400, 600));
    expect(setup.descriptions).toEqual([before.path]);
  });

  it("joins samples from before and after a growth without a hole", async () => {
    const setup = readPathOver(before, { ...settings, pace: "when told" });
    const request = windowOf(before, 0, 800);
    const reading = readAll(setup, request);
    for (let rounds = 0; rounds < 100; rounds += 1) {
      await turn();
      if (setup.maker.requested.length > 20) setup.maker.session = growing(530);
      if (setup.maker.requested.length > 50) setup.maker.session = growing(777);
      setup.maker.completeAll();
    }
    const onGrown = { ...request, rows: windowOf(growing(777), 0, 1000).rows };
    expect(differenceOf(joined(await reading, request), modelledAnswer(onGrown))).toBeUndefined();
  });

  it("takes no tile of the edge from before a growth", async () => {
    const setup = readPathOver(before, settings);
    const early = windowOf(before, 400, 100);
    expect(
      differenceOf(joined(await readAll(setup, early), early), modelledAnswer(early)),
    ).toBeUndefined();
    setup.maker.session = growing(505);
    const late = windowOf(setup.maker.session, 400, 110);
    expect(
      differenceOf(joined(await readAll(setup, late), late), modelledAnswer(late)),
    ).toBeUndefined();
  });

  it("fetches a tile that two slabs share again if the recording grew between them", async () => {
    // Both slabs of row 1 need the tile with slot 97; before the growth it ended at 98.
    const of = (nSlots: readonly [number, number], sealed: readonly [number, number]) =>
      modelledSession([
        modelledChannel({ name: "A", nSlots: nSlots[0], sealedSlots: sealed[0] }),
        modelledChannel({ name: "B", nSlots: nSlots[1], sealedSlots: sealed[1] }),
      ]);
    const [small, grown] = [of([98, 500], [0, 400]), of([500, 510], [475, 500])];
    const setup = readPathOver(small, { ...settings, pace: "when told", cacheBytes: 0 });
    const rowsOf = (session: typeof small) => [
      { channel: session.channels[1]!, firstSlot: 400 },
      { channel: session.channels[0]!, firstSlot: 55 },
    ];
    const request = windowOf(small, 0, 80, { rows: rowsOf(small) });
    const reading = readAll(setup, request);
    for (let rounds = 0; rounds < 50; rounds += 1) {
      await turn();
      if (rounds > 0) setup.maker.session = grown;
      setup.maker.completeAll();
    }
    const parts = await reading;
    expect(parts.map(({ nSamples }) => nSamples)).toEqual([40, 40]);
    const last = parts.slice(1);
    const rest = {
      ...request,
      nSamples: 40,
      rows: rowsOf(grown).map((row) => ({ ...row, firstSlot: row.firstSlot + 40 })),
    };
    expect(differenceOf(joined(last, rest), modelledAnswer(rest))).toBeUndefined();
  });

  it.each([
    ["another recording is there", growing(500, { identity: "another" })],
    ["the channel is gone", modelledSession([modelledChannel({ name: "B" })])],
  ])("fails where %s", async (_name, after) => {
    const setup = readPathOver(before, settings);
    setup.maker.session = after;
    await expect(readAll(setup, windowOf(before, 0, 500))).rejects.toMatchObject({
      code: "SESSION_CHANGED",
    });
    await turn();
    expect(setup.budget.used).toBe(0);
  });

  it("gives up on a recording that changes with every look", async () => {
    const setup = readPathOver(before, { ...settings, pace: "when told" });
    const read = readAll(setup, windowOf(before, 0, 50));
    read.catch(() => undefined);
    for (let looks = 0; looks < 20; looks += 1) {
      await turn();
      const changed = new SignalError("SESSION_CHANGED", "the recording changed");
      for (const job of setup.maker.running) job.fail(changed);
    }
    await expect(read).rejects.toMatchObject({ code: "SESSION_CHANGED" });
    expect(setup.descriptions).toHaveLength(3);
  });
});
