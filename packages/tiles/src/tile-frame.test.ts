import type { DamagedSpan } from "@mef3-cluster/contracts/session-description";
import { SeededRandom } from "./seeded-random";
import type { I32Tile, Tile } from "./tile";
import { decodeTileFrame, encodeTileFrame, type ExpectedTile } from "./tile-frame";

const KEY = "t1.recording.channel.f32.5.0";

function damage(): DamagedSpan[] {
  return [
    { firstSlot: -3, nSlots: 2, reason: "BLOCK_CRC" },
    { firstSlot: 82944000000, nSlots: 1, reason: "SEGMENT_UNREADABLE" },
  ];
}

function f32Tile(nSlots = 5): Tile {
  const samples = Float32Array.from({ length: nSlots }, (_, i) => (i === 1 ? NaN : i * -0.1));
  return { kind: "f32", samples, damage: damage() };
}

function i32Tile(): I32Tile {
  return {
    kind: "i32",
    samples: Int32Array.of(1, -2, -2147483648, 2147483647),
    factorRuns: [
      { firstSlot: 0, nSlots: 2, factor: 0.0488 },
      { firstSlot: 3, nSlots: 1, factor: -1e-9 },
    ],
    damage: damage(),
  };
}

function expected(tile: Tile): ExpectedTile {
  return { key: KEY, kind: tile.kind, slotsPerTile: tile.samples.length };
}

describe("a tile frame", () => {
  it.each([
    ["f32", f32Tile()],
    ["i32", i32Tile()],
    ["f32 without samples lost", { ...f32Tile(4), damage: [] }],
  ])("gives back an %s tile bit for bit", (_name, tile) => {
    expect(decodeTileFrame(encodeTileFrame(KEY, tile), expected(tile))).toEqual({ tile });
  });

  it("keeps the sign and the payload of NaN bits", () => {
    const bits = Uint32Array.of(0x7fc00000, 0xffc00001, 0x80000000, 0x00000001);
    const tile: Tile = { kind: "f32", samples: new Float32Array(bits.buffer), damage: [] };
    const samples = decodeTileFrame(encodeTileFrame(KEY, tile), expected(tile)).tile!.samples;
    expect(new Uint32Array(samples.buffer, samples.byteOffset, 4)).toEqual(bits);
  });

  it("is read where it lies when its address allows, else from a copy", () => {
    const tile = f32Tile();
    const frame = encodeTileFrame(KEY, tile);
    for (const shift of [0, 1, 4, 6, 8]) {
      const moved = new Uint8Array(frame.byteLength + 8).subarray(shift, shift + frame.byteLength);
      moved.set(frame);
      const decoded = decodeTileFrame(moved, expected(tile)).tile!;
      expect(decoded).toEqual(tile);
      expect(decoded.samples.buffer === moved.buffer).toBe(shift % 4 === 0);
    }
  });

  it("encodes samples that are a part of a larger buffer", () => {
    const samples = Float32Array.of(9, 9, 1, 2, 9).subarray(2, 4);
    const tile: Tile = { kind: "f32", samples, damage: [] };
    const decoded = decodeTileFrame(encodeTileFrame(KEY, tile), expected(tile));
    expect(decoded.tile!.samples).toEqual(Float32Array.of(1, 2));
  });

  it("starts its samples at a multiple of 8", () => {
    const tile: Tile = { kind: "f32", samples: Float32Array.of(1), damage: [] };
    const samples = decodeTileFrame(encodeTileFrame(KEY, tile), expected(tile)).tile!.samples;
    expect(samples.byteOffset % 8).toBe(0);
  });
});

describe("decodeTileFrame", () => {
  const tile = i32Tile();
  const frame = encodeTileFrame(KEY, tile);

  it.each<[string, Partial<ExpectedTile>]>([
    ["key", { key: `${KEY}1` }],
    ["kind", { kind: "f32" }],
    ["length", { slotsPerTile: 5 }],
  ])("refuses a sound frame of another %s", (_name, other) => {
    const answer = decodeTileFrame(frame, { ...expected(tile), ...other });
    expect(answer).toEqual({ tile: undefined, refusal: "OTHER_TILE" });
  });

  it("refuses every truncation and extension", () => {
    for (let n = 0; n < frame.byteLength; n += 1) {
      expect(decodeTileFrame(frame.subarray(0, n), expected(tile))).toEqual({
        tile: undefined,
        refusal: "LENGTH",
      });
    }
    const longer = new Uint8Array(frame.byteLength + 24);
    longer.set(frame);
    expect(decodeTileFrame(longer, expected(tile))).toEqual({ tile: undefined, refusal: "LENGTH" });
  });

  it("refuses every single flipped bit", () => {
    const refusals = new Set<string>();
    for (let bit = 0; bit < frame.byteLength * 8; bit += 1) {
      const flipped = frame.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const answer = decodeTileFrame(flipped, expected(tile));
      expect(answer.tile).toBeUndefined();
      if (answer.tile === undefined) refusals.add(answer.refusal);
    }
    expect([...refusals].sort()).toEqual(["CHECKSUM", "FORMAT", "LENGTH", "OTHER_TILE"]);
  });

  it("refuses a frame of another version of the format", () => {
    const other = frame.slice();
    other[4]! += 1;
    expect(decodeTileFrame(other, expected(tile))).toEqual({ tile: undefined, refusal: "FORMAT" });
  });

  it.each<[string, Tile]>([
    ["an endless factor", { ...i32Tile(), factorRuns: [{ firstSlot: 0, nSlots: 1, factor: NaN }] }],
    ["an empty run", { ...i32Tile(), factorRuns: [{ firstSlot: 0, nSlots: 0, factor: 1 }] }],
    ["half a slot", { ...i32Tile(), damage: [{ firstSlot: 0.5, nSlots: 1, reason: "BLOCK_CRC" }] }],
  ])("refuses lists with %s", (_name, odd) => {
    expect(decodeTileFrame(encodeTileFrame(KEY, odd), expected(odd))).toEqual({
      tile: undefined,
      refusal: "LIST",
    });
  });

  it("refuses arbitrary bytes", () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 2000; round += 1) {
      const bytes = frame.slice();
      for (let n = random.below(6) + 1; n > 0; n -= 1) {
        bytes[random.below(bytes.byteLength)]! += 1 + random.below(255);
      }
      expect(decodeTileFrame(bytes, expected(tile)).tile).toBeUndefined();
    }
  });
});
