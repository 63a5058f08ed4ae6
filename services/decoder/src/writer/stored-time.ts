import { SignalError } from "@mef3-cluster/contracts/signal-error";

/** The stored form of "no entry". */
export const NO_TIME = -(2n ** 63n);

/**
 * The stored form of a time: `-(t - rto)`, whose sign says that the recording
 * time offset was applied, or the time itself if it is not after the offset.
 *
 * @param uutc                 µs
 * @param recordingTimeOffset  µs; 0 for none, and times are stored negated then, too
 * @throws SignalError INVALID_ARGUMENT if the stored form would be another time's:
 *   a time that is neither after the offset nor positive
 * @see docs/mef3-format.md, section 6.2
 */
export function storedTime(uutc: number, recordingTimeOffset: number): bigint {
  if (uutc > recordingTimeOffset) return -BigInt(uutc - recordingTimeOffset);
  if (uutc < 0) {
    throw new SignalError("INVALID_ARGUMENT", "a time before 1970 cannot be stored", { uutc });
  }
  return BigInt(uutc);
}
