import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { DAMAGE_REASONS, type DamageReason } from "@mef3-cluster/contracts/session-description";
import type { NativeJobResult } from "@mef3-cluster/decoder/native";
import type { DecodeObserver } from "@mef3-cluster/decoder/tile-decoder";
import { counterBy } from "@mef3-cluster/runtime/metrics";
import { EVICTION_REASONS, type TileCacheObserver } from "@mef3-cluster/tiles/memory-tile-cache";
import { TILE_OUTCOMES, type TileOutcome } from "../read-path/tile-loader";

/** What the read path reports, all under closed labels. */
export interface ReadPathMetrics {
  readonly tiles: (outcome: TileOutcome, n: number) => void;
  readonly prefetched: (n: number) => void;
  readonly cache: TileCacheObserver;
  readonly decoder: DecodeObserver;
}

export function createReadPathMetrics(registry: Registry): ReadPathMetrics {
  const registers = [registry];
  const tiles = counterBy(registry, {
    name: "mef3_gateway_tile_requests_total",
    help: "Tiles needed to answer reads, by where each was found.",
    label: "outcome",
    values: TILE_OUTCOMES,
  });
  const prefetched = new Counter({
    name: "mef3_gateway_prefetched_tiles_total",
    help: "Tiles that were decoded before anybody asked for them.",
    registers,
  });
  return {
    tiles: (outcome, n) => {
      tiles[outcome].inc(n);
    },
    prefetched: (n) => {
      prefetched.inc(n);
    },
    cache: cacheObserver(registry),
    decoder: decodeObserver(registry),
  };
}

function cacheObserver(registry: Registry): TileCacheObserver {
  const registers = [registry];
  const evictions = counterBy(registry, {
    name: "mef3_tile_cache_evictions_total",
    help: "Tiles that left the memory cache, by reason.",
    label: "reason",
    values: EVICTION_REASONS,
  });
  const refusals = new Counter({
    name: "mef3_tile_cache_refused_total",
    help: "Tiles that alone pass the byte budget of the memory cache.",
    registers,
  });
  const bytes = new Gauge({
    name: "mef3_tile_cache_bytes",
    help: "Bytes of tiles in the memory cache.",
    registers,
  });
  const entries = new Gauge({
    name: "mef3_tile_cache_tiles",
    help: "Tiles in the memory cache.",
    registers,
  });
  return {
    // Hits and misses of reads are counted as tile requests, by outcome.
    hit: () => undefined,
    miss: () => undefined,
    evicted: (reason) => {
      evictions[reason].inc();
    },
    refused: () => {
      refusals.inc();
    },
    size: (nBytes, nEntries) => {
      bytes.set(nBytes);
      entries.set(nEntries);
    },
  };
}

function decodeObserver(registry: Registry): DecodeObserver {
  const registers = [registry];
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const blocks = counter("mef3_decoder_blocks_total", "RED blocks that were decoded.");
  const decoded = counter("mef3_decoder_samples_total", "Samples that were decoded.");
  const placed = counter(
    "mef3_decoder_samples_placed_total",
    "Decoded samples that were written into a tile; the rest lay beyond its edges.",
  );
  const bytesRead = counter("mef3_decoder_read_bytes_total", "Bytes read from data files.");
  const damaged = counterBy<DamageReason>(registry, {
    name: "mef3_decoder_damaged_spans_total",
    help: "Damaged spans met while decoding, by reason.",
    label: "reason",
    values: DAMAGE_REASONS,
  });
  const seconds = new Histogram({
    name: "mef3_decoder_decode_duration_seconds",
    help: "From handing a task to the decode threads to its result.",
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  });
  return {
    decoded: (result: NativeJobResult, duration: number) => {
      blocks.inc(result.nBlocks);
      decoded.inc(result.samplesDecoded);
      placed.inc(result.samplesPlaced);
      bytesRead.inc(result.bytesRead);
      seconds.observe(duration);
      for (const outcome of result.outcomes) {
        for (const { reason } of outcome.damage) damaged[reason].inc();
      }
    },
  };
}
