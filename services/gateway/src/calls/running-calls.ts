import { SignalError } from "@mef3-cluster/contracts/signal-error";

/** The part of a grpc-js server call that says whether its client still waits. */
export interface CallLifetime {
  readonly cancelled: boolean;
  on(event: "cancelled", listener: () => void): unknown;
  /** Milliseconds since 1970, or Infinity. */
  getDeadline(): Date | number;
}

/** A call from its start to its end. */
export interface RunningCall {
  /** Aborts when nobody waits for the answer, or the process is going down. */
  readonly signal: AbortSignal;
  /** Aborts only when nobody waits for the answer. */
  readonly clientGone: AbortSignal;
  end(): void;
}

/** A timer takes no longer delay; a deadline that far away is none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The calls under way, so that a shutdown can wait for them and end those that last. */
export class RunningCalls {
  readonly #now: () => number;
  readonly #controllers = new Set<AbortController>();
  readonly #idleListeners = new Set<() => void>();
  #shuttingDown: SignalError | undefined;

  /** @param now  milliseconds since 1970, the clock of deadlines */
  constructor(now: () => number) {
    this.#now = now;
  }

  get count(): number {
    return this.#controllers.size;
  }

  begin(call: CallLifetime): RunningCall {
    const whole = new AbortController();
    const client = new AbortController();
    this.#controllers.add(whole);
    const leave = (reason: SignalError): void => {
      client.abort(reason);
      whole.abort(reason);
    };
    const cancelled = (): void => {
      // grpc-js reports the end of every answered call as "cancelled", too.
      if (!this.#controllers.has(whole)) return;
      leave(new SignalError("CANCELLED", "the caller went away"));
    };
    call.on("cancelled", cancelled);
    const timer = this.#atDeadline(call.getDeadline(), leave);
    if (call.cancelled) cancelled();
    if (this.#shuttingDown !== undefined) whole.abort(this.#shuttingDown);
    return {
      signal: whole.signal,
      clientGone: client.signal,
      end: () => {
        clearTimeout(timer);
        if (this.#controllers.delete(whole) && this.count === 0) this.#notifyIdle();
      },
    };
  }

  /** Aborts every call that runs or begins from now on: the process is going down. */
  cancelAll(): void {
    const reason = new SignalError("UNAVAILABLE", "the server is shutting down");
    this.#shuttingDown = reason;
    for (const controller of this.#controllers) controller.abort(reason);
  }

  /** Resolves once no call runs, or when `signal` aborts; true if no call runs. */
  async whenIdle(signal: AbortSignal): Promise<boolean> {
    if (this.count > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#idleListeners.delete(listener);
          signal.removeEventListener("abort", listener);
          resolve();
        };
        this.#idleListeners.add(listener);
        signal.addEventListener("abort", listener);
      });
    }
    return this.count === 0;
  }

  #atDeadline(
    deadline: Date | number,
    leave: (reason: SignalError) => void,
  ): NodeJS.Timeout | undefined {
    const delayMs = Number(deadline) - this.#now();
    if (delayMs > LONGEST_TIMER_MS) return undefined;
    return setTimeout(() => {
      leave(new SignalError("DEADLINE_EXCEEDED", "the deadline passed"));
    }, delayMs);
  }

  #notifyIdle(): void {
    for (const listener of [...this.#idleListeners]) listener();
  }
}
