import { constants } from "node:os";
import type { Logger } from "./logger";

/** One thing to end; steps run one after another, in the order they were added. */
export interface ShutdownStep {
  readonly name: string;
  /** Milliseconds after which the next step begins regardless. */
  readonly deadlineMs: number;
  /** `signal` aborts at the deadline; what then remains is to be dropped. */
  run(signal: AbortSignal): Promise<void>;
}

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

type StopSignal = (typeof STOP_SIGNALS)[number];

/** The part of `process` that shutdown needs. */
export interface ProcessEvents {
  on(event: StopSignal, listener: (signal: StopSignal) => void): unknown;
  on(
    event: "uncaughtException" | "unhandledRejection",
    listener: (reason: unknown) => void,
  ): unknown;
}

export interface ShutdownOptions {
  readonly events: ProcessEvents;
  /** Ends the process; `process.exit` outside tests. */
  readonly exit: (code: number) => void;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Ends a process in order on SIGTERM or SIGINT: exit code 0, or 1 if a step
 * failed or was late. A second signal ends it at once. An error that nobody
 * handled is logged and ends it with code 1, without the steps: what state they
 * would find is anybody's guess.
 */
export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #steps: ShutdownStep[] = [];
  #running: Promise<void> | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = options;
    for (const event of STOP_SIGNALS) {
      options.events.on(event, (signal) => {
        this.#onSignal(signal);
      });
    }
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      options.events.on(event, (err) => {
        options.logger.fatal({ err, event }, "unhandled error, exiting");
        options.exit(1);
      });
    }
  }

  /** Appends a step; add them in the order in which things are to end. */
  add(step: ShutdownStep): void {
    this.#steps.push(step);
  }

  /** Runs the steps once, then exits; further calls wait for the same run. */
  begin(reason: string): Promise<void> {
    this.#running ??= this.#runSteps(reason);
    return this.#running;
  }

  #onSignal(signal: StopSignal): void {
    const { logger, exit } = this.#options;
    if (this.#running === undefined) {
      void this.begin(signal);
    } else {
      logger.warn({ signal }, "second signal, exiting at once");
      exit(128 + constants.signals[signal]);
    }
  }

  async #runSteps(reason: string): Promise<void> {
    const { logger, exit, now } = this.#options;
    const started = now();
    logger.info({ reason }, "shutting down");
    let failures = 0;
    for (const step of this.#steps) {
      try {
        await runWithDeadline(step);
      } catch (err) {
        failures += 1;
        logger.error({ err, step: step.name }, "a shutdown step failed");
      }
    }
    logger.info({ durationSeconds: (now() - started) / 1000, failures }, "shutdown finished");
    exit(failures === 0 ? 0 : 1);
  }
}

async function runWithDeadline(step: ShutdownStep): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`not finished after ${step.deadlineMs} ms`);
      error.name = "TimeoutError";
      controller.abort(error);
      reject(error);
    }, step.deadlineMs);
  });
  try {
    await Promise.race([step.run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
