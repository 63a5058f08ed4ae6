import { status } from "@grpc/grpc-js";
import { isSignalError, type SignalErrorCode } from "@mef3-cluster/contracts/signal-error";

const STATUS_OF_CODE = {
  SESSION_NOT_FOUND: status.NOT_FOUND,
  SESSION_INVALID: status.FAILED_PRECONDITION,
  SESSION_CHANGED: status.ABORTED,
  CHANNEL_NOT_FOUND: status.NOT_FOUND,
  PASSWORD_REQUIRED: status.NOT_FOUND,
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  INVALID_WINDOW: status.INVALID_ARGUMENT,
  MIXED_SAMPLING_RATES: status.INVALID_ARGUMENT,
  DATA_DAMAGED: status.DATA_LOSS,
  LIMIT_EXCEEDED: status.INVALID_ARGUMENT,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  CANCELLED: status.CANCELLED,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
} as const satisfies Record<SignalErrorCode, status>;

/** What a call that ends with an error says; what is not ours says nothing but its id. */
export interface CallStatus {
  readonly code: status;
  readonly details: string;
}

/** @param requestId  leads from the answer to the log, where a defect's details are */
export function callStatusOf(error: unknown, requestId: string): CallStatus {
  if (isSignalError(error) && error.code !== "INTERNAL") {
    return { code: STATUS_OF_CODE[error.code], details: error.message };
  }
  return { code: status.INTERNAL, details: `internal error (request ${requestId})` };
}

/** Defects of ours included, every error has a code to count it by. */
export function errorCodeOf(error: unknown): SignalErrorCode {
  return isSignalError(error) ? error.code : "INTERNAL";
}
