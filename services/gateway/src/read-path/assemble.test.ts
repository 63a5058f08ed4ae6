import type { DamagedSpan } from "@mef3-cluster/contracts/session-description";
import { toUutc } from "@mef3-cluster/contracts/uutc";
import { type F32Tile, type FactorRun, type I32Tile, NO_COUNT } from "@mef3-cluster/tiles/tile";
import { copyRows, damageError, damageIn, type RowTiles } from "./assemble";
import { EMPTY_TILE } from "./plan";
import { modelledChannel } from "./testing/modelled-recording";

const S = 4;

function f32(samples: readonly number[], damage: readonly DamagedSpan[] = []): F32Tile {
  return { kind: "f32", samples: Float32Array.from(samples), damage };
}

function i32(samples: readonly number[], factorRuns: readonly FactorRun[]): I32Tile {
  return { kind: "i32", samples: Int32Array.from(samples), factorRuns, damage: [] };
}

function rowOf(firstSlot: number, firstTile: number, tiles: RowTiles["tiles"], name = "A") {
  return {
    row: { channel: modelledChannel({ name }), firstSlot },
    slotsPerTile: S,
    firstTile,
    tiles,
  };
}

function float32(rows: readonly RowTiles[], offset: number, nSamples: number): number[] {
  const target = new Uint8Array(rows.length * nSamples * 4);
  copyRows(rows, offset, nSamples, "float32", target, 0);
  return [...new Float32Array(target.buffer)];
}

function float64(rows: readonly RowTiles[], offset: number, nSamples: number): number[] {
  const target = new Uint8Array(rows.length * nSamples * 8);
  copyRows(rows, offset, nSamples, "float64", target, 0);
  return [...new Float64Array(target.buffer)];
}

describe("copyRows", () => {
  it("writes row after row, each from its own slot on", () => {
    const first = rowOf(2, 0, [f32([0, 1, 2, 3]), f32([4, 5, 6, 7])]);
    const second = rowOf(-3, -1, [f32([10, 11, 12, 13]), f32([14, 15, 16, 17])], "B");
    expect(float32([first, second], 0, 4)).toEqual([2, 3, 4, 5, 11, 12, 13, 14]);
    expect(float32([first, second], 1, 2)).toEqual([3, 4, 12, 13]);
  });

  it("takes slots where nothing is stored for NaN, in both types", () => {
    const row = rowOf(2, 0, [f32([0, 1, 2, 3]), EMPTY_TILE, f32([8, 9, 10, 11])]);
    expect(float32([row], 0, 8)).toEqual([2, 3, NaN, NaN, NaN, NaN, 8, 9]);
    const runs = [{ firstSlot: 0, nSlots: 4, factor: 2 }];
    expect(float64([rowOf(2, 0, [i32([0, 1, 2, 3], runs), EMPTY_TILE])], 0, 4)).toEqual([
      4,
      6,
      NaN,
      NaN,
    ]);
  });

  it("writes one and the same NaN over runs longer than any buffer of its own", () => {
    const n = 100_003;
    const row = { ...rowOf(0, 0, [EMPTY_TILE]), slotsPerTile: n };
    for (const [sampleType, size] of [
      ["float32", 4],
      ["float64", 8],
    ] as const) {
      const target = new Uint8Array(n * size + 2).fill(1);
      copyRows([row], 0, n, sampleType, target, 1);
      const one = new Uint8Array(new (size === 4 ? Float32Array : Float64Array)([NaN]).buffer);
      expect(target[0]).toBe(1);
      expect(target[target.length - 1]).toBe(1);
      for (let i = 0; i < n; i += 1) {
        const at = 1 + i * size;
        if (one.some((byte, j) => target[at + j] !== byte)) throw new RangeError(`sample ${i}`);
      }
    }
  });

  it("keeps every bit of a stored float32, wherever it is written to", () => {
    const bits = Uint32Array.of(0x7fc00000, 0xffc12345, 0x80000000, 0x00000001);
    const tile: F32Tile = { kind: "f32", samples: new Float32Array(bits.buffer), damage: [] };
    const target = new Uint8Array(7 + 16);
    copyRows([rowOf(0, 0, [tile])], 0, 4, "float32", target, 7);
    expect(target.subarray(7)).toEqual(new Uint8Array(bits.buffer));
  });

  it("reads a tile that lies within a larger buffer", () => {
    const pool = Float32Array.of(9, 9, 1, 2, 3, 4, 9);
    const tile: F32Tile = { kind: "f32", samples: pool.subarray(2, 6), damage: [] };
    expect(float32([rowOf(1, 0, [tile])], 0, 3)).toEqual([2, 3, 4]);
  });

  it("multiplies each count by the factor of its run, in double", () => {
    const counts = [3, 7, -2147483647, 2147483647];
    const runs = [
      { firstSlot: 8, nSlots: 1, factor: 0.1 },
      { firstSlot: 9, nSlots: 1, factor: -0.0488 },
      { firstSlot: 10, nSlots: 2, factor: 1 / 3 },
    ];
    expect(float64([rowOf(8, 2, [i32(counts, runs)])], 0, 4)).toEqual([
      3 * 0.1,
      7 * -0.0488,
      -2147483647 * (1 / 3),
      2147483647 * (1 / 3),
    ]);
    expect(3 * 0.1).not.toBe(Math.fround(3 * 0.1));
  });

  it("takes a slot without a count or without a factor for NaN", () => {
    const tile = i32([1, NO_COUNT, 3, NO_COUNT], [{ firstSlot: -8, nSlots: 2, factor: 2 }]);
    expect(float64([rowOf(-8, -2, [tile])], 0, 4)).toEqual([2, NaN, NaN, NaN]);
  });

  it("takes of a factor run what lies in the tile, if it reaches beyond it", () => {
    const runs = [
      { firstSlot: -100, nSlots: 102, factor: 10 },
      { firstSlot: 2, nSlots: 100, factor: 100 },
    ];
    const row = rowOf(1, 0, [i32([1, 2, 3, 4], runs)]);
    expect(float64([row], 0, 2)).toEqual([20, 300]);
    expect(float64([row], 1, 2)).toEqual([300, 400]);
  });

  it("keeps the sign of a zero that a negative factor makes", () => {
    const row = rowOf(0, 0, [i32([0, 0, 0, 0], [{ firstSlot: 0, nSlots: 4, factor: -1 }])]);
    expect(float64([row], 0, 1)).toEqual([-0]);
  });

  it("is exact for slots beyond 2^40 and far before the start", () => {
    for (const tile of [2 ** 41 + 1, -(2 ** 41) - 1, 2 ** 29 + 3]) {
      const row = rowOf(tile * S + 3, tile, [f32([0, 1, 2, 3]), f32([4, 5, 6, 7])]);
      expect(float32([row], 0, 3)).toEqual([3, 4, 5]);
    }
  });

  it("reports a tile that is not at hand as a defect", () => {
    const row = rowOf(0, 0, [f32([0, 1, 2, 3])]);
    expect(() => float32([row], 2, 3)).toThrow(
      expect.objectContaining({ code: "INTERNAL" }) as Error,
    );
  });
});

