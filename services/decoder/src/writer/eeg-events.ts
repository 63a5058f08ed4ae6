/** Something that happens within an epoch of a made-up EEG. */
export interface EegEvent {
  /**
   * Adds the event to consecutive samples of its epoch. Called in order, without
   * leaving samples out.
   *
   * @param firstSample  of `values`, within the epoch
   */
  addTo(values: Float64Array, firstSample: number): void;
}

export interface AlphaBurstOptions {
  /** Within the epoch. */
  readonly firstSample: number;
  readonly nSamples: number;
  /** Counts. */
  readonly peak: number;
  /** Radians per sample. */
  readonly turn: number;
  /** Radians at the first sample. */
  readonly phase: number;
}

/** A rhythm that swells and fades away. */
export class AlphaBurst implements EegEvent {
  // Rhythm and envelope are turned step by step: no sine is computed per sample.
  private cosine: number;
  private sine: number;
  private envelopeCosine = 1;
  private envelopeSine = 0;

  constructor(private readonly options: AlphaBurstOptions) {
    this.cosine = Math.cos(options.phase);
    this.sine = Math.sin(options.phase);
  }

  addTo(values: Float64Array, firstSample: number): void {
    const { turn, peak, nSamples } = this.options;
    const [turnCosine, turnSine] = [Math.cos(turn), Math.sin(turn)];
    const envelopeTurn = (2 * Math.PI) / nSamples;
    const [envelopeTurnCosine, envelopeTurnSine] = [Math.cos(envelopeTurn), Math.sin(envelopeTurn)];
    let { cosine, sine, envelopeCosine, envelopeSine } = this;
    const [start, end] = overlap(this.options, values.length, firstSample);
    for (let i = start; i < end; i += 1) {
      values[i] = (values[i] ?? 0) + (peak / 2) * (1 - envelopeCosine) * sine;
      [cosine, sine] = [
        cosine * turnCosine - sine * turnSine,
        sine * turnCosine + cosine * turnSine,
      ];
      [envelopeCosine, envelopeSine] = [
        envelopeCosine * envelopeTurnCosine - envelopeSine * envelopeTurnSine,
        envelopeSine * envelopeTurnCosine + envelopeCosine * envelopeTurnSine,
      ];
    }
    Object.assign(this, { cosine, sine, envelopeCosine, envelopeSine });
  }
}

const SPIKE_SECONDS = 0.07;
const WAVE_SECONDS = 0.35;
const WAVE_SHARE = 0.45;

/** A sharp negative spike and the slow wave after it. */
export class SpikeAndWave implements EegEvent {
  private readonly spikeSamples: number;
  private readonly waveSamples: number;

  /**
   * @param firstSample   within the epoch
   * @param peak          counts
   * @param samplingRate  Hz
   */
  constructor(
    private readonly firstSample: number,
    private readonly peak: number,
    samplingRate: number,
  ) {
    this.spikeSamples = SPIKE_SECONDS * samplingRate;
    this.waveSamples = WAVE_SECONDS * samplingRate;
  }

  addTo(values: Float64Array, firstSample: number): void {
    const run = {
      firstSample: this.firstSample,
      nSamples: Math.floor(this.spikeSamples + this.waveSamples),
    };
    const [start, end] = overlap(run, values.length, firstSample);
    for (let i = start; i < end; i += 1) {
      const k = firstSample + i - this.firstSample;
      const spike = hump(k / this.spikeSamples);
      const wave = hump((k - this.spikeSamples) / this.waveSamples);
      values[i] = (values[i] ?? 0) + this.peak * (WAVE_SHARE * wave - spike);
    }
  }
}

/** A smooth hump over [0, 1], 1 in the middle and 0 outside. */
function hump(x: number): number {
  if (x <= 0 || x >= 1) return 0;
  const y = 4 * x * (1 - x);
  return y * y;
}

/** Where a run of the epoch's samples lies among `nValues` samples from `firstValue` on. */
function overlap(
  run: { readonly firstSample: number; readonly nSamples: number },
  nValues: number,
  firstValue: number,
): [start: number, end: number] {
  const start = Math.max(0, run.firstSample - firstValue);
  const end = Math.min(nValues, run.firstSample + run.nSamples - firstValue);
  return [start, end];
}
