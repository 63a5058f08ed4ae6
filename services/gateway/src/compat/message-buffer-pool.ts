import { SignalError } from "@mef3-cluster/contracts/signal-error";

/** Chosen: smaller messages share one size, so that few sizes serve all reads. */
const SMALLEST_BUFFER_BYTES = 64 * 1024;

/**
 * Buffers for outgoing messages, kept for reuse: a fresh buffer of megabytes for
 * each message costs full garbage collections.
 *
 * A buffer belongs to whoever took it until it is given back, and may be given
 * back only when nothing can read from it any more: after the write callback of
 * the message it holds. In doubt, let it go: the garbage collector takes it.
 */
export class MessageBufferPool {
  readonly #maxIdleBytes: number;
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  /** @param maxIdleBytes  what is kept for reuse at most; buffers in use do not count */
  constructor(maxIdleBytes: number) {
    this.#maxIdleBytes = maxIdleBytes;
  }

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /**
   * A buffer of at least `nBytes`, with whatever bytes its last use left in it.
   * It starts its own memory, so an offset divisible by 8 is aligned for float64.
   */
  take(nBytes: number): Buffer {
    const capacity = capacityFor(nBytes);
    const buffer = this.#idle.get(capacity)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(capacity);
    this.#idleBytes -= capacity;
    return buffer;
  }

  /**
   * @param buffer  exactly what `take` returned
   * @throws SignalError INTERNAL if it was given back before: two messages would share it
   */
  giveBack(buffer: Buffer): void {
    const capacity = buffer.length;
    const idle = this.#idle.get(capacity) ?? [];
    if (idle.includes(buffer)) {
      throw new SignalError("INTERNAL", "a message buffer was given back twice");
    }
    if (this.#idleBytes + capacity > this.#maxIdleBytes) return;
    idle.push(buffer);
    this.#idle.set(capacity, idle);
    this.#idleBytes += capacity;
  }
}

/** The next power of two; pages of a buffer that are never written are never resident. */
function capacityFor(nBytes: number): number {
  return Math.max(SMALLEST_BUFFER_BYTES, 2 ** Math.ceil(Math.log2(nBytes)));
}
