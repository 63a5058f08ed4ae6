import type { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import { type BlockSpec, type ChannelSpec, type SegmentSpec, spanUs } from "./recording-spec";
import { START_UUTC } from "./small-recording";

const NO_COUNT = -2147483648;
const FACTORS = [1, 0.0488, -0.25, -1.5e-7, 1e300, 3.0517578125e-5];
const OFFSETS = [0, 1577818800000000, -3_600_000_000];

/**
 * A channel with all that makes placing blocks hard: gaps, overlaps, blocks out
 * of order or before the channel's start, odd lengths, segments that differ in
 * factor, offset and form of their times.
 */
export function randomChannel(
  random: SeededRandom,
  samplingRate: number,
  name: string,
): ChannelSpec {
  const segments: SegmentSpec[] = [];
  let number = 0;
  let nextUutc = START_UUTC;
  const nSegments = 1 + random.below(4);
  for (let s = 0; s < nSegments; s += 1) {
    number += random.below(3) + (s === 0 ? 0 : 1);
    const blocks = randomBlocks(random, samplingRate, nextUutc);
    const last = Math.max(
      ...blocks.map((b) => b.startUutc + spanUs(b.samples.length, samplingRate)),
    );
    nextUutc = last + spanUs(random.below(200) - 50, samplingRate);
    const stated =
      s === 0 && random.below(3) === 0 ? { startUutc: START_UUTC + spanUs(20, samplingRate) } : {};
    segments.push({
      number,
      blocks,
      factor: pick(random, FACTORS),
      recordingTimeOffset: pick(random, OFFSETS),
      otherTimes: random.below(2) === 0 ? "offset" : "positive",
      ...stated,
    });
  }
  return { name, samplingRate, segments };
}

function randomBlocks(random: SeededRandom, samplingRate: number, fromUutc: number): BlockSpec[] {
  const blocks: BlockSpec[] = [];
  let startUutc = fromUutc;
  const nBlocks = 1 + random.below(12);
  for (let b = 0; b < nBlocks; b += 1) {
    const samples = randomCounts(random, random.below(8) === 0 ? 1 : 1 + random.below(400));
    blocks.push({ startUutc, samples });
    const jump = random.below(6);
    const slots = jump === 0 ? random.below(300) : jump === 1 ? -random.below(150) : 0;
    // Off the grid by up to half a slot, as writers' truncated times are.
    const offGridUs = random.below(3) === 0 ? random.below(Math.ceil(5e5 / samplingRate)) : 0;
    startUutc =
      Math.max(fromUutc, startUutc + spanUs(samples.length + slots, samplingRate)) + offGridUs;
  }
  if (random.below(4) === 0) blocks.push(...blocks.splice(0, random.below(blocks.length)));
  return blocks;
}

function randomCounts(random: SeededRandom, n: number): number[] {
  const extremes = [NO_COUNT, -2147483647, 2147483647, 0, -1];
  let level = random.below(100_000) - 50_000;
  return Array.from({ length: n }, () => {
    const kind = random.below(50);
    if (kind === 0) return pick(random, extremes);
    level += kind < 10 ? random.below(20_000) - 10_000 : random.below(200) - 100;
    return level;
  });
}

function pick(random: SeededRandom, items: readonly number[]): number {
  return items[random.below(items.length)] ?? 0;
}
