import { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import { tileKey } from "@mef3-cluster/tiles/tile-key";
import { planTiles, type PlanInput } from "./plan";
import { isStored, modelledChannel, modelledSession } from "./testing/modelled-recording";

const S = 100;

function plan(given: Partial<PlanInput> & Pick<PlanInput, "rows">) {
  const session = modelledSession(given.rows.map(({ channel }) => channel));
  const how = { session, kind: "f32", offset: 0, nSamples: S } as const;
  return planTiles({ ...how, slotsPerTile: () => S, ...given });
}

describe("planTiles", () => {
  const channel = modelledChannel({ name: "A", nSlots: 1000 });

  it.each([
    ["one whole tile", 0, 0, 100, [0]],
    ["across an edge", 0, 99, 2, [0, 1]],
    ["across the start", -150, 0, 200, [-2, -1, 0]],
    ["from a column on", 50, 60, 100, [1, 2]],
    ["ending exactly on an edge", 50, 50, 100, [1]],
    ["beyond 2^40", 2 ** 40 + 30, 5, 100, [10995116278, 10995116279]],
    ["far before the start", -(2 ** 45), 0, 1, [-351843720889]],
  ])("lists the tiles of a run %s", (_name, firstSlot, offset, nSamples, expected) => {
    const [needs] = plan({ rows: [{ channel, firstSlot }], offset, nSamples });
    expect(needs?.map(({ index }) => index)).toEqual(expected);
  });

  it("plans every row on the grid and with the tile length of its own channel", () => {
    const slow = modelledChannel({ name: "slow", samplingRate: 1 });
    const fast = modelledChannel({ name: "fast", samplingRate: 4 });
    const rows = [
      { channel: slow, firstSlot: 0 },
      { channel: fast, firstSlot: -30 },
      { channel: slow, firstSlot: 95 },
    ];
    const needs = plan({ rows, nSamples: 40, slotsPerTile: (rate) => rate * 10 });
    expect(needs.map((row) => row.map(({ index }) => index))).toEqual([
      [0, 1, 2, 3],
      [-1, 0],
      [9, 10, 11, 12, 13],
    ]);
    expect(needs.map(([need]) => need?.slotsPerTile)).toEqual([10, 40, 10]);
    expect(needs.map(([need]) => need?.channel.name)).toEqual(["slow", "fast", "slow"]);
  });

  it("names tiles as the cache does, by kind and by what is sealed", () => {
    const growing = modelledChannel({ name: "A", nSlots: 1000, sealedSlots: 250 });
    const rows = [{ channel: growing, firstSlot: 0 }];
    const session = modelledSession([growing]);
    for (const kind of ["f32", "i32"] as const) {
      const [needs] = plan({ rows, session, kind, nSamples: 400 });
      expect(needs?.map(({ key }) => key)).toEqual(
        [0, 1, 2, 3].map((index) =>
          tileKey({ session, channel: growing, slotsPerTile: S, kind, index }),
        ),
      );
    }
  });

  it("keeps apart tiles of several lengths", () => {
    const rows = [{ channel, firstSlot: 0 }];
    const session = modelledSession([channel]);
    for (const slotsPerTile of [S, 2 * S, S]) {
      const parts = { session, channel, slotsPerTile, kind: "f32" as const, index: 0 };
      const [needs] = plan({ session, rows, slotsPerTile: () => slotsPerTile });
      expect(needs?.[0]?.key).toBe(tileKey(parts));
    }
  });

  it("keeps apart who may name a channel's tiles, also if the description is shared", () => {
    const rows = [{ channel, firstSlot: 0 }];
    const plain = modelledSession([channel]);
    const tagged = { ...plain, accessTag: "other" };
    const moved = { ...plain, path: "/data/other.mefd" };
    for (let again = 0; again < 2; again += 1) {
      for (const session of [plain, tagged, moved]) {
        const parts = { session, channel, slotsPerTile: S, kind: "f32" as const, index: 0 };
        expect(plan({ session, rows })[0]?.[0]?.key).toBe(tileKey(parts));
      }
    }
  });

  it("says that nothing is stored in gaps, before the start and past the end", () => {
    const gapped = modelledChannel({
      name: "A",
      coverage: [
        { firstSlot: 10, nSlots: 90 },
        { firstSlot: 399, nSlots: 2 },
      ],
    });
    const [needs] = plan({ rows: [{ channel: gapped, firstSlot: -100 }], nSamples: 700 });
    const stored = needs?.filter(({ isEmpty }) => !isEmpty).map(({ index }) => index);
    expect(needs?.map(({ index }) => index)).toEqual([-1, 0, 1, 2, 3, 4, 5]);
    expect(stored).toEqual([0, 3, 4]);
  });

  it("takes tiles that hold nothing but damage for stored", () => {
    const reason = "SEGMENT_UNREADABLE" as const;
    const damaged = modelledChannel({
      name: "A",
      coverage: [{ firstSlot: 0, nSlots: 50 }],
      damage: [{ firstSlot: 199, nSlots: 2, reason }],
    });
    const [needs] = plan({ rows: [{ channel: damaged, firstSlot: 0 }], nSamples: 500 });
    expect(needs?.map(({ isEmpty }) => isEmpty)).toEqual([false, false, false, true, true]);
  });

  it("finds what is stored in thousands of gaps as a look at every one does", () => {
    const random = new SeededRandom(3);
    const coverage = [];
    for (let slot = 2 ** 33; coverage.length < 5000;) {
      slot += 1 + random.below(300);
      const nSlots = 1 + random.below(150);
      coverage.push({ firstSlot: slot, nSlots });
      slot += nSlots;
    }
    const gappy = modelledChannel({ name: "A", coverage });
    const rows = [{ channel: gappy, firstSlot: 2 ** 33 - 500 }];
    const [needs] = plan({ rows, nSamples: 100_000 });
    const expected = needs?.map(({ index }) => !isStored(gappy, S, index));
    expect(needs?.map(({ isEmpty }) => isEmpty)).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
  });

  it("refuses a window without samples", () => {
    expect(() => plan({ rows: [{ channel, firstSlot: 0 }], nSamples: 0 })).toThrow(
      expect.objectContaining({ code: "INVALID_WINDOW" }) as Error,
    );
  });
});
