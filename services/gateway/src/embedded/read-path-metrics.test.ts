import { DAMAGE_REASONS } from "@mef3-cluster/contracts/session-description";
import { EVICTION_REASONS } from "@mef3-cluster/tiles/memory-tile-cache";
import { Registry } from "prom-client";
import { TILE_OUTCOMES } from "../read-path/tile-loader";
import { createReadPathMetrics } from "./read-path-metrics";

async function pageOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split("\n");
}

describe("createReadPathMetrics", () => {
  it("shows every series at 0 from the start", async () => {
    const registry = new Registry();
    createReadPathMetrics(registry);
    const page = await pageOf(registry);
    for (const outcome of TILE_OUTCOMES) {
      expect(page).toContain(`mef3_gateway_tile_requests_total{outcome="${outcome}"} 0`);
    }
    for (const reason of EVICTION_REASONS) {
      expect(page).toContain(`mef3_tile_cache_evictions_total{reason="${reason}"} 0`);
    }
    for (const reason of DAMAGE_REASONS) {
      expect(page).toContain(`mef3_decoder_damaged_spans_total{reason="${reason}"} 0`);
    }
    expect(page).toContain("mef3_decoder_samples_total 0");
  });

  it("counts tiles by where they were found, and those made ahead of time", async () => {
    const registry = new Registry();
    const metrics = createReadPathMetrics(registry);
    metrics.tiles("memory", 3);
    metrics.tiles("memory", 2);
    metrics.tiles("empty", 1);
    metrics.prefetched(7);
    const page = await pageOf(registry);
    expect(page).toContain('mef3_gateway_tile_requests_total{outcome="memory"} 5');
    expect(page).toContain('mef3_gateway_tile_requests_total{outcome="empty"} 1');
    expect(page).toContain('mef3_gateway_tile_requests_total{outcome="decoded"} 0');
    expect(page).toContain("mef3_gateway_prefetched_tiles_total 7");
  });

  it("shows what the cache holds, lost and refused", async () => {
    const registry = new Registry();
    const { cache } = createReadPathMetrics(registry);
    cache.size(4096, 3);
    cache.evicted("capacity");
    cache.evicted("capacity");
    cache.evicted("expired");
    cache.refused();
    cache.hit();
    cache.miss();
    cache.size(1024, 1);
    const page = await pageOf(registry);
    expect(page).toContain("mef3_tile_cache_bytes 1024");
    expect(page).toContain("mef3_tile_cache_tiles 1");
    expect(page).toContain('mef3_tile_cache_evictions_total{reason="capacity"} 2');
    expect(page).toContain('mef3_tile_cache_evictions_total{reason="expired"} 1');
    expect(page).toContain("mef3_tile_cache_refused_total 1");
  });

  it("adds up what decoding did, its damage by reason", async () => {
    const registry = new Registry();
    const { decoder } = createReadPathMetrics(registry);
    const damage = [
      { firstSlot: 0, nSlots: 5, reason: "BLOCK_CRC" as const },
      { firstSlot: 9, nSlots: 1, reason: "BLOCK_CRC" as const },
      { firstSlot: 20, nSlots: 1, reason: "INDEX_ENTRY" as const },
    ];
    const outcomes = [{ damage, factorRuns: [], encrypted: [] }];
    const counts = { nBlocks: 2, samplesDecoded: 500, samplesPlaced: 400, bytesRead: 600 };
    decoder.decoded({ status: "OK", outcomes, ...counts }, 0.002);
    decoder.decoded({ status: "OK", outcomes: [], ...counts }, 0.2);
    const page = await pageOf(registry);
    expect(page).toContain("mef3_decoder_blocks_total 4");
    expect(page).toContain("mef3_decoder_samples_total 1000");
    expect(page).toContain("mef3_decoder_samples_placed_total 800");
    expect(page).toContain("mef3_decoder_read_bytes_total 1200");
    expect(page).toContain('mef3_decoder_damaged_spans_total{reason="BLOCK_CRC"} 2');
    expect(page).toContain('mef3_decoder_damaged_spans_total{reason="INDEX_ENTRY"} 1');
    expect(page).toContain('mef3_decoder_decode_duration_seconds_bucket{le="0.003"} 1');
    expect(page).toContain("mef3_decoder_decode_duration_seconds_count 2");
  });
});
