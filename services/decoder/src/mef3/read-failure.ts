import { SignalError } from "@mef3-cluster/contracts/signal-error";

/** What the process has run out of says nothing about the file. */
const OUT_OF_RESOURCES: readonly unknown[] = ["EMFILE", "ENFILE", "ENOMEM"];

/**
 * Why a file or folder cannot be read, for a warning.
 *
 * @throws SignalError OVERLOADED if this process has run out of files or memory;
 *   the error itself if it does not come from reading
 */
export function readFailure(error: unknown): string {
  if (error instanceof SignalError) throw error;
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (OUT_OF_RESOURCES.includes(code)) {
    throw new SignalError("OVERLOADED", "too many files are open", {}, { cause: error });
  }
  if (typeof code === "string") return `cannot be read: ${code}`;
  if (error instanceof RangeError) return error.message;
  throw error;
}
