import { mkdirSync } from "node:fs";
import path from "node:path";
import { types } from "node:util";
import pino from "pino";
import { isSignalError } from "@mef3-cluster/contracts/signal-error";
import { REDACTED, redactSecrets, SECRET_FIELDS } from "./redact-secrets";

/** From the most to the least talkative; `silent` logs nothing. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines: `msg` is a constant lower-case sentence, data are fields, errors go under `err`. */
export type Logger = pino.Logger;

export interface LoggerOptions {
  /** Name of the process; every line carries it as `service`. */
  readonly name: string;
  readonly version: string;
  readonly level: LogLevel;
  /** Also append to `<name>.log` in this folder, which is made if missing. */
  readonly logDir?: string | undefined;
  /** Where lines go; standard output unless given. */
  readonly output?: pino.DestinationStream;
}

/**
 * Makes the logger of a process.
 *
 * Lines are written before the call returns, so that the last words of a
 * process that dies are kept.
 *
 * @throws the error of the file system if the log file cannot be made
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.name, version: options.version },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }), log: withoutSecrets },
      // For what a child logger is bound to, which no formatter sees.
      redact: { paths: [...SECRET_FIELDS], censor: REDACTED },
      serializers: { err: (error: unknown) => redactSecrets(serializeError(error)) },
    },
    openOutput(options),
  );
}

/** The file a process logs to when LOG_DIR is set. */
export function logFilePath(logDir: string, name: string): string {
  return path.join(logDir, `${name}.log`);
}

function openOutput(options: LoggerOptions): pino.DestinationStream {
  const output = options.output ?? pino.destination({ fd: 1, sync: true });
  if (options.logDir === undefined) return output;
  mkdirSync(options.logDir, { recursive: true });
  const file = pino.destination({ dest: logFilePath(options.logDir, options.name), sync: true });
  // The logger's own level decides; each stream takes whatever passes it.
  return pino.multistream([
    { level: "trace", stream: output },
    { level: "trace", stream: file },
  ]);
}

function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return redactSecrets(fields) as Record<string, unknown>;
}

function serializeError(error: unknown): Record<string, unknown> {
  if (!types.isNativeError(error)) return { message: String(error) };
  const serialized: Record<string, unknown> = { type: error.name, message: error.message };
  if ("code" in error) serialized["code"] = error.code;
  if (isSignalError(error)) serialized["context"] = error.context;
  serialized["stack"] = error.stack;
  if (error.cause !== undefined) serialized["cause"] = serializeError(error.cause);
  return serialized;
}
