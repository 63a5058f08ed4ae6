import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { isSignalError, SignalError } from "@mef3-cluster/contracts/signal-error";
import { copyRows, damageError, damageIn, type RowTiles } from "./assemble";
import type { Prefetcher } from "./prefetcher";
import {
  type ColumnRange,
  loadSlab,
  partRanges,
  type Slab,
  type SlabOptions,
  slabRanges,
  tilesOnEdge,
} from "./slab";
import type { WindowPart, WindowReader, WindowRequest } from "./window-reader";

export interface TiledWindowReaderOptions extends SlabOptions {
  readonly prefetcher: Prefetcher;
  /** The recording as it is now, after SESSION_CHANGED. */
  readonly describeAgain: (
    session: SessionDescription,
    signal: AbortSignal,
  ) => Promise<SessionDescription>;
}

/** Made once: an error made for every read that ends would cost its stack trace each time. */
const READ_ENDED = new SignalError("CANCELLED", "the read has ended");

/** A recording may grow while a long read is under way, but not between any two looks. */
const MAX_CHANGES_PER_SLAB = 3;

/** Reads windows slab by slab: one is handed out while the next one's tiles are fetched. */
export class TiledWindowReader implements WindowReader {
  constructor(private readonly options: TiledWindowReaderOptions) {}

  async *read(
    request: WindowRequest,
    maxPartBytes: number,
    signal: AbortSignal,
  ): AsyncGenerator<WindowPart> {
    // Ends the fetch of the next slab when the consumer stops early.
    const stop = new AbortController();
    const follow = (): void => {
      stop.abort(signal.reason);
    };
    if (signal.aborted) follow();
    else signal.addEventListener("abort", follow, { once: true });
    let current: Slab | undefined;
    let next: Promise<Slab> | undefined;
    try {
      const ranges = slabRanges(request, this.options);
      const fetchNext = (previous: Slab | undefined): Promise<Slab> | undefined => {
        const range = ranges.next();
        if (range.done === true) return undefined;
        const atHand = previous === undefined ? [] : tilesOnEdge(previous);
        const slab = this.#load(previous?.request ?? request, range.value, atHand, stop.signal);
        // Its failure is thrown when its turn comes; meanwhile it is not unhandled.
        slab.catch(() => undefined);
        return slab;
      };
      next = fetchNext(undefined);
      while (next !== undefined) {
        current = await next;
        next = fetchNext(current);
        yield* this.#parts(current, request, maxPartBytes);
        current.release();
        // Its tiles are not accounted for any more: they must not outlive the wait for the next.
        current = undefined;
      }
    } finally {
      signal.removeEventListener("abort", follow);
      stop.abort(READ_ENDED);
      current?.release();
      next?.then(
        (slab) => {
          slab.release();
        },
        () => undefined,
      );
    }
  }

  prefetchAround(request: WindowRequest): void {
    this.options.prefetcher.around(request);
  }

  prefetch(request: WindowRequest): void {
    this.options.prefetcher.window(request);
  }

  *#parts(slab: Slab, request: WindowRequest, maxPartBytes: number): Generator<WindowPart> {
    for (const { offset, nSamples } of partRanges(slab, request, maxPartBytes)) {
      const damage = damageIn(slab.rows, offset, nSamples);
      if (damage.length > 0 && request.damage === "error") throw damageError(slab.rows, damage);
      yield {
        offset,
        nSamples,
        damage,
        copyInto: (target, byteOffset) => {
          copyRows(slab.rows, offset, nSamples, request.sampleType, target, byteOffset);
        },
      };
    }
  }

  async #load(
    request: WindowRequest,
    range: ColumnRange,
    edge: readonly RowTiles[],
    signal: AbortSignal,
  ): Promise<Slab> {
    let wanted = request;
    let atHand = edge;
    for (let changes = 0; ; changes += 1) {
      try {
        return await loadSlab(wanted, range, atHand, request.lane, this.options, signal);
      } catch (error) {
        const changed = isSignalError(error) && error.code === "SESSION_CHANGED";
        if (!changed || changes === MAX_CHANGES_PER_SLAB) throw error;
        wanted = followGrowth(wanted, await this.options.describeAgain(wanted.session, signal));
        // From before the growth.
        atHand = [];
      }
    }
  }
}

/**
 * The same request on the recording as it is now.
 *
 * @throws SignalError SESSION_CHANGED if it did more than grow: then the samples
 *   already sent are not of the same recording
 */
function followGrowth(request: WindowRequest, session: SessionDescription): WindowRequest {
  const rows = request.rows.map(({ channel, firstSlot }) => {
    const now = session.channels.find(({ name }) => name === channel.name);
    if (now?.identity !== channel.identity) {
      throw new SignalError("SESSION_CHANGED", "the recording changed while it was read", {
        channel: channel.name,
      });
    }
    return { channel: now, firstSlot };
  });
  return { ...request, session, rows };
}
