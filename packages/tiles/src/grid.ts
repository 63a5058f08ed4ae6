import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { Uutc } from "@mef3-cluster/contracts/uutc";

/**
 * Rounds to the nearest integer, halves away from zero; never answers -0.
 *
 * `Math.round` takes halves up, and `Math.floor(x + 0.5)` also rounds
 * 0.49999999999999994 up, because the sum is not exact. The fraction taken here
 * is exact for every double.
 */
export function roundHalfAway(x: number): number {
  const whole = Math.trunc(x);
  const rounded = Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
  return rounded + 0;
}

/**
 * The slot of a channel's sample grid at a time; negative before the channel's start.
 *
 * The arithmetic is `((double)(t - start) * fs) / 1e6` in exactly this order, so
 * that every language and the native code agree to the bit. It is monotone:
 * windows that join in time join in slots.
 *
 * @param samplingRate  Hz
 * @throws SignalError INVALID_WINDOW if the slot is not within ±(2^53 - 1)
 * @see docs/mef3-format.md, section 9
 */
export function gridSlot(tUutc: Uutc, channelStartUutc: Uutc, samplingRate: number): number {
  return safeInteger(roundHalfAway(((tUutc - channelStartUutc) * samplingRate) / 1e6), "slot");
}

/**
 * The time of a slot.
 *
 * @param samplingRate  Hz
 * @throws SignalError INVALID_WINDOW if the time is not within ±(2^53 - 1) µs
 * @see docs/mef3-format.md, section 9
 */
export function slotUutc(slot: number, channelStartUutc: Uutc, samplingRate: number): Uutc {
  const offsetUs = roundHalfAway((slot * 1e6) / samplingRate);
  return safeInteger(channelStartUutc + offsetUs, "time") as Uutc;
}

function safeInteger(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) {
    throw new SignalError("INVALID_WINDOW", `the window's ${what} is outside ±2^53`, { value });
  }
  return value;
}