describe("damageIn", () => {
  const reason = "BLOCK_CRC" as const;
  const sound = rowOf(0, 0, [f32([0, 1, 2, 3]), EMPTY_TILE], "sound");
  const damaged = rowOf(
    100,
    25,
    [
      f32([0, 0, 0, 0], [{ firstSlot: 101, nSlots: 3, reason }]),
      f32([0, 0, 0, 0], [{ firstSlot: 104, nSlots: 1, reason: "INDEX_ENTRY" }]),
    ],
    "damaged",
  );

  it("lists the spans within the columns by row, in slots of the row's own grid", () => {
    expect(damageIn([sound, damaged], 0, 8)).toEqual([
      {
        row: 1,
        spans: [
          { firstSlot: 101, nSlots: 3, reason },
          { firstSlot: 104, nSlots: 1, reason: "INDEX_ENTRY" },
        ],
      },
    ]);
  });

  it.each([
    ["cuts a span to the columns", 2, 1, [{ firstSlot: 102, nSlots: 1, reason }]],
    ["leaves out spans that end where the columns start", 5, 3, undefined],
    ["leaves out spans that start where the columns end", 0, 1, undefined],
    ["names what is in the last column", 3, 1, [{ firstSlot: 103, nSlots: 1, reason }]],
  ])("%s", (_name, offset, nSamples, spans) => {
    const expected = spans === undefined ? [] : [{ row: 0, spans }];
    expect(damageIn([damaged], offset, nSamples)).toEqual(expected);
  });
});

describe("damageError", () => {
  it("names the channel, the times and the reason of the first span", () => {
    const channel = modelledChannel({
      name: "LTP 3",
      samplingRate: 512,
      startUutc: toUutc(1_000_000),
    });
    const rows = [{ ...rowOf(0, 0, []), row: { channel, firstSlot: 0 } }];
    const span = { firstSlot: 512, nSlots: 256, reason: "BLOCK_CRC" as const };
    const error = damageError(rows, [{ row: 0, spans: [span] }]);
    expect(error.code).toBe("DATA_DAMAGED");
    expect(error.message).toBe("Damaged data in channel LTP 3, [2000000, 2500000): BLOCK_CRC");
    expect(error.context).toEqual({
      channel: "LTP 3",
      startUutc: 2_000_000,
      endUutc: 2_500_000,
      reason: "BLOCK_CRC",
    });
  });

  it("is a defect when there is no damage to name", () => {
    expect(damageError([], [])).toMatchObject({ code: "INTERNAL" });
  });
});
