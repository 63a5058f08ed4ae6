import { errorOfAbort, SignalError } from "@mef3-cluster/contracts/signal-error";

/** The part of a grpc-js server stream that messages are written to. */
export interface MessageStream {
  write(message: Buffer, callback: (error?: Error | null) => void): boolean;
}

/**
 * Sends one message and waits until the transport has taken it, so that a stream
 * never has more than one message waiting, however slowly its client reads.
 *
 * The message's memory may be reused once this resolves. When it rejects the
 * transport may still read from it, then or later: on cancellation grpc-js never
 * calls a write's callback.
 *
 * @param signal   ends the wait
 * @param stallMs  longest time a client may take to accept the message
 * @throws SignalError CANCELLED or what else `signal` aborted for; DEADLINE_EXCEEDED
 *   if the client did not accept the message in time
 */
export async function sendMessage(
  stream: MessageStream,
  message: Buffer,
  signal: AbortSignal,
  stallMs: number,
): Promise<void> {
  if (signal.aborted) throw errorOfAbort(signal);
  let abandon: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      abandon = () => {
        reject(errorOfAbort(signal));
      };
      signal.addEventListener("abort", abandon);
      timer = setTimeout(() => {
        const message = `the client accepted nothing for ${stallMs / 1000} s`;
        reject(new SignalError("DEADLINE_EXCEEDED", message));
      }, stallMs);
      // The callback stands for write()'s result and "drain" as well: one message at a time.
      stream.write(message, (cause) => {
        if (cause) reject(new SignalError("CANCELLED", "the caller went away", {}, { cause }));
        else resolve();
      });
    });
  } finally {
    clearTimeout(timer);
    if (abandon !== undefined) signal.removeEventListener("abort", abandon);
  }
}
