import { errorOfAbort, SignalError } from "@mef3-cluster/contracts/signal-error";

interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * Bytes that many readers share. Who finds too little left waits in line, so
 * that memory stays bounded however many read at once.
 */
export class ByteBudget {
  readonly #line: Waiter[] = [];
  #free: number;

  constructor(private readonly total: number) {
    this.#free = total;
  }

  /** Bytes taken and not given back. */
  get used(): number {
    return this.total - this.#free;
  }

  /**
   * Takes bytes, waiting for others to give theirs back.
   *
   * @returns gives them back; calling it again does nothing
   * @throws SignalError LIMIT_EXCEEDED if it could never be granted; CANCELLED or
   *   DEADLINE_EXCEEDED by `signal`
   */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    if (bytes > this.total) {
      throw new SignalError("LIMIT_EXCEEDED", "too many channels at once: ask for fewer", {
        bytes,
        limit: this.total,
      });
    }
    if (signal.aborted) throw errorOfAbort(signal);
    if (this.#line.length > 0 || bytes > this.#free) await this.#wait(bytes, signal);
    else this.#free -= bytes;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += bytes;
      this.#serve();
    };
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(errorOfAbort(signal));
        // Whoever stands behind may fit where this one did not.
        this.#serve();
      };
      const waiter: Waiter = {
        bytes,
        grant: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#line.push(waiter);
    });
  }

  #serve(): void {
    for (let next = this.#line[0]; next !== undefined && next.bytes <= this.#free;) {
      this.#line.shift();
      this.#free -= next.bytes;
      next.grant();
      next = this.#line[0];
    }
  }
}
