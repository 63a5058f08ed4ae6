import { status } from "@grpc/grpc-js";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { SignalErrorCode } from "@mef3-cluster/contracts/signal-error";

/** One rpc, as the ecosystem's dashboards name it. */
export interface RpcName {
  readonly service: string;
  readonly method: string;
}

/** Chosen: from a warm small window to a cold one over a slow disk. */
const SECONDS_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];

/** What is counted about calls; one per process. */
export interface CallMetrics {
  started(rpc: RpcName): void;
  firstChunk(rpc: RpcName, seconds: number): void;
  sent(rpc: RpcName, nBytes: number): void;
  /** An error that travels inside an answer whose gRPC status is OK. */
  errorAnswer(rpc: RpcName, code: SignalErrorCode): void;
  finished(rpc: RpcName, code: status, seconds: number): void;
}

/** Registers the metrics of calls, at 0 for every rpc in `rpcs`. */
export function createCallMetrics(registry: Registry, rpcs: readonly RpcName[]): CallMetrics {
  const registers = [registry];
  const handled = new Counter({
    name: "grpc_server_handled_total",
    help: "Calls finished, by status code.",
    labelNames: ["grpc_service", "grpc_method", "grpc_code"] as const,
    registers,
  });
  const handling = new Histogram({
    name: "grpc_server_handling_seconds",
    help: "Time from the start of a call to the end of its answer.",
    labelNames: ["grpc_service", "grpc_method"] as const,
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const inFlight = new Gauge({
    name: "mef3_gateway_calls_in_flight",
    help: "Calls being answered.",
    labelNames: ["grpc_service", "grpc_method"] as const,
    registers,
  });
  const firstChunk = new Histogram({
    name: "mef3_gateway_first_chunk_seconds",
    help: "Time from the start of a streaming call to its first message.",
    labelNames: ["grpc_service", "grpc_method"] as const,
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const sent = new Counter({
    name: "mef3_gateway_sent_bytes_total",
    help: "Bytes of answers, without framing.",
    labelNames: ["grpc_service", "grpc_method"] as const,
    registers,
  });
  const errorAnswers = new Counter({
    name: "mef3_gateway_error_answers_total",
    help: "Errors reported inside an answer whose status is OK, by code.",
    labelNames: ["grpc_service", "grpc_method", "code"] as const,
    registers,
  });
  for (const rpc of rpcs) {
    handled.inc({ ...labelsOf(rpc), grpc_code: "OK" }, 0);
    inFlight.set(labelsOf(rpc), 0);
    sent.inc(labelsOf(rpc), 0);
  }
  return {
    started: (rpc) => {
      inFlight.inc(labelsOf(rpc));
    },
    firstChunk: (rpc, seconds) => {
      firstChunk.observe(labelsOf(rpc), seconds);
    },
    sent: (rpc, nBytes) => {
      sent.inc(labelsOf(rpc), nBytes);
    },
    errorAnswer: (rpc, code) => {
      errorAnswers.inc({ ...labelsOf(rpc), code });
    },
    finished: (rpc, code, seconds) => {
      inFlight.dec(labelsOf(rpc));
      handled.inc({ ...labelsOf(rpc), grpc_code: status[code] });
      handling.observe(labelsOf(rpc), seconds);
    },
  };
}

function labelsOf({ service, method }: RpcName): { grpc_service: string; grpc_method: string } {
  return { grpc_service: service, grpc_method: method };
}
