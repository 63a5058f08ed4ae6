import { setLogger } from "@grpc/grpc-js";
import type { Logger } from "@mef3-cluster/runtime/logger";

/**
 * Sends what grpc-js writes to standard error by itself to the log instead. It
 * repeats what calls and start-up report anyway, so it goes out at debug.
 */
export function redirectTransportLog(logger: Logger): void {
  const write = (...words: unknown[]): void => {
    logger.debug({ text: words.map(String).join(" ") }, "transport message");
  };
  setLogger({ error: write, info: write, debug: write });
}
