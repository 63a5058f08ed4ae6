import { counterBy, createRegistry, histogramBy } from "./metrics";

const BUILD = { name: "gateway", version: "1.2.3", commit: "abc" };

describe("createRegistry", () => {
  it("reports the build, the process and the event loop's lag", async () => {
    const page = await createRegistry(BUILD).metrics();
    expect(page).toContain('mef3_build_info{name="gateway",version="1.2.3",commit="abc"} 1');
    expect(page).toContain("process_resident_memory_bytes");
    expect(page).toContain("nodejs_eventloop_lag_p99_seconds");
  });

  it("makes registries that share nothing", async () => {
    const [one, other] = [createRegistry(BUILD), createRegistry(BUILD)];
    counterBy(one, { name: "reads_total", help: "Reads.", label: "outcome", values: ["ok"] });
    expect(await other.metrics()).not.toContain("reads_total");
  });
});

describe("counterBy", () => {
  it("shows every label value from the start and counts by value", async () => {
    const registry = createRegistry(BUILD);
    const requests = counterBy(registry, {
      name: "mef3_gateway_tile_requests_total",
      help: "Tiles needed to answer reads, by where each was found.",
      label: "outcome",
      values: ["hit", "miss"],
    });
    requests.hit.inc();
    requests.hit.inc(2);
    const page = await registry.metrics();
    expect(page).toContain('mef3_gateway_tile_requests_total{outcome="hit"} 3');
    expect(page).toContain('mef3_gateway_tile_requests_total{outcome="miss"} 0');
  });
});

describe("histogramBy", () => {
  it("shows every label value from the start and observes by value", async () => {
    const registry = createRegistry(BUILD);
    const duration = histogramBy(registry, {
      name: "mef3_gateway_tile_fetch_duration_seconds",
      help: "Time to get a tile.",
      label: "outcome",
      values: ["hit", "miss"],
      buckets: [0.1, 1],
    });
    duration.miss.observe(0.5);
    const page = await registry.metrics();
    const name = "mef3_gateway_tile_fetch_duration_seconds";
    expect(page).toContain(`${name}_bucket{le="0.1",outcome="miss"} 0`);
    expect(page).toContain(`${name}_bucket{le="1",outcome="miss"} 1`);
    expect(page).toContain(`${name}_count{outcome="hit"} 0`);
  });
});
