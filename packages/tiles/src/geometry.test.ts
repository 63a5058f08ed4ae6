import { slotsPerTile, tileOf, tileRun, tilesCovering } from "./geometry";

describe("slotsPerTile", () => {
  it.each([
    ["the wanted duration", 256, 60, 32768, 15360],
    ["a rounded number of samples", 249.75, 60, 32768, 14985],
    ["at least 4096 samples", 10, 60, 32768, 4096],
    ["at most the configured samples", 32000, 60, 32768, 32768],
    ["a maximum below 4096", 256, 60, 100, 100],
  ])("gives %s", (_name, fs, tileDurationSeconds, tileMaxSamples, expected) => {
    expect(slotsPerTile(fs, { tileDurationSeconds, tileMaxSamples })).toBe(expected);
  });
});

describe("tilesCovering", () => {
  it.each([
    ["one whole tile", 0, 100, [0]],
    ["across an edge", 99, 2, [0, 1]],
    ["ending exactly on an edge", 0, 200, [0, 1]],
    ["before the channel's start", -1, 2, [-1, 0]],
    ["ending where the channel starts", -100, 100, [-1]],
    ["of one slot", 250, 1, [2]],
  ])("covers a run %s", (_name, firstSlot, nSlots, expected) => {
    expect(tilesCovering(firstSlot, nSlots, 100)).toEqual(expected);
  });

  it.each([0, -1, NaN])("refuses a run of %d slots", (nSlots) => {
    expect(() => tilesCovering(0, nSlots, 100)).toThrow(
      expect.objectContaining({ code: "INVALID_WINDOW" }) as Error,
    );
  });
});

describe("tileOf", () => {
  it("is exact where the quotient needs more than 53 bits", () => {
    // 3 * 2^51 / 3 minus a third would round to 2^51.
    const edge = 3 * 2 ** 51;
    expect(tileOf(edge - 1, 3)).toBe(2 ** 51 - 1);
    expect(tileOf(edge, 3)).toBe(2 ** 51);
  });

  it.each([-8192, -4097, -4096, -1, 0, 4095, 4096, 2 ** 31, 82944000000])(
    "names the tile whose run holds slot %d",
    (slot) => {
      const { firstSlot, nSlots } = tileRun(tileOf(slot, 4096), 4096);
      expect(slot).toBeGreaterThanOrEqual(firstSlot);
      expect(slot).toBeLessThan(firstSlot + nSlots);
    },
  );
});

describe("tileRun", () => {
  it("starts tiles where the one before ends, on both sides of slot 0", () => {
    expect([-2, -1, 0, 1].map((index) => tileRun(index, 100).firstSlot)).toEqual([
      -200, -100, 0, 100,
    ]);
  });
});
