import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { hasErrorCode } from "./error-code";
import type { Logger } from "./logger";
import type { Readiness } from "./readiness";

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: Readiness;
  readonly logger: Logger;
}

export interface AdminServer {
  /** The port that is listened on. */
  readonly port: number;
  /** Lets requests under way finish, and cuts off those that take longer than `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/** Chosen: scrapes and probes are small and rare; whatever needs more is not one of them. */
const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const MAX_CONNECTIONS = 64;

type Handler = (response: ServerResponse) => Promise<void> | void;

/**
 * Serves `GET /metrics` (Prometheus text), `/live` (200 while the process
 * answers at all) and `/ready` (200 while it takes work, else 503), over plain HTTP.
 *
 * @throws SignalError UNAVAILABLE if the port cannot be had, CANCELLED if `signal` aborts first
 */
export async function startAdminServer(
  options: AdminServerOptions,
  signal: AbortSignal,
): Promise<AdminServer> {
  const routes = createRoutes(options);
  const server = createServer(LIMITS, (request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    const handler = routes.get(path);
    if (handler === undefined) {
      respond(response, 404, "not found\n");
    } else if (request.method !== "GET") {
      response.setHeader("Allow", "GET");
      respond(response, 405, "only GET is allowed\n");
    } else {
      void handler(response);
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, options.host, options.port, signal);
  return { port, close: (deadlineMs) => closeServer(server, deadlineMs) };
}

function createRoutes({
  registry,
  readiness,
  logger,
}: AdminServerOptions): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    [
      "/live",
      (response) => {
        respond(response, 200, "live\n");
      },
    ],
    [
      "/ready",
      (response) => {
        respond(response, readiness.phase === "ready" ? 200 : 503, `${readiness.phase}\n`);
      },
    ],
    [
      "/metrics",
      async (response) => {
        try {
          const page = await registry.metrics();
          response.setHeader("Content-Type", registry.contentType);
          respond(response, 200, page);
        } catch (err) {
          logger.error({ err }, "metrics could not be collected");
          respond(response, 500, "metrics could not be collected\n");
        }
      },
    ],
  ]);
}

function respond(response: ServerResponse, status: number, body: string): void {
  if (!response.hasHeader("Content-Type")) {
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
  }
  response.setHeader("Cache-Control", "no-store");
  response.writeHead(status);
  response.end(body);
}

async function listen(
  server: Server,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<number> {
  try {
    const listening = once(server, "listening", { signal });
    server.listen({ host, port });
    await listening;
  } catch (cause) {
    server.close();
    if (signal.aborted) {
      throw new SignalError("CANCELLED", "the admin server was not started", {}, { cause });
    }
    const problem = hasErrorCode(cause, "EADDRINUSE")
      ? "is taken by another process"
      : "cannot be listened on";
    const message = `admin port ${port} on ${host} ${problem}; choose another with ADMIN_PORT`;
    throw new SignalError("UNAVAILABLE", message, { host, port }, { cause });
  }
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  const cutOff = setTimeout(() => {
    server.closeAllConnections();
  }, deadlineMs);
  try {
    await closed;
  } finally {
    clearTimeout(cutOff);
  }
}
