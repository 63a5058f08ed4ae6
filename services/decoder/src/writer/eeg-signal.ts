import type { SampleSource } from "./session-plan";
import { AlphaBurst, type EegEvent, SpikeAndWave } from "./eeg-events";
import { mixed, mixedFraction, nextWord, seededState } from "./xorshift";

export interface EegSignalOptions {
  /** Of what only this channel has. */
  readonly seed: number;
  /** Of the events that channels with the same shared seed have at the same samples. */
  readonly sharedSeed: number;
  /** Hz */
  readonly samplingRate: number;
  /** Standard deviation of the background, in counts. */
  readonly amplitude: number;
}

/** Events are drawn for this long at a time, and end within it. */
const EPOCH_SECONDS = 4;

/**
 * Background of scalp and cortical recordings, roughly: noise that falls with
 * frequency, as the sum of three first-order low-passes, over the white noise of
 * an amplifier. Corners in Hz; deviations relative to the whole. Chosen for a
 * natural look and about one byte per sample once RED-coded.
 */
const LOW_PASSES = [
  { corner: 0.4, deviation: 0.93 },
  { corner: 3, deviation: 0.32 },
  { corner: 14, deviation: 0.1 },
] as const;
const WHITE_DEVIATION = 0.055;

/** Standard deviation of a signed 16-bit number, and of the sum of two signed bytes. */
const HALF_WORD_DEVIATION = 65536 / Math.sqrt(12);
const TWO_BYTES_DEVIATION = Math.sqrt((2 * 256 ** 2) / 12);

/**
 * A made-up EEG: background noise, bursts of alpha rhythm that channels share
 * with different strength, now and then a spike and wave.
 */
export class EegSignal implements SampleSource {
  private state: number;
  private readonly levels = new Float64Array(3);
  private readonly decays: Float64Array;
  private readonly gains: Float64Array;
  private readonly whiteGain: number;
  private readonly epochSamples: number;
  private position = 0;
  private events: readonly EegEvent[] = [];
  private scratch = new Float64Array(0);

  constructor(private readonly options: EegSignalOptions) {
    const { seed, samplingRate, amplitude } = options;
    this.state = seededState(seed);
    this.epochSamples = Math.max(1, Math.round(EPOCH_SECONDS * samplingRate));
    this.decays = Float64Array.from(LOW_PASSES, ({ corner }) =>
      Math.exp((-2 * Math.PI * corner) / samplingRate),
    );
    this.gains = Float64Array.from(LOW_PASSES, ({ deviation }, i) => {
      const decay = this.decays[i] ?? 0;
      return (amplitude * deviation * Math.sqrt(1 - decay * decay)) / HALF_WORD_DEVIATION;
    });
    this.whiteGain = (amplitude * WHITE_DEVIATION) / TWO_BYTES_DEVIATION;
  }

  fill(target: Int32Array): void {
    if (this.scratch.length < target.length) this.scratch = new Float64Array(target.length);
    const values = this.scratch.subarray(0, target.length);
    this.addBackground(values);
    for (let done = 0; done < values.length;) {
      const within = this.position % this.epochSamples;
      if (within === 0) this.events = this.drawEvents(this.position / this.epochSamples);
      const n = Math.min(values.length - done, this.epochSamples - within);
      for (const event of this.events) event.addTo(values.subarray(done, done + n), within);
      this.position += n;
      done += n;
    }
    for (let i = 0; i < values.length; i += 1) target[i] = Math.round(values[i] ?? 0);
  }

  private addBackground(values: Float64Array): void {
    const [decay0 = 0, decay1 = 0, decay2 = 0] = this.decays;
    const [gain0 = 0, gain1 = 0, gain2 = 0] = this.gains;
    let [level0 = 0, level1 = 0, level2 = 0] = this.levels;
    const { whiteGain } = this;
    let { state } = this;
    for (let i = 0; i < values.length; i += 1) {
      state = nextWord(state);
      level0 = level0 * decay0 + gain0 * (state >> 16);
      level1 = level1 * decay1 + gain1 * ((state << 16) >> 16);
      state = nextWord(state);
      level2 = level2 * decay2 + gain2 * (state >> 16);
      const white = ((state << 16) >> 24) + ((state << 24) >> 24);
      values[i] = level0 + level1 + level2 + whiteGain * white;
    }
    this.state = state;
    this.levels.set([level0, level1, level2]);
  }

  private drawEvents(epoch: number): EegEvent[] {
    const { seed, sharedSeed, samplingRate, amplitude } = this.options;
    const n = this.epochSamples;
    const shared = mixed(sharedSeed, epoch);
    const own = mixed(seed, epoch ^ 0x5bd1e995);
    // How strongly a channel takes part in shared events: its distance from their source.
    const nearness = 0.25 + 0.75 * mixedFraction(seed, 1);
    const events: EegEvent[] = [];
    if (mixedFraction(shared, 0) < 0.4) {
      events.push(
        new AlphaBurst({
          firstSample: Math.floor(n * 0.4 * mixedFraction(shared, 1)),
          nSamples: Math.floor(n * (0.3 + 0.3 * mixedFraction(shared, 2))),
          peak: 2.2 * amplitude * nearness,
          turn: (2 * Math.PI * (9 + 2 * mixedFraction(shared, 3))) / samplingRate,
          phase: mixedFraction(seed, 2) - 0.5,
        }),
      );
    }
    if (mixedFraction(shared, 4) < 0.1) {
      const firstSample = Math.floor(n * 0.85 * mixedFraction(shared, 5));
      events.push(new SpikeAndWave(firstSample, 9 * amplitude * nearness, samplingRate));
    }
    if (mixedFraction(own, 0) < 0.03) {
      const firstSample = Math.floor(n * 0.85 * mixedFraction(own, 1));
      events.push(new SpikeAndWave(firstSample, 6 * amplitude, samplingRate));
    }
    return events;
  }
}
