import {
  Metadata,
  status,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import type { Logger } from "@mef3-cluster/runtime/logger";
import type { CallContext, MessageSink } from "./call-context";
import type { CallMetrics, RpcName } from "./call-metrics";
import { CallRecord } from "./call-record";
import { identifyClient } from "./client-identity";
import { callStatusOf } from "./grpc-status";
import { REQUEST_ID_KEY, requestIdOf } from "./request-id";
import type { RunningCall, RunningCalls } from "./running-calls";
import { sendMessage } from "./send-message";

/** Chosen: enough for a client that reads at all; the last words are a few hundred bytes. */
const LAST_WORDS_MS = 5_000;

/** What every call needs around its handler. */
export interface CallEnvironment {
  readonly metrics: CallMetrics;
  readonly logger: Logger;
  readonly running: RunningCalls;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly newRequestId: () => string;
  /** Longest time a client may take to accept one message. */
  readonly stallMs: number;
}

/** Answers with one encoded message. What it throws becomes the call's status. */
export type UnaryAnswer<Request> = (request: Request, call: CallContext) => Promise<Buffer>;

/** Answers with encoded messages, through the sink. What it throws becomes the call's status. */
export type StreamAnswer<Request> = (
  request: Request,
  call: CallContext,
  sink: MessageSink,
) => Promise<void>;

interface Observed {
  readonly running: RunningCall;
  readonly record: CallRecord;
  readonly context: CallContext;
}

/** Wraps a unary handler with the request id, cancellation, metrics and the log line. */
export function unaryHandler<Request>(
  environment: CallEnvironment,
  rpc: RpcName,
  answer: UnaryAnswer<Request>,
): handleUnaryCall<Request, Buffer> {
  return (call, callback) => {
    const { running, record, context } = observe(environment, rpc, call);
    const finish = (code: status): void => {
      running.end();
      record.finish(code);
    };
    answer(call.request, context).then(
      (message) => {
        record.sentBytes(message.length);
        callback(null, message);
        finish(status.OK);
      },
      (error: unknown) => {
        record.failed(error);
        const outcome = callStatusOf(error, context.requestId);
        callback(outcome);
        finish(outcome.code);
      },
    );
  };
}

/** Wraps a server-streaming handler likewise; messages wait for the client to take them. */
export function streamHandler<Request>(
  environment: CallEnvironment,
  rpc: RpcName,
  answer: StreamAnswer<Request>,
): handleServerStreamingCall<Request, Buffer> {
  return (call) => {
    const { running, record, context } = observe(environment, rpc, call);
    const sink = createSink(environment, call, running, record);
    const finish = (code: status): void => {
      running.end();
      record.finish(code);
    };
    answer(call.request, context, sink).then(
      () => {
        call.end();
        finish(status.OK);
      },
      (error: unknown) => {
        record.failed(error);
        const outcome = callStatusOf(error, context.requestId);
        // grpc-js turns an "error" event into the call's status.
        call.emit("error", outcome);
        finish(outcome.code);
      },
    );
  };
}

function observe<Request>(
  environment: CallEnvironment,
  rpc: RpcName,
  call: ServerUnaryCall<Request, Buffer> | ServerWritableStream<Request, Buffer>,
): Observed {
  const { metrics, logger, now, newRequestId } = environment;
  const requestId = requestIdOf(call.metadata, newRequestId);
  const client = identifyClient(call.getPeer(), call.metadata);
  const running = environment.running.begin(call);
  const record = new CallRecord({ rpc, requestId, peer: client.host, metrics, logger, now });
  const initial = new Metadata();
  initial.set(REQUEST_ID_KEY, requestId);
  call.sendMetadata(initial);
  const context: CallContext = {
    requestId,
    client,
    signal: running.signal,
    clientGone: running.clientGone,
    answeredWithError: (error) => {
      record.answeredWithError(error);
    },
    note: (fields) => {
      record.note(fields);
    },
  };
  return { running, record, context };
}

function createSink<Request>(
  environment: CallEnvironment,
  call: ServerWritableStream<Request, Buffer>,
  running: RunningCall,
  record: CallRecord,
): MessageSink {
  return {
    send: async (message) => {
      const { length } = message;
      await sendMessage(call, message, running.signal, environment.stallMs);
      record.sentMessage(length);
    },
    sendLast: async (message) => {
      const limitMs = Math.min(LAST_WORDS_MS, environment.stallMs);
      await sendMessage(call, message, running.clientGone, limitMs);
      record.sentMessage(message.length);
    },
  };
}
