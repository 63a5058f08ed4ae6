import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import type { Lane } from "@mef3-cluster/contracts/lane";
import type { TileJob } from "@mef3-cluster/contracts/tile-job";
import { DataSources } from "./data-sources";
import { DecodePool } from "./native";
import { SessionStore } from "./session-store";
import { OpenFileCache } from "./sources/open-file-cache";
import { RecordingPaths, type RecordingRoots } from "./sources/recording-paths";
import { type DecodeObserver, TileDecoder, type TileDecoding } from "./tile-decoder";

export interface DecoderOptions extends RecordingRoots {
  /** Threads for reads. */
  readonly threads: number;
  /** Threads for prefetch, besides those. */
  readonly prefetchThreads: number;
  /** How long the description of a session is trusted. */
  readonly freshMs: number;
  /** Budget for block indexes. */
  readonly maxIndexBytes: number;
  /** Data files kept open without being used. */
  readonly maxIdleFiles: number;
  /** ms, monotonic. */
  readonly now: () => number;
  readonly observer: DecodeObserver;
  readonly onCloseError: (error: unknown) => void;
}

/** Recordings in, descriptions and tiles out: the decoder as a library. */
export class Decoder {
  readonly #store: SessionStore;
  readonly #files: OpenFileCache;
  readonly #pool: DecodePool;
  readonly #tiles: TileDecoder;

  constructor(options: DecoderOptions) {
    this.#store = new SessionStore({ ...options, paths: new RecordingPaths(options) });
    this.#files = new OpenFileCache(options.maxIdleFiles, options.onCloseError);
    this.#pool = new DecodePool(options.threads, options.prefetchThreads);
    this.#tiles = new TileDecoder(
      this.#store,
      new DataSources(this.#store, this.#files),
      this.#pool,
      options.observer,
      options.now,
    );
  }

  /**
   * @param clientPath  as clients name it
   * @throws SignalError SESSION_NOT_FOUND, SESSION_INVALID, PASSWORD_REQUIRED, CANCELLED
   */
  async describe(clientPath: string, signal: AbortSignal): Promise<SessionDescription> {
    return (await this.#store.open(clientPath, signal)).description;
  }

  /** The same by canonical path, after `decode` said SESSION_CHANGED. */
  async describeCanonical(path: string, signal: AbortSignal): Promise<SessionDescription> {
    return (await this.#store.recheck(path, signal)).description;
  }

  decode(job: TileJob, lane: Lane): TileDecoding {
    return this.#tiles.decode(job, lane);
  }

  /** Lets go of what is held for a session: its index and open files. */
  release(sessionPath: string): void {
    this.#store.drop(sessionPath);
    this.#files.drop(sessionPath);
  }

  /** Native jobs that have not started, by lane. */
  waiting(lane: Lane): number {
    return this.#pool.waiting(lane);
  }

  /** Bytes of the indexes held. */
  get indexBytes(): number {
    return this.#store.memoryBytes;
  }

  /** Ends all jobs. */
  close(): void {
    this.#pool.close();
    this.#files.close();
  }
}
