import type { Registry } from "prom-client";
import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { Decoder } from "@mef3-cluster/decoder/decoder";
import type { Logger } from "@mef3-cluster/runtime/logger";
import { MemoryTileCache } from "@mef3-cluster/tiles/memory-tile-cache";
import { startSweeper } from "@mef3-cluster/tiles/tile-cache-sweeper";
import { recordingPrefix } from "@mef3-cluster/tiles/tile-key";
import type { GatewayConfig } from "../config";
import { ByteBudget } from "../read-path/byte-budget";
import { Prefetcher } from "../read-path/prefetcher";
import { TileLoader } from "../read-path/tile-loader";
import { TiledWindowReader } from "../read-path/tiled-window-reader";
import type { WindowReader } from "../read-path/window-reader";
import type { SessionCatalogue } from "../sessions/session-catalogue";
import { createReadPathMetrics, type ReadPathMetrics } from "./read-path-metrics";

const MIB = 1024 * 1024;
/** Chosen: decoded in some tens of milliseconds; a read holds two, the default budget eight. */
const SLAB_BYTES = 16 * MIB;
/** Chosen: about four milliseconds of one decode thread. */
const SAMPLES_PER_JOB = MIB;
/** Prefetch may fill this share of the cache before reads have used it. */
const PREFETCH_SHARE = 0.25;
const SWEEP_EVERY_MS = 10_000;

/** What one process that decodes by itself reads recordings with. */
export interface EmbeddedReadPath {
  readonly catalogue: SessionCatalogue;
  readonly windows: WindowReader;
  close(): Promise<void>;
}

/** The wiring of the embedded mode: the one place that takes the decoder as a library. */
export function createEmbeddedReadPath(
  config: GatewayConfig,
  parts: { readonly logger: Logger; readonly registry: Registry },
): Promise<EmbeddedReadPath> {
  const { logger, registry } = parts;
  const metrics = createReadPathMetrics(registry);
  const decoder = createDecoder(config, logger, metrics);
  const cache = new MemoryTileCache({
    maxBytes: config.TILE_CACHE_MB * MIB,
    ttlMs: config.CACHE_TTL_S * 1000,
    now,
    observer: metrics.cache,
  });
  const stopSweeper = startSweeper(cache, SWEEP_EVERY_MS);
  const loader = new TileLoader({
    cache,
    maker: decoder,
    samplesPerJob: SAMPLES_PER_JOB,
    onTiles: metrics.tiles,
  });
  const tileLength = {
    tileDurationSeconds: config.TILE_DURATION_S,
    tileMaxSamples: config.TILE_MAX_SAMPLES,
  };
  const prefetcher = new Prefetcher({
    loader,
    tileLength,
    aheadWindows: config.PREFETCH_AHEAD_WINDOWS,
    behindWindows: config.PREFETCH_BEHIND_WINDOWS,
    maxBytes: config.decodeThreads.prefetch === 0 ? 0 : cacheShare(config),
    onTiles: metrics.prefetched,
    onError: (err) => {
      logger.error({ err }, "prefetch failed");
    },
  });
  const windows = new TiledWindowReader({
    tileLength,
    slabBytes: Math.min(SLAB_BYTES, (config.WINDOW_MEMORY_MB * MIB) / 4),
    budget: new ByteBudget(config.WINDOW_MEMORY_MB * MIB),
    loader,
    prefetcher,
    describeAgain: (session, signal) => decoder.describeCanonical(session.path, signal),
  });
  return Promise.resolve({
    catalogue: createCatalogue(decoder, cache),
    windows,
    close: () => {
      prefetcher.close();
      stopSweeper();
      decoder.close();
      return Promise.resolve();
    },
  });
}

const now = (): number => performance.now();

function cacheShare(config: GatewayConfig): number {
  return config.TILE_CACHE_MB * MIB * PREFETCH_SHARE;
}

function createDecoder(config: GatewayConfig, logger: Logger, metrics: ReadPathMetrics): Decoder {
  return new Decoder({
    roots: config.dataRoots,
    hostRoot: config.HOST_ROOT,
    threads: config.decodeThreads.foreground,
    prefetchThreads: config.decodeThreads.prefetch,
    freshMs: config.CATALOGUE_FRESH_S * 1000,
    maxIndexBytes: config.INDEX_CACHE_MB * MIB,
    maxIdleFiles: config.MAX_IDLE_DATA_FILES,
    now,
    observer: metrics.decoder,
    onCloseError: (err) => {
      logger.warn({ err }, "closing a data file failed");
    },
  });
}

function createCatalogue(decoder: Decoder, cache: MemoryTileCache): SessionCatalogue {
  return {
    describe: (clientPath, signal) => decoder.describe(clientPath, signal),
    release: (session: SessionDescription) => {
      decoder.release(session.path);
      cache.dropPrefixNow(recordingPrefix(session));
    },
  };
}
