import { status } from "@grpc/grpc-js";
import type { ErrorContext, SignalErrorCode } from "@mef3-cluster/contracts/signal-error";
import type { Logger } from "@mef3-cluster/runtime/logger";
import type { CallMetrics, RpcName } from "./call-metrics";
import { errorCodeOf } from "./grpc-status";

export interface CallRecordOptions {
  readonly rpc: RpcName;
  readonly requestId: string;
  /** The client's address; never its port, subject or id. */
  readonly peer: string;
  readonly metrics: CallMetrics;
  readonly logger: Logger;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** What one call did, for its log line and the metrics. */
export class CallRecord {
  readonly #options: CallRecordOptions;
  readonly #startedMs: number;
  #fields: ErrorContext = {};
  #errorCode: SignalErrorCode | undefined;
  #bytes = 0;
  #messages = 0;

  constructor(options: CallRecordOptions) {
    this.#options = options;
    this.#startedMs = options.now();
    options.metrics.started(options.rpc);
  }

  note(fields: ErrorContext): void {
    this.#fields = { ...this.#fields, ...fields };
  }

  sentMessage(nBytes: number): void {
    const { metrics, rpc } = this.#options;
    if (this.#messages === 0) metrics.firstChunk(rpc, this.#elapsedSeconds());
    this.sentBytes(nBytes);
    this.#messages += 1;
  }

  sentBytes(nBytes: number): void {
    this.#options.metrics.sent(this.#options.rpc, nBytes);
    this.#bytes += nBytes;
  }

  answeredWithError(error: unknown): void {
    const { metrics, rpc } = this.#options;
    metrics.errorAnswer(rpc, errorCodeOf(error));
    this.failed(error);
  }

  /** Remembers the code for the line of the call; a defect of ours is logged whole, here. */
  failed(error: unknown): void {
    const { logger, requestId, rpc } = this.#options;
    this.#errorCode = errorCodeOf(error);
    if (this.#errorCode === "INTERNAL") {
      logger.error({ err: error, rpc: rpc.method, requestId }, "call failed on a defect");
    }
  }

  finish(code: status): void {
    const { logger, metrics, requestId, rpc, peer } = this.#options;
    const seconds = this.#elapsedSeconds();
    metrics.finished(rpc, code, seconds);
    logger.info(
      {
        rpc: rpc.method,
        code: status[code],
        errorCode: this.#errorCode,
        durationSeconds: Number(seconds.toFixed(6)),
        bytes: this.#bytes,
        requestId,
        peer,
        ...this.#fields,
      },
      "call finished",
    );
  }

  #elapsedSeconds(): number {
    return (this.#options.now() - this.#startedMs) / 1000;
  }
}
