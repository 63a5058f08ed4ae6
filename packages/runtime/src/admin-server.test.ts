import { connect } from "node:net";
import { once } from "node:events";
import { Gauge } from "prom-client";
import { startAdminServer, type AdminServer } from "./admin-server";
import { createLogger } from "./logger";
import { createRegistry } from "./metrics";
import { Readiness } from "./readiness";

const registry = createRegistry({ name: "test", version: "0", commit: "unknown" });
const logger = createLogger({ name: "test", version: "0", level: "silent" });
const never = new AbortController().signal;

describe("startAdminServer", () => {
  let readiness: Readiness;
  let admin: AdminServer;

  beforeEach(async () => {
    readiness = new Readiness();
    admin = await start();
  });

  afterEach(() => admin.close(1_000));

  function start(port = 0, signal = never): Promise<AdminServer> {
    return startAdminServer({ host: "127.0.0.1", port, registry, readiness, logger }, signal);
  }

  async function get(path: string, method = "GET"): Promise<[number, string]> {
    const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, { method });
    return [response.status, await response.text()];
  }

  it("is ready only between starting and draining, and live throughout", async () => {
    expect(await get("/ready")).toEqual([503, "starting\n"]);
    expect(await get("/live")).toEqual([200, "live\n"]);
    readiness.markReady();
    expect(await get("/ready")).toEqual([200, "ready\n"]);
    readiness.markDraining();
    expect(await get("/ready")).toEqual([503, "draining\n"]);
    expect(await get("/live")).toEqual([200, "live\n"]);
  });

  it("serves metrics as Prometheus text, whatever the query", async () => {
    const response = await fetch(`http://127.0.0.1:${admin.port}/metrics?a=b`);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toContain("mef3_build_info");
  });

  it.each(["/", "/metrics/", "/live/../x", "//", "/favicon.ico"])("knows no %s", async (path) => {
    expect((await get(path))[0]).toBe(404);
  });

  it.each(["POST", "HEAD", "DELETE"])("refuses %s", async (method) => {
    expect((await get("/metrics", method))[0]).toBe(405);
  });

  it("answers 500 when a collector fails, and goes on", async () => {
    const name = "broken_gauge";
    const collect = () => {
      throw new Error("broken");
    };
    new Gauge({ name, help: "Fails.", registers: [registry], collect });
    expect((await get("/metrics"))[0]).toBe(500);
    registry.removeSingleMetric(name);
    expect((await get("/metrics"))[0]).toBe(200);
  });

  it("refuses headers that are too large", async () => {
    const response = await fetch(`http://127.0.0.1:${admin.port}/live`, {
      headers: { "x-large": "x".repeat(10_000) },
    });
    expect(response.status).toBe(431);
  });

  it("says which setting to change when its port is taken", async () => {
    await expect(start(admin.port)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: `admin port ${admin.port} on 127.0.0.1 is taken by another process; choose another with ADMIN_PORT`,
    });
  });

  it("does not start for an aborted signal", async () => {
    await expect(start(0, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("cuts off a request that outlives the deadline of its closing", async () => {
    const socket = connect(admin.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET /live HTTP/1.1\r\n");
    const cut = once(socket, "close");
    // A reset counts as cut off, too.
    socket.on("error", () => undefined);
    await get("/live");
    await admin.close(20);
    await cut;
    await expect(get("/live")).rejects.toThrow("fetch failed");
  });

  it("can be closed twice", async () => {
    await admin.close(1_000);
    await expect(admin.close(1_000)).resolves.toBeUndefined();
  });
});
