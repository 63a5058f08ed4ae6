import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { startAdminServer } from "@mef3-cluster/runtime/admin-server";
import { readAppConfigFile } from "@mef3-cluster/runtime/app-config-file";
import { readEnvironment } from "@mef3-cluster/runtime/environment";
import { createLogger, type Logger } from "@mef3-cluster/runtime/logger";
import { createRegistry } from "@mef3-cluster/runtime/metrics";
import { Readiness } from "@mef3-cluster/runtime/readiness";
import { Shutdown } from "@mef3-cluster/runtime/shutdown";
import { readBuildVersion } from "./build-version";
import { createCallMetrics } from "./calls/call-metrics";
import type { CallEnvironment } from "./calls/observed-handlers";
import { RunningCalls } from "./calls/running-calls";
import type { CompatParts } from "./compat/compat-parts";
import { COMPAT_RPCS, createCompatService } from "./compat/compat-service";
import { InMemoryOpenFiles } from "./compat/in-memory-open-files";
import { MessageBufferPool } from "./compat/message-buffer-pool";
import { ReadSlots } from "./compat/read-slots";
import { loadGatewayConfig, type GatewayConfig } from "./config";
import { createEmbeddedReadPath, type EmbeddedReadPath } from "./embedded/embedded-read-path";
import { startGatewayServer } from "./server";
import { redirectTransportLog } from "./transport-log";

const MIB = 1024 * 1024;
/** Chosen: leases last minutes, so this is soon enough. */
const EXPIRE_LEASES_EVERY_MS = 10_000;
/** Chosen: what closing takes besides the drain time, at most. */
const CLOSE_MS = 5_000;

const now = (): number => performance.now();
const exit = (code: number): never => process.exit(code);

async function main(): Promise<void> {
  const file = readAppConfigFile("app_config.json");
  const sources = { environment: readEnvironment(), file };
  const { config, warnings } = loadGatewayConfig(sources, availableParallelism());
  const build = { name: "gateway", version: readBuildVersion(), commit: config.BUILD_COMMIT };
  const logger = createLogger({ ...build, level: config.LOG_LEVEL, logDir: config.LOG_DIR });
  redirectTransportLog(logger);
  for (const warning of warnings) logger.warn({ warning }, "obsolete setting");

  const registry = createRegistry(build);
  const readiness = new Readiness();
  const shutdown = new Shutdown({ events: process, exit, now, logger });
  const { signal } = new AbortController();
  const adminAt = { host: config.ADMIN_HOST, port: config.ADMIN_PORT };
  const admin = await startAdminServer({ ...adminAt, registry, readiness, logger }, signal);
  const readPath = await createEmbeddedReadPath(config, { logger, registry });
  const openFiles = createOpenFiles(config, readPath);
  const expiry = setInterval(() => {
    openFiles.expireIdle();
  }, EXPIRE_LEASES_EVERY_MS);

  const running = new RunningCalls(Date.now);
  const metrics = createCallMetrics(registry, COMPAT_RPCS);
  const calls = createCallEnvironment(config, logger, metrics, running);
  const compat = createCompatService(calls, createCompatParts(config, readPath, openFiles));
  const serverAt = { host: config.HOST, port: config.PORT };
  const server = await startGatewayServer({ ...serverAt, services: [compat], running, logger });
  readiness.markReady();
  logger.info({ port: server.port, adminPort: admin.port }, "serving");

  const drainMs = config.DRAIN_SECONDS * 1000;
  shutdown.add({
    name: "finish running calls",
    deadlineMs: drainMs + CLOSE_MS,
    run: async () => {
      readiness.markDraining();
      await server.drain(AbortSignal.timeout(drainMs));
      clearInterval(expiry);
    },
  });
  shutdown.add({ name: "close the read path", deadlineMs: CLOSE_MS, run: () => readPath.close() });
  shutdown.add({ name: "admin", deadlineMs: CLOSE_MS, run: () => admin.close(CLOSE_MS / 2) });
}

function createOpenFiles(
  config: GatewayConfig,
  { catalogue }: EmbeddedReadPath,
): InMemoryOpenFiles {
  return new InMemoryOpenFiles({
    maxLeases: config.MAX_OPEN_FILES,
    idleMs: config.CACHE_TTL_S * 1000,
    now,
    onUnused: (session) => {
      catalogue.release(session);
    },
  });
}

function createCallEnvironment(
  config: GatewayConfig,
  logger: Logger,
  metrics: CallEnvironment["metrics"],
  running: RunningCalls,
): CallEnvironment {
  const stallMs = config.STREAM_STALL_S * 1000;
  return { metrics, logger, running, now, newRequestId: randomUUID, stallMs };
}

function createCompatParts(
  config: GatewayConfig,
  { catalogue, windows }: EmbeddedReadPath,
  openFiles: InMemoryOpenFiles,
): CompatParts {
  return {
    catalogue,
    windows,
    openFiles,
    pool: new MessageBufferPool(config.MESSAGE_POOL_MB * MIB),
    reads: new ReadSlots(config.MAX_CONCURRENT_READS),
    limits: { maxChannels: config.MAX_CHANNELS_PER_REQUEST, maxSamples: config.MAX_WINDOW_SAMPLES },
    messageBytes: config.MESSAGE_BYTES,
    damage: config.COMPAT_DAMAGE,
    prefetchSegments: config.N_PREFETCH,
  };
}

main().catch((error: unknown) => {
  // There may be no logger yet, and a person who starts this reads a sentence, not a stack.
  process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`);
  exit(1);
});
