/**
 * Base-128 varints of protocol buffers for int64 fields held as safe integers.
 *
 * Source: Protocol Buffers, "Encoding", varints and signed integers: a negative
 * int64 is its 64-bit two's complement and always takes ten bytes.
 */

const NEGATIVE_LENGTH = 10;

/** Bytes that `writeVarint` will write. */
export function varintLength(value: number): number {
  if (value < 0) return NEGATIVE_LENGTH;
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** @returns the offset after the last byte written */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  return value < 0
    ? writeTwosComplement(target, offset, value)
    : writeUnsigned(target, offset, value);
}

function writeUnsigned(target: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  // Values pass 2^31, so no bitwise operators: they would cut to 32 bits.
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

function writeTwosComplement(target: Uint8Array, offset: number, value: number): number {
  let rest = BigInt.asUintN(64, BigInt(value));
  let at = offset;
  while (rest >= 0x80n) {
    target[at++] = Number(rest % 0x80n) + 0x80;
    rest /= 0x80n;
  }
  target[at++] = Number(rest);
  return at;
}
