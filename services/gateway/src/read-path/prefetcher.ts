import { isSignalError } from "@mef3-cluster/contracts/signal-error";
import type { TileLength } from "@mef3-cluster/tiles/geometry";
import { BYTES_PER_SLOT, bytesOfTiles, type TileNeed } from "./plan";
import { planColumns } from "./slab";
import type { TileLoader } from "./tile-loader";
import type { WindowRequest } from "./window-reader";

export interface PrefetcherOptions {
  readonly loader: TileLoader;
  readonly tileLength: TileLength;
  readonly aheadWindows: number;
  readonly behindWindows: number;
  /** Tiles being prefetched at any time; what does not fit is not prefetched. */
  readonly maxBytes: number;
  readonly onTiles: (n: number) => void;
  /** A prefetch failed for a reason that is not the recording's. */
  readonly onError: (error: unknown) => void;
}

/** Decodes windows that will probably be asked for next. Best effort: it never fails a caller. */
export class Prefetcher {
  readonly #stop = new AbortController();
  #bytes = 0;

  constructor(private readonly options: PrefetcherOptions) {}

  /** The windows after and before one that was read, nearest first. */
  around(request: WindowRequest): void {
    const { aheadWindows, behindWindows } = this.options;
    for (let i = 1; i <= Math.max(aheadWindows, behindWindows); i += 1) {
      if (i <= aheadWindows) this.window(shifted(request, i * request.nSamples));
      if (i <= behindWindows) this.window(shifted(request, -i * request.nSamples));
    }
  }

  /** One window. */
  window(request: WindowRequest): void {
    const bytes = request.rows.length * request.nSamples * BYTES_PER_SLOT;
    // The whole window's size first: a plan of ten years of tiles is itself large.
    if (bytes <= 0 || bytes > this.options.maxBytes) return;
    const { loader } = this.options;
    const whole = { offset: 0, nSamples: request.nSamples };
    const needs = planColumns(request, whole, this.options.tileLength)
      .flat()
      .filter((need) => loader.isMissing(need));
    if (needs.length > 0) this.#start(needs);
  }

  /** Ends what is under way. */
  close(): void {
    this.#stop.abort();
  }

  #start(needs: readonly TileNeed[]): void {
    const bytes = bytesOfTiles(needs);
    if (this.#bytes + bytes > this.options.maxBytes || this.#stop.signal.aborted) return;
    this.#bytes += bytes;
    this.options.onTiles(needs.length);
    this.options.loader
      .load(needs, "prefetch", this.#stop.signal)
      .catch((error: unknown) => {
        // What is wrong with a recording is told to whoever reads it.
        if (!isSignalError(error) || error.code === "INTERNAL") this.options.onError(error);
      })
      .finally(() => {
        this.#bytes -= bytes;
      });
  }
}

function shifted(request: WindowRequest, columns: number): WindowRequest {
  const rows = request.rows.map(({ channel, firstSlot }) => ({
    channel,
    firstSlot: firstSlot + columns,
  }));
  return { ...request, rows };
}
