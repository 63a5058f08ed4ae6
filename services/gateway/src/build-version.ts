import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

/** The version in this service's package.json, which lies above both `src` and `dist`. */
export function readBuildVersion(): string {
  const content = readFileSync(path.resolve(__dirname, "../package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(content)).version;
}
