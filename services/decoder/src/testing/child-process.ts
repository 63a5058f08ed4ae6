import { spawn } from "node:child_process";
import path from "node:path";

/** Chosen: many times what a scenario takes. */
const DEADLINE_MS = 30_000;

/** How a child process ended. */
export interface ChildOutcome {
  readonly code: number | null;
  /** Of a crash, or SIGKILL when it did not end by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a TypeScript file in a process of its own, to its end. */
export function runScript(
  script: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<ChildOutcome> {
  const hook = path.join(__dirname, "run-typescript.js");
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [...nodeOptions, "--require", hook, path.join(__dirname, script), ...args],
      { stdio: ["ignore", "pipe", "pipe"], timeout: DEADLINE_MS, killSignal: "SIGKILL" },
    );
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (bytes: Buffer) => {
        output[name] += bytes.toString();
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, ...output });
    });
  });
}
