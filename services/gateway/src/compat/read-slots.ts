import { SignalError } from "@mef3-cluster/contracts/signal-error";

/** Bounds the reads that are answered at once, and with them the memory they take. */
export class ReadSlots {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws SignalError OVERLOADED if as many reads as allowed are under way */
  async during<T>(read: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#max) {
      const message = `${this.#max} reads are under way, which is the limit; try again`;
      throw new SignalError("OVERLOADED", message);
    }
    this.#taken += 1;
    try {
      return await read();
    } finally {
      this.#taken -= 1;
    }
  }
}
