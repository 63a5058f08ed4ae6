import { storedTime } from "./stored-time";

describe("storedTime", () => {
  it.each([
    ["negated when no offset is used", 1577836800000000, 0, -1577836800000000n],
    ["as the negated distance from the offset", 1577836800000123, 1577818800000000, -18000000123n],
    ["as it is when it is not after the offset", 5, 5, 5n],
    ["as it is at 0", 0, 0, 0n],
  ])("stores a time %s", (_name, uutc, offset, expected) => {
    expect(storedTime(uutc, offset)).toBe(expected);
  });

  it("refuses a time that no stored form stands for", () => {
    expect(() => storedTime(-1, 0)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error,
    );
  });
});
