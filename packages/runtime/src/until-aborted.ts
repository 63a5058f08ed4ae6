import { errorOfAbort } from "@mef3-cluster/contracts/signal-error";

/**
 * Waits for shared work without owning it: an abort ends the wait, not the work.
 *
 * @throws SignalError CANCELLED or DEADLINE_EXCEEDED when `signal` is aborted
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      reject(errorOfAbort(signal));
    };
    if (signal.aborted) {
      // The work goes on for others; its failure must not go unhandled here.
      work.catch(() => undefined);
      giveUp();
      return;
    }
    signal.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", giveUp);
    });
  });
}
