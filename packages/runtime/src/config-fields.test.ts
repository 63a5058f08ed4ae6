import { decimal, flag, integer, list, oneOf, port } from "./config-fields";

describe("flag", () => {
  it.each(["1", "true", "yes", "on", "TRUE", "Yes"])("reads %p as on", (word) => {
    expect(flag().parse(word)).toBe(true);
  });

  it.each(["0", "false", "no", "off", "FALSE", "Off"])("reads %p as off", (word) => {
    expect(flag().parse(word)).toBe(false);
  });

  it.each(["2", "ja", "truely"])("refuses %p", (word) => {
    expect(flag().safeParse(word).success).toBe(false);
  });
});

describe("integer", () => {
  it.each([
    ["0", 0],
    ["-12", -12],
    ["1e3", 1000],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("reads %p", (given, expected) => {
    expect(integer().parse(given)).toBe(expected);
  });

  it.each(["1.5", "0x10", "12abc", "NaN", "Infinity", "9007199254740992", "1 2"])(
    "refuses %p",
    (given) => {
      expect(integer().safeParse(given).success).toBe(false);
    },
  );

  it.each([
    [{ min: 1, max: 3 }, "must be a whole number from 1 to 3"],
    [{ min: 1 }, "must be a whole number, 1 or more"],
    [{ max: -1 }, "must be a whole number, -1 or less"],
  ])("states its limits %p when they are passed", (limits, message) => {
    expect(integer(limits).safeParse("0").error?.issues[0]?.message).toBe(message);
  });

  it("accepts its limits themselves", () => {
    expect([
      integer({ min: 1, max: 3 }).parse("1"),
      integer({ min: 1, max: 3 }).parse("3"),
    ]).toEqual([1, 3]);
  });
});

describe("decimal", () => {
  it.each([
    ["0.5", 0.5],
    [".5", 0.5],
    ["60", 60],
    ["-2.5e-3", -0.0025],
  ])("reads %p", (given, expected) => {
    expect(decimal().parse(given)).toBe(expected);
  });

  it.each(["1e999", "1,5", "s"])("refuses %p", (given) => {
    expect(decimal().safeParse(given).success).toBe(false);
  });
});

describe("port", () => {
  it.each(["0", "50051", "65535"])("accepts %p", (given) => {
    expect(port().parse(given)).toBe(Number(given));
  });

  it.each(["-1", "65536"])("refuses %p", (given) => {
    expect(port().safeParse(given).success).toBe(false);
  });
});

describe("oneOf", () => {
  it("takes its words in any case", () => {
    expect(oneOf(["error", "nan"]).parse("NaN")).toBe("nan");
  });
});

describe("list", () => {
  it.each([
    ["/a", ["/a"]],
    ["/a, /b c ,", ["/a", "/b c"]],
    [",", []],
  ])("splits %p at commas", (given, expected) => {
    expect(list().parse(given)).toEqual(expected);
  });
});
