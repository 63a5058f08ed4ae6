import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";

/** What one run of a contender cost. */
export interface Measurement {
  readonly seconds: number;
  /** User and system time of the whole process, all threads. */
  readonly cpuSeconds: number;
  readonly samples: number;
  /** Further figures by name. */
  readonly [figure: string]: number;
}

/**
 * A process that measures itself: it reads requests as JSON lines and answers
 * each with one line. A process of its own, so that contenders neither share
 * caches nor pay for each other's start.
 */
export class Contender {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] }) as never;
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** @throws Error if the process ends instead of answering */
  async measure(request: object): Promise<Measurement> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`${this.name} ended without an answer`);
    return JSON.parse(answer.value) as Measurement;
  }

  async close(): Promise<void> {
    this.#lines.close();
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}
