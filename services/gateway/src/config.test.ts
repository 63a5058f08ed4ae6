import { loadGatewayConfig, OBSOLETE_GATEWAY_NAMES, type GatewayConfig } from "./config";

const ROOTS = { DATA_ROOTS: "/data" };

function load(environment: Record<string, string>, cores = 8): GatewayConfig {
  return loadGatewayConfig({ environment }, cores).config;
}

describe("loadGatewayConfig", () => {
  it("keeps the defaults the predecessors' users know", () => {
    expect(load(ROOTS)).toMatchObject({
      PORT: 50051,
      ADMIN_PORT: 9464,
      TILE_DURATION_S: 60,
      TILE_CACHE_MB: 512,
      CACHE_TTL_S: 1800,
      PREFETCH_AHEAD_WINDOWS: 1,
      PREFETCH_BEHIND_WINDOWS: 1,
      N_PREFETCH: 3,
      LOG_LEVEL: "info",
    });
  });

  it("bounds what one request and one process may take by default", () => {
    expect(load(ROOTS)).toMatchObject({
      TILE_MAX_SAMPLES: 32768,
      MESSAGE_BYTES: 2.5 * 1024 * 1024,
      CATALOGUE_FRESH_S: 5,
      COMPAT_DAMAGE: "error",
      MAX_WINDOW_SAMPLES: 2 ** 32,
    });
  });

  it("takes several data roots, separated by colons", () => {
    expect(load({ DATA_ROOTS: "/data/a:/data/b/" }).dataRoots).toEqual(["/data/a", "/data/b/"]);
  });

  it("serves HOST_ROOT where no data roots are given", () => {
    expect(load({ HOST_ROOT: "/host_root" }).dataRoots).toEqual(["/host_root"]);
    const both = load({ HOST_ROOT: "/host_root", DATA_ROOTS: "/host_root/data" });
    expect(both.dataRoots).toEqual(["/host_root/data"]);
  });

  it.each<[string, Record<string, string>, string]>([
    ["no data roots at all", {}, "DATA_ROOTS: must be set, or HOST_ROOT must be"],
    ["a relative data root", { DATA_ROOTS: "/data:more" }, "must be absolute paths separated by"],
    ["a relative host root", { HOST_ROOT: "host" }, "HOST_ROOT: must be an absolute path"],
    ["an unknown damage mode", { ...ROOTS, COMPAT_DAMAGE: "skip" }, "must be one of error, nan"],
    ["messages beyond the clients' limit", { ...ROOTS, MESSAGE_BYTES: "4194304" }, "MESSAGE_BYTES"],
    [
      "cache shards",
      { ...ROOTS, CACHE_REDIS_URLS: "redis://cache" },
      "CACHE_REDIS_URLS: cluster mode is not available yet",
    ],
    [
      "a queue",
      { ...ROOTS, QUEUE_REDIS_URL: "redis://queue" },
      "QUEUE_REDIS_URL: cluster mode is not available yet",
    ],
  ])("refuses %s", (_name, environment, problem) => {
    const refused = expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(problem) as string,
    }) as Error;
    expect(() => load(environment)).toThrow(refused);
  });

  it("never shows the password of a URL it refuses", () => {
    const refused = expect.objectContaining({
      message: expect.not.stringContaining("hunter2") as string,
    }) as Error;
    const environment = { ...ROOTS, QUEUE_REDIS_URL: "redis://user:hunter2@queue" };
    expect(() => load(environment)).toThrow(refused);
  });

  it.each(Object.keys(OBSOLETE_GATEWAY_NAMES))("accepts %s with a warning", (name) => {
    const { warnings } = loadGatewayConfig({ environment: { ...ROOTS, [name]: "2" } }, 8);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(new RegExp(`^${name} has no effect: .*set [A-Z_]+`));
  });

  it("is frozen", () => {
    const config = load(ROOTS);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.dataRoots)).toBe(true);
  });

  it.each<[string, Record<string, string>, number, object]>([
    ["one core", {}, 1, { foreground: 1, prefetch: 1 }],
    ["two cores", {}, 2, { foreground: 1, prefetch: 1 }],
    ["eight cores", {}, 8, { foreground: 7, prefetch: 3 }],
    ["a given number", { READER_PROCESSES: "10" }, 2, { foreground: 10, prefetch: 5 }],
    ["a given number ahead", { PREFETCH_PROCESSES: "9" }, 4, { foreground: 3, prefetch: 9 }],
    ["prefetch that is off", { PREFETCH_PROCESSES: "0" }, 4, { foreground: 3, prefetch: 0 }],
  ])("sizes decode threads for %s", (_name, environment, cores, expected) => {
    expect(load({ ...ROOTS, ...environment }, cores).decodeThreads).toEqual(expected);
  });
});
