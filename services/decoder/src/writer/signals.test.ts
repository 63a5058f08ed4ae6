import { encodeRedBlock } from "../native";
import { EegSignal } from "./eeg-signal";
import type { SampleSource } from "./session-plan";
import { createSignal, givenSamples, SIGNAL_KINDS, type SignalKind, skipping } from "./signals";

function take(source: SampleSource, nSamples: number): Int32Array {
  const samples = new Int32Array(nSamples);
  source.fill(samples);
  return samples;
}

/** Payload of a RED block of the signal. */
function bytesPerSample(kind: SignalKind, samplingRate: number): number {
  const samples = take(createSignal({ kind, seed: 5 }, samplingRate), 100_000);
  const block = encodeRedBlock(samples, { storedStartTime: -1n, discontinuity: true });
  return (block.byteLength - 304) / samples.length;
}

describe.each(SIGNAL_KINDS)("the signal %s", (kind) => {
  const spec = { kind, seed: 42 };

  it("is the same however it is cut into pieces", () => {
    const whole = take(createSignal(spec, 256), 5000);
    const source = createSignal(spec, 256);
    const pieces = [1, 0, 1023, 1, 2000, 1975].flatMap((n) => [...take(source, n)]);
    expect(pieces).toEqual([...whole]);
  });

  it("is the same for the same seed, and scaled by its amplitude", () => {
    expect(take(createSignal(spec, 256), 100)).toEqual(take(createSignal(spec, 256), 100));
    const small = take(createSignal({ ...spec, amplitude: 1000 }, 256), 2000);
    const large = take(createSignal({ ...spec, amplitude: 100_000 }, 256), 2000);
    const ratio = Math.max(...large) / Math.max(...small);
    expect(ratio).toBeCloseTo(100, -1);
  });

  it("keeps within counts that are ordinary values", () => {
    const samples = take(createSignal(spec, 256), 300_000);
    expect(samples.reduce((m, x) => Math.max(m, Math.abs(x)), 0)).toBeLessThan(32768);
  });
});

describe("createSignal", () => {
  it.each(["eeg", "rough", "noise", "sine"] as const)(
    "makes another %s of another seed",
    (kind) => {
      const one = take(createSignal({ kind, seed: 1 }, 256), 1000);
      expect(take(createSignal({ kind, seed: 2 }, 256), 1000)).not.toEqual(one);
    },
  );

  it.each([256, 512, 2048])("makes EEG of about a byte per sample at %d Hz", (samplingRate) => {
    const size = bytesPerSample("eeg", samplingRate);
    expect(size).toBeGreaterThan(0.75);
    expect(size).toBeLessThan(1.15);
  });

  it("makes a rough signal of which a third of the steps need a keysample", () => {
    const samples = take(createSignal({ kind: "rough", seed: 5 }, 256), 100_000);
    const nSteep = samples.filter((x, i) => Math.abs(x - (samples[i - 1] ?? x)) > 127).length;
    expect(nSteep / samples.length).toBeGreaterThan(0.3);
    expect(nSteep / samples.length).toBeLessThan(0.4);
    expect(bytesPerSample("rough", 256)).toBeGreaterThan(1.6);
  });

  it("draws sine waves of 10 Hz", () => {
    const samples = take(createSignal({ kind: "sine", seed: 1 }, 512), 5120);
    const rises = samples.filter((x, i) => x >= 0 && (samples[i - 1] ?? x) < 0).length;
    expect(rises).toBe(100);
  });
});

describe("EegSignal", () => {
  it("shares its bursts with channels of the same shared seed", () => {
    const channel = (seed: number, sharedSeed: number): Float64Array => {
      const options = { seed, sharedSeed, samplingRate: 256, amplitude: 240 };
      return rhythmPower(take(new EegSignal(options), 256 * 600));
    };
    const [one, same, other] = [channel(1, 7), channel(2, 7), channel(1, 8)];
    expect(correlation(one, same)).toBeGreaterThan(0.5);
    expect(Math.abs(correlation(one, other))).toBeLessThan(0.3);
  });
});

/** Power at 10 Hz, second by second, at 256 Hz. */
function rhythmPower(samples: Int32Array): Float64Array {
  return Float64Array.from({ length: samples.length / 256 }, (_, second) => {
    let [real, imaginary] = [0, 0];
    for (let i = 0; i < 256; i += 1) {
      const value = samples[second * 256 + i] ?? 0;
      real += value * Math.cos((2 * Math.PI * 10 * i) / 256);
      imaginary += value * Math.sin((2 * Math.PI * 10 * i) / 256);
    }
    return Math.hypot(real, imaginary);
  });
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: Float64Array, meanX: number, y: Float64Array, meanY: number): number =>
    x.reduce((sum, value, i) => sum + (value - meanX) * ((y[i] ?? 0) - meanY), 0);
  const scale = product(a, meanA, a, meanA) * product(b, meanB, b, meanB);
  return product(a, meanA, b, meanB) / Math.sqrt(scale);
}

describe("givenSamples", () => {
  it("hands out the counts in order, then zeros", () => {
    const source = givenSamples([1, -2147483648, 3]);
    expect([...take(source, 2), ...take(source, 3)]).toEqual([1, -2147483648, 3, 0, 0]);
  });
});

describe("skipping", () => {
  it.each([0, 1, 65536, 150_000])("leaves out the next %d samples, once", (nSkipped) => {
    const spec = { kind: "noise", seed: 1 } as const;
    const source = skipping(createSignal(spec, 256), nSkipped);
    const pieces = [...take(source, 10), ...take(source, 5)];
    expect(pieces).toEqual([...take(createSignal(spec, 256), nSkipped + 15).subarray(nSkipped)]);
  });
});
