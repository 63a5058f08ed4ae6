import { parseInt64, toUutc } from "./uutc";

const LARGEST = 9007199254740991;

describe("toUutc", () => {
  it.each([0, 1_700_000_000_000_000, -1, LARGEST, -LARGEST])("keeps %d as it is", (value) => {
    expect(toUutc(value)).toBe(value);
  });

  it.each([0.5, NaN, Infinity, -Infinity, LARGEST + 1, -LARGEST - 1, 2 ** 63])(
    "refuses %d",
    (value) => {
      expect(() => toUutc(value)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error,
      );
    },
  );
});

describe("parseInt64", () => {
  it.each<[string | number, number]>([
    ["0", 0],
    ["-1", -1],
    ["1748851200000123", 1748851200000123],
    ["9007199254740991", LARGEST],
    ["-9007199254740991", -LARGEST],
    [12, 12],
  ])("narrows %p exactly", (wire, expected) => {
    expect(parseInt64(wire, "start_uutc")).toBe(expected);
  });

  // As numbers, most of these would be rounded to a neighbour without a word.
  it.each<[string | number]>([
    ["9007199254740992"],
    ["9007199254740993"],
    ["-9007199254740993"],
    ["9223372036854775807"],
    ["-9223372036854775808"],
    ["1.5"],
    ["soon"],
    [""],
    [" 7 "],
    ["0x10"],
    [0.5],
    [NaN],
  ])("refuses %p and names the field", (wire) => {
    expect(() => parseInt64(wire, "start_uutc")).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "start_uutc is not an integer within ±2^53",
        context: { field: "start_uutc", value: String(wire) },
      }) as Error,
    );
  });
});
