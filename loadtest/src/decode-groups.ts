import path from "node:path";
import type { Contender, Measurement } from "./contender";
import { bytesPerSample, type Dataset, DATASETS, ensureDataset } from "./datasets";
import { median, spread } from "./statistics";

/** One line of a comparison. */
export interface Comparison {
  readonly what: string;
  /** Million samples per second of processor time. */
  readonly ours: number;
  readonly control: number;
  /** ours ÷ control. */
  readonly ratio: number;
  /** What the ratio has to be at least. */
  readonly target: number;
  /** Half the interquartile distance of the ratios, relative to their median. */
  readonly noise: number;
  /** Samples decoded ÷ samples asked for, ours. */
  readonly decodedPerSample: number;
}

export interface Contenders {
  readonly ours: Contender;
  readonly control: Contender;
}

export interface GroupOptions {
  readonly folder: string;
  readonly rounds: number;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Every sample of every channel. */
export async function compareFullReads(
  contenders: Contenders,
  options: GroupOptions,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const dataset of Object.values(DATASETS)) {
    const session = await prepare(dataset, options);
    const size = `${bytesPerSample(session, dataset).toFixed(2)} B/sample`;
    const what = `full read, ${nameOf(dataset)}, ${dataset.signal} (${size})`;
    comparisons.push(await interleave(what, 4, contenders, () => ({ session }), options));
  }
  return comparisons;
}

/** Windows at random places over all channels; nothing is cached between them. */
export async function compareRandomWindows(
  contenders: Contenders,
  options: GroupOptions,
): Promise<Comparison[]> {
  const dataset = DATASETS.clinical;
  const session = await prepare(dataset, options);
  const comparisons: Comparison[] = [];
  for (const { seconds, windows, target } of [
    { seconds: 10, windows: 40, target: 4 },
    { seconds: 1, windows: 60, target: 8 },
  ]) {
    // One slot more than whole seconds, so that windows do not start where blocks do.
    const nSlots = seconds * dataset.samplingRate + 1;
    const places = Math.floor((dataset.durationSeconds * dataset.samplingRate) / nSlots);
    const request = (round: number): object => {
      const random = seededRandom(round + 1);
      const firsts = Array.from({ length: windows }, () => Math.floor(random() * places) * nSlots);
      return { session, windows: firsts.map((first) => [first, nSlots]) };
    };
    const what = `random ${seconds} s windows, ${nameOf(dataset)}`;
    comparisons.push(await interleave(what, target, contenders, request, options));
  }
  return comparisons;
}

async function prepare(dataset: Dataset, options: GroupOptions): Promise<string> {
  let shown = -1;
  return ensureDataset(
    path.join(options.folder),
    dataset,
    (share) => {
      const percent = Math.floor(share * 10) * 10;
      if (percent === shown) return;
      shown = percent;
      options.onProgress(`writing ${dataset.name} ... ${percent} %`);
    },
    options.signal,
  );
}

function nameOf({ nChannels, samplingRate, durationSeconds }: Dataset): string {
  const minutes = durationSeconds / 60;
  const duration = minutes >= 60 ? `${minutes / 60} h` : `${minutes} min`;
  return `${nChannels} ch × ${samplingRate} Hz × ${duration}`;
}

/** Alternates the contenders, so that a noisy minute hits both; the first round warms up. */
async function interleave(
  what: string,
  target: number,
  contenders: Contenders,
  request: (round: number) => object,
  options: GroupOptions,
): Promise<Comparison> {
  const ours: Measurement[] = [];
  const control: Measurement[] = [];
  for (let round = 0; round <= options.rounds; round += 1) {
    options.onProgress(`${what}: round ${round} of ${options.rounds}`);
    const first = await contenders.ours.measure(request(round));
    const second = await contenders.control.measure(request(round));
    if (round === 0) continue;
    ours.push(first);
    control.push(second);
  }
  const ratios = ours.map((m, i) => rate(m) / rate(control[i] ?? m));
  return {
    what,
    target,
    ours: median(ours.map(rate)),
    control: median(control.map(rate)),
    ratio: median(ratios),
    noise: spread(ratios),
    decodedPerSample: median(ours.map((m) => (m["samplesDecoded"] ?? 0) / m.samples)),
  };
}

function rate({ samples, cpuSeconds }: Measurement): number {
  return samples / cpuSeconds / 1e6;
}

/** Numbers in [0, 1) that are the same in every run (a linear congruential generator). */
function seededRandom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state | 0, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
