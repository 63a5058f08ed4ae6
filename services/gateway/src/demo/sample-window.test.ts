import { findGap, nanShare } from "./sample-window";

const N = NaN;

describe("findGap", () => {
  it.each([
    ["none in a whole recording", [1, 2, 3], undefined],
    ["one between samples", [1, N, N, 2], { first: 1, end: 3 }],
    ["none before the first sample", [N, N, 1, 2], undefined],
    ["none after the last sample", [1, 2, N], undefined],
    ["the first that is short enough", [1, N, N, N, 2, N, 3], { first: 5, end: 6 }],
    ["none where all are too long", [1, N, N, N, 2], undefined],
    ["none in an empty one", [], undefined],
    ["none in one without samples", [N, N], undefined],
  ])("finds %s", (_what, samples, expected) => {
    expect(findGap(Float32Array.from(samples), 2)).toEqual(expected);
  });
});

describe("nanShare", () => {
  it("counts over all rows", () => {
    expect(nanShare([Float32Array.of(1, N), Float32Array.of(2, 3)])).toBe(0.25);
  });

  it("is 0 for nothing", () => {
    expect(nanShare([])).toBe(0);
  });
});
