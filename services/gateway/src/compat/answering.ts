import type { CallContext } from "../calls/call-context";
import { errorText } from "./error-texts";

/**
 * Runs a handler of this service, whose errors travel inside the answer.
 *
 * @param failed  makes the answer from the error's text
 * @throws the error itself when nobody waits for an answer any more
 */
export async function answering<T>(
  call: CallContext,
  attempt: () => Promise<T>,
  failed: (text: string, error: unknown) => T | Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (call.clientGone.aborted) throw error;
    call.answeredWithError(error);
    return failed(errorText(error, call.requestId), error);
  }
}
