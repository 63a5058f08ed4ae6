import path from "node:path";
import { z } from "zod";
import { loadConfig } from "@mef3-cluster/runtime/config";
import { integer, text } from "@mef3-cluster/runtime/config-fields";
import type { Environment } from "@mef3-cluster/runtime/environment";
import type { Charset } from "./dot-canvas";

const settingsSchema = z.object({
  DATA: text().optional(),
  PORT: integer({ min: 1, max: 65535 }).default(50051),
  ADMIN_PORT: integer({ min: 1, max: 65535 }).default(9464),
});

/** What `make run` was asked for. */
export interface DemoSettings {
  /** Folder, or one recording, to serve; absolute. Without it the sample recording is served. */
  readonly dataPath: string | undefined;
  readonly port: number;
  readonly adminPort: number;
}

/** @throws SignalError INVALID_ARGUMENT that lists all problems */
export function readDemoSettings(environment: Environment): DemoSettings {
  const { DATA, PORT, ADMIN_PORT } = loadConfig(settingsSchema, { environment }).config;
  return {
    dataPath: DATA === undefined ? undefined : path.resolve(DATA),
    port: PORT,
    adminPort: ADMIN_PORT,
  };
}

/**
 * Braille unless the locale or the terminal says that it cannot be shown. A
 * locale that is not set says nothing: containers often have none.
 */
export function chooseCharset(environment: Environment): Charset {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = environment;
  // The console of the Linux kernel has 512 glyphs, and no braille among them.
  if (TERM === "linux" || TERM === "dumb") return "ascii";
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== "");
  return locale === undefined || /utf-?8/i.test(locale) ? "braille" : "ascii";
}
