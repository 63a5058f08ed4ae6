import type { SampleSource } from "./session-plan";
import { EegSignal } from "./eeg-signal";
import { nextWord, seededState } from "./xorshift";

/** Signals that can be made up. The same kind, seed and rate give the same counts everywhere. */
export const SIGNAL_KINDS = ["eeg", "rough", "noise", "sine", "constant"] as const;

export type SignalKind = (typeof SIGNAL_KINDS)[number];

export interface SignalSpec {
  readonly kind: SignalKind;
  readonly seed: number;
  /**
   * In counts. `eeg`: standard deviation of the background (default 240).
   * `rough`: of the steps from sample to sample (131: a third of them outside
   * ±127). `noise`: largest value (1000). `sine`: peak (1000). `constant`: the
   * value (0).
   */
  readonly amplitude?: number | undefined;
}

/**
 * A signal from its first sample on. However it is cut into calls of `fill`,
 * the counts are the same.
 *
 * @param samplingRate  Hz
 */
export function createSignal(spec: SignalSpec, samplingRate: number): SampleSource {
  const { kind, seed, amplitude } = spec;
  switch (kind) {
    case "eeg":
      return new EegSignal({ seed, sharedSeed: seed, samplingRate, amplitude: amplitude ?? 240 });
    case "rough":
      return new RoughSignal(seed, amplitude ?? 131);
    case "noise":
      return new NoiseSignal(seed, amplitude ?? 1000);
    case "sine":
      return new SineSignal(seed, amplitude ?? 1000, samplingRate);
    case "constant":
      return { fill: (target) => target.fill(amplitude ?? 0) };
  }
}

/** Given counts, in order; zeros after the last. */
export function givenSamples(counts: readonly number[]): SampleSource {
  let position = 0;
  return {
    fill(target) {
      for (let i = 0; i < target.length; i += 1) target[i] = counts[position + i] ?? 0;
      position += target.length;
    },
  };
}

/** The source, its next `nSkipped` samples left out. */
export function skipping(source: SampleSource, nSkipped: number): SampleSource {
  let left = nSkipped;
  return {
    fill(target) {
      const scratch = new Int32Array(Math.min(left, 1 << 16));
      for (; left > 0; left -= Math.min(left, scratch.length)) {
        source.fill(scratch.subarray(0, Math.min(left, scratch.length)));
      }
      source.fill(target);
    },
  };
}

/** Standard deviation of the sum of four independent bytes. */
const FOUR_BYTES_DEVIATION = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

/** Steps of a normal distribution on a leash, so that the level does not drift away. */
class RoughSignal implements SampleSource {
  private state: number;
  private level = 0;
  private readonly scale: number;

  constructor(seed: number, deviation: number) {
    this.state = seededState(seed);
    this.scale = deviation / FOUR_BYTES_DEVIATION;
  }

  fill(target: Int32Array): void {
    const { scale } = this;
    let { state, level } = this;
    for (let i = 0; i < target.length; i += 1) {
      state = nextWord(state);
      const step =
        (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24) - 510;
      level = level * 0.97 + step * scale;
      target[i] = Math.round(level);
    }
    this.state = state;
    this.level = level;
  }
}

/** Every value within ±`largest` alike. */
class NoiseSignal implements SampleSource {
  private state: number;

  constructor(
    seed: number,
    private readonly largest: number,
  ) {
    this.state = seededState(seed);
  }

  fill(target: Int32Array): void {
    const scale = (2 * this.largest + 1) / 2 ** 32;
    let { state } = this;
    for (let i = 0; i < target.length; i += 1) {
      state = nextWord(state);
      target[i] = Math.floor((state >>> 0) * scale) - this.largest;
    }
    this.state = state;
  }
}

/** Samples between two exact values of a sine; between them it is turned step by step. */
const EXACT_EVERY = 4096;

/** 10 Hz, or an eighth of the rate if that is less. */
class SineSignal implements SampleSource {
  private position = 0;
  private cosine = 0;
  private sine = 0;
  private readonly turn: number;
  private readonly phase: number;

  constructor(
    seed: number,
    private readonly peak: number,
    samplingRate: number,
  ) {
    this.turn = (2 * Math.PI * Math.min(10, samplingRate / 8)) / samplingRate;
    this.phase = (seededState(seed) >>> 0) / 2 ** 32;
  }

  fill(target: Int32Array): void {
    const turnCosine = Math.cos(this.turn);
    const turnSine = Math.sin(this.turn);
    for (let i = 0; i < target.length; i += 1) {
      if (this.position % EXACT_EVERY === 0) {
        const angle = 2 * Math.PI * this.phase + this.position * this.turn;
        this.cosine = Math.cos(angle);
        this.sine = Math.sin(angle);
      }
      target[i] = Math.round(this.peak * this.sine);
      const sine = this.sine * turnCosine + this.cosine * turnSine;
      this.cosine = this.cosine * turnCosine - this.sine * turnSine;
      this.sine = sine;
      this.position += 1;
    }
  }
}
