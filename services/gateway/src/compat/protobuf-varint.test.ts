import { varintLength, writeVarint } from "./protobuf-varint";

describe("writeVarint", () => {
  it.each([
    ["zero", 0, "00"],
    ["the largest one-byte value", 127, "7f"],
    ["the smallest two-byte value", 128, "8001"],
    ["a value beyond 32 bits", 2 ** 32, "8080808010"],
    ["a time in µs", 1_700_000_000_000_000, "8080f9c0c1c48203"],
    ["the largest safe integer", Number.MAX_SAFE_INTEGER, "ffffffffffffff0f"],
    ["minus one", -1, "ffffffffffffffffff01"],
    ["the smallest safe integer", Number.MIN_SAFE_INTEGER, "81808080808080f0ff01"],
  ])("writes %s", (_name, value, expected) => {
    const target = new Uint8Array(12);
    const end = writeVarint(target, 1, value);
    expect(Buffer.from(target.subarray(1, end)).toString("hex")).toBe(expected);
    expect(varintLength(value)).toBe(end - 1);
  });
});
