import { SignalError } from "./signal-error";

/**
 * A point in time as microseconds since 1970-01-01T00:00:00Z (MEF "uUTC"),
 * after the session's recording time offset has been removed.
 *
 * A plain `number`: today's values are about 1.8e15 and the safe-integer limit
 * is 9.0e15 (year 2255). Values read from disk or from the wire are int64 and
 * are narrowed once, at the edge, so nothing inside does offset arithmetic.
 */
export type Uutc = number & { readonly __unit: "uutc" };

/**
 * Brands a number that is already known to be a time in µs.
 *
 * @throws SignalError INVALID_ARGUMENT if it is not a safe integer
 */
export function toUutc(value: number): Uutc {
  if (!Number.isSafeInteger(value)) {
    throw new SignalError("INVALID_ARGUMENT", "time is not an integer within ±2^53 µs", { value });
  }
  return value as Uutc;
}

/**
 * Narrows an int64 wire field, given as a decimal string, to a safe integer.
 *
 * @param field  name of the field, for the error message
 * @throws SignalError INVALID_ARGUMENT outside ±(2^53 - 1)
 */
export function parseInt64(wire: string | number, field: string): number {
  // Number() also takes "", " 7 " and "0x10".
  const value = /^-?\d+$/.test(String(wire)) ? Number(wire) : NaN;
  if (!Number.isSafeInteger(value)) {
    throw new SignalError("INVALID_ARGUMENT", `${field} is not an integer within ±2^53`, {
      field,
      value: String(wire),
    });
  }
  return value;
}
