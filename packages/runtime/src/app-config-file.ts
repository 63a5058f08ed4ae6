import { readFileSync } from "node:fs";
import { z } from "zod";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { hasErrorCode } from "./error-code";

/** Other keys are left alone: the file belongs to the person who wrote it. */
const appConfigSchema = z.object({ log_level: z.string().optional() });

/**
 * Reads the optional `app_config.json` that users of the earlier servers have;
 * its only setting is `log_level`.
 *
 * @returns values under their environment names, for `loadConfig`; empty when there is no file
 * @throws SignalError INVALID_ARGUMENT if the file is there but is not what it should be
 */
export function readAppConfigFile(path: string): Readonly<Record<string, string>> {
  const content = readIfThere(path);
  if (content === undefined) return {};
  const parsed = appConfigSchema.safeParse(parseJson(path, content));
  if (!parsed.success) {
    throw new SignalError(
      "INVALID_ARGUMENT",
      `${path} must hold a JSON object whose log_level, if any, is a text`,
    );
  }
  const { log_level: logLevel } = parsed.data;
  return logLevel === undefined ? {} : { LOG_LEVEL: logLevel };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (hasErrorCode(cause, "ENOENT")) return undefined;
    throw new SignalError("INVALID_ARGUMENT", `${path} cannot be read`, {}, { cause });
  }
}

function parseJson(path: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new SignalError("INVALID_ARGUMENT", `${path} is not JSON`, {}, { cause });
  }
}
