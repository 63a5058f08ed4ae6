/**
 * Why a call failed, as a closed list. Codes cross process boundaries and
 * appear in metrics and on the wire: append, never rename.
 */
export const SIGNAL_ERROR_CODES = [
  /** No such recording below the configured roots, or the caller may not know of it. */
  "SESSION_NOT_FOUND",
  /** The recording exists but is not a readable MEF 3.0 session. */
  "SESSION_INVALID",
  /** A file of the recording changed while it was being read; a retry sees the new one. */
  "SESSION_CHANGED",
  "CHANNEL_NOT_FOUND",
  /** The recording is encrypted and no given or configured password opens it. */
  "PASSWORD_REQUIRED",
  "INVALID_ARGUMENT",
  /** The window is empty, reversed, or shorter than a sample. */
  "INVALID_WINDOW",
  /** One matrix cannot hold channels of several sampling rates. */
  "MIXED_SAMPLING_RATES",
  /** The window touches damaged data; the message names the first damaged span. */
  "DATA_DAMAGED",
  /** A configured limit would be passed; a smaller request can succeed. */
  "LIMIT_EXCEEDED",
  /** Too much is asked at the moment; the same request can succeed later. */
  "OVERLOADED",
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  /** A part this process depends on is not there, or the process is shutting down. */
  "UNAVAILABLE",
  /** A defect of ours. */
  "INTERNAL",
] as const;

export type SignalErrorCode = (typeof SIGNAL_ERROR_CODES)[number];

/** Ids and numbers for the log; never a password, a subject's name or samples. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The one error class of the product. `message` may be shown to a client;
 * `context` and `cause` are for logs only.
 */
export class SignalError extends Error {
  override readonly name = "SignalError";

  constructor(
    readonly code: SignalErrorCode,
    message: string,
    readonly context: ErrorContext = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function isSignalError(error: unknown): error is SignalError {
  return error instanceof SignalError;
}

/** The error an aborted signal stands for; a timeout's reason becomes DEADLINE_EXCEEDED. */
export function errorOfAbort(signal: AbortSignal): SignalError {
  const reason: unknown = signal.reason;
  if (isSignalError(reason)) return reason;
  if (isTimeout(reason)) {
    return new SignalError("DEADLINE_EXCEEDED", "the deadline passed", {}, { cause: reason });
  }
  return new SignalError("CANCELLED", "the caller went away", {}, { cause: reason });
}

/** Does not ask for `instanceof Error`: a timeout's reason may come from another realm. */
function isTimeout(reason: unknown): boolean {
  return (
    typeof reason === "object" &&
    reason !== null &&
    "name" in reason &&
    reason.name === "TimeoutError"
  );
}
