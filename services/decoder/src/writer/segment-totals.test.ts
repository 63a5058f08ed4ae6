import { type CountedBlock, TotalsCounter } from "./segment-totals";

function block(numberOfSamples: number, discontinuity: boolean): CountedBlock {
  return {
    numberOfSamples,
    blockBytes: 304 + numberOfSamples,
    differenceBytes: numberOfSamples + 4,
    extrema: { minimum: -numberOfSamples, maximum: 2 * numberOfSamples },
    discontinuity,
  };
}

describe("TotalsCounter", () => {
  it("counts no samples without extrema", () => {
    expect(new TotalsCounter().totals()).toMatchObject({
      numberOfSamples: 0,
      numberOfBlocks: 0,
      extrema: undefined,
    });
  });

  it("adds up blocks and finds the longest run between discontinuities", () => {
    const counter = new TotalsCounter();
    for (const counted of [
      block(10, true),
      block(20, false),
      block(5, true),
      block(6, false),
      block(7, false),
    ]) {
      counter.add(counted);
    }
    expect(counter.totals()).toEqual({
      numberOfSamples: 48,
      numberOfBlocks: 5,
      maximumBlockBytes: 324,
      maximumBlockSamples: 20,
      maximumDifferenceBytes: 24,
      numberOfDiscontinuities: 2,
      maximumContiguousBlocks: 3,
      maximumContiguousBlockBytes: 3 * 304 + 18,
      maximumContiguousSamples: 30,
      extrema: { minimum: -20, maximum: 40 },
    });
  });
});
