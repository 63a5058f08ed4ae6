import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { Environment } from "@mef3-cluster/runtime/environment";

export interface ServerProcessOptions {
  /** The program that starts the server. */
  readonly entry: string;
  readonly environment: Environment;
  /** Where its admin server will answer, e.g. `http://127.0.0.1:9464`. */
  readonly adminUrl: string;
  readonly startDeadlineMs: number;
}

/** Chosen: short against what a person notices. */
const READY_POLL_MS = 100;
const STDERR_KEPT_BYTES = 4096;

/** A server in a process of its own. */
export class ServerProcess {
  /** Its exit code once it has ended; 1 if it was killed or could not be started. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #options: ServerProcessOptions;
  #stderr = "";

  /** Starts the process; its log is muted here, LOG_DIR says where to find it. */
  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.#child = spawn(options.entry, [], {
      env: { ...options.environment },
      stdio: ["ignore", "ignore", "pipe"],
      // A group of its own: Ctrl-C reaches it once, from `stop`, and not a second
      // time from the terminal, which it would take for "at once".
      detached: true,
    });
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-STDERR_KEPT_BYTES);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("error", () => {
        resolve(1);
      });
      this.#child.once("close", (code) => {
        resolve(code ?? 1);
      });
    });
  }

  /** Asks for the end; a second time means at once. */
  stop(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /**
   * Waits until the server says it is ready.
   *
   * @throws SignalError UNAVAILABLE with the server's own last words if it ends
   *   instead or takes longer than its deadline
   */
  async whenReady(): Promise<void> {
    const giveUp = AbortSignal.timeout(this.#options.startDeadlineMs);
    const over = new AbortController();
    const ended = this.ended.then(() => "ended" as const);
    try {
      const outcome = await Promise.race([
        ended,
        this.#pollReady(AbortSignal.any([giveUp, over.signal])),
      ]);
      if (outcome === "ready") return;
      const problem = outcome === "ended" ? "did not start" : "did not become ready in time";
      throw new SignalError("UNAVAILABLE", `the server ${problem}: ${this.#lastWords()}`);
    } finally {
      over.abort();
    }
  }

  async #pollReady(signal: AbortSignal): Promise<"ready" | "late"> {
    while (!signal.aborted) {
      if (await answersReady(`${this.#options.adminUrl}/ready`, signal)) return "ready";
      await sleep(READY_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    return "late";
  }

  #lastWords(): string {
    const words = this.#stderr.trim();
    return words === "" ? "it did not say why" : words;
  }
}

async function answersReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await fetch(url, { signal })).status === 200;
  } catch {
    // Not listening yet, or the wait is over; both mean no.
    return false;
  }
}
