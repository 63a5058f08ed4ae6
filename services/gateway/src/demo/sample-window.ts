/** The first run of NaN that has samples on both sides, as sample indices `[first, end)`. */
export interface GapSpan {
  readonly first: number;
  readonly end: number;
}

/** Finds the first gap of at most `longest` samples, for a picture that shows it whole. */
export function findGap(samples: Float32Array, longest: number): GapSpan | undefined {
  let lastPresent: number | undefined;
  for (const [index, sample] of samples.entries()) {
    if (Number.isNaN(sample)) continue;
    const first = lastPresent === undefined ? index : lastPresent + 1;
    if (index > first && index - first <= longest) return { first, end: index };
    lastPresent = index;
  }
  return undefined;
}

/** The share of samples that are NaN, 0 to 1; 0 for none at all. */
export function nanShare(rows: readonly Float32Array[]): number {
  let nSamples = 0;
  let nMissing = 0;
  for (const row of rows) {
    nSamples += row.length;
    for (const sample of row) if (Number.isNaN(sample)) nMissing += 1;
  }
  return nSamples === 0 ? 0 : nMissing / nSamples;
}
