import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { createLogger } from "@mef3-cluster/runtime/logger";
import { Registry } from "prom-client";
import { createCallMetrics } from "../calls/call-metrics";
import { RunningCalls } from "../calls/running-calls";
import type { CompatParts } from "../compat/compat-parts";
import { COMPAT_RPCS, createCompatService } from "../compat/compat-service";
import { InMemoryOpenFiles } from "../compat/in-memory-open-files";
import { MessageBufferPool } from "../compat/message-buffer-pool";
import { ReadSlots } from "../compat/read-slots";
import { startGatewayServer, type GatewayServer } from "../server";
import { CompatClient } from "./compat-client";
import { SyntheticCatalogue, SyntheticReader } from "./synthetic-recording";

export interface TestServerOptions {
  readonly parts?: Partial<CompatParts>;
  readonly maxLeases?: number;
  readonly idleMs?: number;
  readonly stallMs?: number;
}

/** The predecessors' service over synthetic recordings, on a free loopback port. */
export class TestServer {
  readonly catalogue: SyntheticCatalogue;
  readonly reader = new SyntheticReader();
  readonly registry = new Registry();
  readonly running = new RunningCalls(Date.now);
  readonly pool = new MessageBufferPool(64 * 1024 * 1024);
  readonly logLines: Record<string, unknown>[] = [];
  /** The clock of leases; a test sets it. */
  nowMs = 0;
  readonly #clients: CompatClient[] = [];
  readonly #options: TestServerOptions;
  #server: GatewayServer | undefined;
  #requestIds = 0;

  constructor(sessions: readonly SessionDescription[], options: TestServerOptions = {}) {
    this.catalogue = new SyntheticCatalogue(sessions);
    this.#options = options;
  }

  get port(): number {
    return this.#started().port;
  }

  async start(): Promise<void> {
    const write = (line: string): void => {
      this.logLines.push(JSON.parse(line) as Record<string, unknown>);
    };
    const logger = createLogger({ name: "test", version: "0", level: "info", output: { write } });
    const { stallMs = 10_000, parts = {} } = this.#options;
    const environment = {
      metrics: createCallMetrics(this.registry, COMPAT_RPCS),
      logger,
      running: this.running,
      now: () => performance.now(),
      newRequestId: () => `generated-${++this.#requestIds}`,
      stallMs,
    };
    const service = createCompatService(environment, { ...this.#parts(), ...parts });
    const at = { host: "127.0.0.1", port: 0 };
    const { running } = this;
    this.#server = await startGatewayServer({ ...at, services: [service], running, logger });
  }

  client(headers: Readonly<Record<string, string>> = {}): CompatClient {
    const client = new CompatClient(this.port, headers);
    this.#clients.push(client);
    return client;
  }

  drain(deadline: AbortSignal): Promise<void> {
    return this.#started().drain(deadline);
  }

  /** Ends clients and server at once. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#server?.drain(AbortSignal.abort());
  }

  #parts(): CompatParts {
    const { maxLeases = 1000, idleMs = 0 } = this.#options;
    const { catalogue, reader, pool } = this;
    const openFiles = new InMemoryOpenFiles({
      maxLeases,
      idleMs,
      now: () => this.nowMs,
      onUnused: (session) => {
        catalogue.release(session);
      },
    });
    return {
      catalogue,
      windows: reader,
      openFiles,
      pool,
      reads: new ReadSlots(100),
      limits: { maxChannels: 100, maxSamples: 1e9 },
      messageBytes: 2.5 * 1024 * 1024,
      damage: "error",
      prefetchSegments: 3,
    };
  }

  #started(): GatewayServer {
    if (this.#server === undefined) throw new Error("the test server is not started");
    return this.#server;
  }
}
