import { z } from "zod";
import { port, text } from "./config-fields";
import { LOG_LEVELS, type LogLevel } from "./logger";

/** What the logging module of the earlier, Python servers calls levels that have another name here. */
const LEVEL_ALIASES: Readonly<Record<string, LogLevel>> = { warning: "warn", critical: "fatal" };

function logLevel() {
  return z.string().transform((given, context): LogLevel => {
    const word = given.toLowerCase();
    const level = LOG_LEVELS.find((candidate) => candidate === word) ?? LEVEL_ALIASES[word];
    if (level !== undefined) return level;
    context.addIssue(`must be one of ${[...LOG_LEVELS, ...Object.keys(LEVEL_ALIASES)].join(", ")}`);
    return z.NEVER;
  });
}

/**
 * Fields that every process has; spread them into its schema:
 * `z.object({ ...commonConfigFields, … })`.
 */
export const commonConfigFields = {
  HOST: text().default("0.0.0.0").describe("Address the server listens on."),
  ADMIN_PORT: port()
    .default(9464)
    .describe("Port of the admin HTTP server (`/metrics`, `/live`, `/ready`); 0 takes a free one."),
  ADMIN_HOST: text().default("0.0.0.0").describe("Address the admin HTTP server listens on."),
  LOG_LEVEL: logLevel()
    .default("info")
    .describe(
      "Least severe level that is logged: `trace`, `debug`, `info`, `warn` (`warning`), `error`, " +
        "`fatal` (`critical`) or `silent`, in any case. Also `log_level` in `app_config.json`, " +
        "which the environment overrides.",
    ),
  LOG_DIR: text()
    .optional()
    .describe("Folder for a log file beside standard output; made if missing."),
};
