import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";
import { HealthImplementation } from "grpc-health-check";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { Logger } from "@mef3-cluster/runtime/logger";
import type { RunningCalls } from "./calls/running-calls";
import type { GrpcService } from "./compat/compat-service";
import { addReflection } from "./reflection";

export interface GatewayServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly services: readonly GrpcService[];
  readonly running: RunningCalls;
  readonly logger: Logger;
}

export interface GatewayServer {
  /** The port that is listened on. */
  readonly port: number;
  /**
   * Ends the server: says NOT_SERVING, accepts no more calls, lets running ones
   * finish until `deadline` aborts, then ends those with UNAVAILABLE.
   */
  drain(deadline: AbortSignal): Promise<void>;
}

/** Chosen: requests are names and numbers; whatever is longer is not one. */
const MAX_REQUEST_BYTES = 1024 * 1024;
const MAX_METADATA_BYTES = 16 * 1024;
const MAX_STREAMS_PER_CONNECTION = 256;
/** Chosen: a vanished client is noticed after 80 s at most. */
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/** Chosen: long enough for last messages to leave, once nothing runs any more. */
const FLUSH_MS = 1_000;
/** The name under which the health service speaks of the whole server. */
const WHOLE_SERVER = "";

/**
 * Serves gRPC without transport security, with the standard health and
 * reflection services beside the given ones.
 *
 * @throws SignalError UNAVAILABLE if the port cannot be had
 */
export async function startGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const { services, running, logger } = options;
  const server = new Server({
    "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
    "grpc.max_metadata_size": MAX_METADATA_BYTES,
    "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
    // Without it grpc-js does not keep track of its connections, and a forced
    // shutdown would leave them open.
    "grpc.enable_channelz": 1,
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
  });
  const names = [WHOLE_SERVER, ...services.map(({ name }) => name)];
  const health = new HealthImplementation();
  for (const name of names) health.setStatus(name, "SERVING");
  for (const { definition, implementation } of services) {
    server.addService(definition, implementation);
  }
  const published = services.map(({ packageDefinition }) => packageDefinition);
  addReflection(server, Object.assign({}, ...published) as PackageDefinition);
  health.addToServer(server);
  const port = await bind(server, options);
  return {
    port,
    drain: async (deadline) => {
      for (const name of names) health.setStatus(name, "NOT_SERVING");
      const closed = closeGracefully(server);
      if (!(await running.whenIdle(deadline))) {
        logger.warn({ calls: running.count }, "ending calls that outlast the drain time");
        running.cancelAll();
        await running.whenIdle(AbortSignal.timeout(FLUSH_MS));
      }
      // Health watchers never end by themselves, so this wait must be short.
      await settledWithin(closed, FLUSH_MS);
      server.forceShutdown();
    },
  };
}

function bind(server: Server, { host, port }: GatewayServerOptions): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, boundPort) => {
      if (cause === null) {
        resolve(boundPort);
        return;
      }
      const inUse = cause.message.includes("EADDRINUSE");
      const problem = inUse ? "is taken by another process" : "cannot be listened on";
      const message = `gRPC port ${port} on ${host} ${problem}; choose another with PORT`;
      reject(new SignalError("UNAVAILABLE", message, { host, port }, { cause }));
    });
  });
}

function closeGracefully(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // An error only says that the server was not running any more.
    server.tryShutdown(() => {
      resolve();
    });
  });
}

async function settledWithin(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
