import { type ChannelSpec, consecutiveBlocks, type SegmentSpec } from "./recording-spec";

/** µs; where the recordings of tests start. */
export const START_UUTC = 1577836800000123;

/** Counts that differ from slot to slot. */
export function ramp(nSamples: number, from = 0): number[] {
  return Array.from({ length: nSamples }, (_, i) => from + i);
}

/** A segment of a 1000 Hz channel, in blocks of 100 samples that follow each other. */
export function smallSegment(
  number: number,
  rest: Partial<SegmentSpec> & { readonly nBlocks?: number; readonly firstSlot?: number } = {},
): SegmentSpec {
  const { nBlocks = 4, firstSlot = 0, ...spec } = rest;
  const startUutc = START_UUTC + firstSlot * 1000;
  const blocks = consecutiveBlocks(startUutc, 1000, ramp(nBlocks * 100, firstSlot + 1), 100);
  return { number, blocks, factor: 0.5, ...spec };
}

/** A channel at 1000 Hz: slot `i` holds the count `i + 1`. */
export function smallChannel(
  segments: readonly SegmentSpec[] = [smallSegment(0)],
  name = "A",
): ChannelSpec {
  return { name, samplingRate: 1000, segments };
}
