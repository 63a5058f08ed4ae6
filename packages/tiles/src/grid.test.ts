import { type Uutc, toUutc } from "@mef3-cluster/contracts/uutc";
import { gridSlot, roundHalfAway, slotUutc } from "./grid";

const START = toUutc(1577836800000000);

function after(us: number): Uutc {
  return toUutc(START + us);
}

describe("roundHalfAway", () => {
  it.each([
    [0, 0],
    [-0, 0],
    [0.5, 1],
    [-0.5, -1],
    [1.5, 2],
    [2.5, 3],
    [-2.5, -3],
    [-0.3, 0],
    // The largest double below a half: adding 0.5 to it gives 1.
    [0.49999999999999994, 0],
    [-0.49999999999999994, 0],
    [4503599627370495.5, 4503599627370496],
    [-4503599627370495.5, -4503599627370496],
    [4503599627370497, 4503599627370497],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [-Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER],
  ])("rounds %d to %d", (x, expected) => {
    expect(Object.is(roundHalfAway(x), expected)).toBe(true);
  });
});

describe("gridSlot", () => {
  it.each([
    [500, 1000, 1],
    [-500, 1000, -1],
    [499, 1000, 0],
    [1500, 1000, 2],
    [2503128, 399.5, 1000],
    [15018147, 399.5, 6000],
    [3902439, 512.5, 2000],
    [8812500, 256, 2256],
  ])("places %d µs after the start at %d Hz in slot %d", (us, fs, slot) => {
    expect(gridSlot(after(us), START, fs)).toBe(slot);
  });

  it("keeps slots beyond 2^31 whole", () => {
    const thirtyDaysUs = 30 * 86400 * 1e6;
    expect(gridSlot(after(thirtyDaysUs), START, 32000)).toBe(30 * 86400 * 32000);
  });

  it.each([249.75, 512.5, 255.99966850705994, 32000])(
    "grows with time, so that windows partition, at %d Hz",
    (fs) => {
      const slots = Array.from({ length: 20000 }, (_, i) => gridSlot(after(i - 1000), START, fs));
      expect(slots.findIndex((slot, i) => slot < (slots[i - 1] ?? slot))).toBe(-1);
    },
  );

  it("refuses a time whose slot is not a safe integer", () => {
    const far = toUutc(Number.MAX_SAFE_INTEGER);
    expect(() => gridSlot(far, toUutc(0), 32e6)).toThrow(
      expect.objectContaining({ code: "INVALID_WINDOW" }) as Error,
    );
  });
});

describe("slotUutc", () => {
  it.each([249.75, 399.5, 512.5, 255.99966850705994, 32000])(
    "names a time that falls into the slot again at %d Hz",
    (fs) => {
      for (const slot of [-7, 0, 1, 2, 999, 123456789, 82944000000]) {
        expect(gridSlot(slotUutc(slot, START, fs), START, fs)).toBe(slot);
      }
    },
  );

  it("rounds halves of a microsecond away from zero", () => {
    expect(slotUutc(1, toUutc(0), 400000)).toBe(3);
    expect(slotUutc(-1, toUutc(0), 400000)).toBe(-3);
  });

  it("refuses a time that is not a safe integer", () => {
    expect(() => slotUutc(Number.MAX_SAFE_INTEGER, START, 1)).toThrow(
      expect.objectContaining({ code: "INVALID_WINDOW" }) as Error,
    );
  });
});
