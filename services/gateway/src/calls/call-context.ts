import type { ErrorContext } from "@mef3-cluster/contracts/signal-error";
import type { ClientIdentity } from "./client-identity";

/** What a handler knows about the call it answers, besides the request. */
export interface CallContext {
  readonly requestId: string;
  readonly client: ClientIdentity;
  /** Aborts when nobody waits for the answer, or the process is going down. */
  readonly signal: AbortSignal;
  /** Aborts only when nobody waits for the answer. */
  readonly clientGone: AbortSignal;
  /** Records an error that travels inside an answer whose status is OK. */
  answeredWithError(error: unknown): void;
  /** Adds fields to the line that is logged when the call ends; never signal or passwords. */
  note(fields: ErrorContext): void;
}

/** Where a streaming handler's messages go. */
export interface MessageSink {
  /**
   * Sends a message and waits until it is taken; its memory may be reused then,
   * and must not be if this rejects (see `sendMessage`).
   *
   * @throws SignalError CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE
   */
  send(message: Buffer): Promise<void>;

  /**
   * Sends the last words of a failed answer, also while the process is going down.
   *
   * @throws SignalError CANCELLED, DEADLINE_EXCEEDED
   */
  sendLast(message: Buffer): Promise<void>;
}
