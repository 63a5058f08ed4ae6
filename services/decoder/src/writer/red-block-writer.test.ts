import { accessForWriting } from "../mef3/password";
import { differenceBytes, redBlock, redBlockFlags } from "./red-block-writer";

// The blocks of docs/mef3-format.md, section 8.6.
const A = Int32Array.of(
  ...[100, 101, 103, 102, 102, 99, 95, 90, 88, 5000, 5001, 5003, 5000, 4990],
  ...[-70000, -70001, -69999, -69999, -69990, -69985],
);
const A_FIELDS = { startTime: 1577836800000000n, discontinuity: true };
const { keys } = accessForWriting("pass1", "pass2");

function crcOf(block: Buffer): string {
  return block.readUInt32LE(0).toString(16).toUpperCase();
}

describe("redBlock", () => {
  it.each<[string, Int32Array, boolean, string, number, string, number]>([
    ["D", Int32Array.of(5), true, "13EF1503", 5, "c1007e7e7e7e7e7e", 312],
    ["E", Int32Array.of(0, 1, -1, 127, 0, -128), false, "4F7E51C9", 18, "03607fc5647b007e", 312],
    ["F", new Int32Array(1000).fill(7), false, "6869F11E", 1004, "ff01007e7e7e7e7e", 312],
  ])("encodes block %s of the format's examples", (_name, samples, discontinuity, ...expected) => {
    const [crc, difference, payload, nBytes] = expected;
    const block = redBlock(samples, { startTime: 0n, discontinuity });
    expect(crcOf(block)).toBe(crc);
    expect(differenceBytes(block)).toBe(difference);
    expect(block.subarray(304).toString("hex")).toBe(payload);
    expect(block.byteLength).toBe(nBytes);
  });

  it("encodes block A in plain", () => {
    const block = redBlock(A, A_FIELDS);
    expect([crcOf(block), redBlockFlags(block), block.byteLength]).toEqual(["16E9FB04", 1, 320]);
  });

  it.each([
    [1, keys.level1!, 3, "455dcda9757da92221ea467d437eb20f", "2447FA84"],
    [2, keys.level2!, 5, "7ec7ca0f10047f4ac11ed194be3e1933", "9BA2D188"],
  ] as const)("encrypts 16 statistics bytes at level %d", (level, key, flags, bytes, crc) => {
    const block = redBlock(A, A_FIELDS, { level, key });
    const plain = redBlock(A, A_FIELDS);
    expect(redBlockFlags(block)).toBe(flags);
    expect(block.subarray(48, 64).toString("hex")).toBe(bytes);
    expect(crcOf(block)).toBe(crc);
    expect(block.subarray(64).equals(plain.subarray(64))).toBe(true);
  });

  it("writes no samples as an empty block", () => {
    const block = redBlock(new Int32Array(0), { startTime: -5n, discontinuity: true });
    expect([block.byteLength, differenceBytes(block), block.readUInt32LE(32)]).toEqual([304, 0, 0]);
  });
});
