/**
 * The next 32 random bits, as a signed integer that is also the next state.
 * Period 2^32 - 1; never 0.
 *
 * Source: G. Marsaglia, "Xorshift RNGs", 2003.
 */
export function nextWord(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x;
}

/** A state from a seed, such that neighbouring seeds give unrelated sequences. */
export function seededState(seed: number): number {
  return mixed(seed, 0) | 1;
}

/**
 * 32 well-mixed bits of two integers, as a signed integer.
 *
 * Source: the finalizer of A. Appleby's MurmurHash3.
 */
export function mixed(a: number, b: number): number {
  let x = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ 0x27d4eb2f;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** `mixed()` as a number in `[0, 1)`. */
export function mixedFraction(a: number, b: number): number {
  return (mixed(a, b) >>> 0) / 2 ** 32;
}
