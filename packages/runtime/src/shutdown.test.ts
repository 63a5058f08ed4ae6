import { EventEmitter } from "node:events";
import { createLogger } from "./logger";
import { Shutdown, type ShutdownStep } from "./shutdown";

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly step?: string;
  readonly err?: { readonly message: string };
}

function setUp() {
  const events = new EventEmitter();
  const exitCodes: number[] = [];
  const lines: Line[] = [];
  const output = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const logger = createLogger({ name: "test", version: "0", level: "info", output });
  const exited = new Promise<void>((resolve) => {
    events.once("exited", resolve);
  });
  const exit = (code: number) => {
    exitCodes.push(code);
    events.emit("exited");
  };
  const shutdown = new Shutdown({ events, exit, now: () => 0, logger });
  return { events, exitCodes, lines, shutdown, exited };
}

function step(name: string, run: ShutdownStep["run"], deadlineMs = 1_000): ShutdownStep {
  return { name, deadlineMs, run };
}

describe("Shutdown", () => {
  it.each(["SIGTERM", "SIGINT"])(
    "runs the steps in order on %s, then exits with 0",
    async (signal) => {
      const { events, exitCodes, shutdown, exited } = setUp();
      const done: string[] = [];
      for (const name of ["server", "cache"]) {
        shutdown.add(
          step(name, async () => {
            await Promise.resolve();
            done.push(name);
          }),
        );
      }
      events.emit(signal, signal);
      await exited;
      expect(done).toEqual(["server", "cache"]);
      expect(exitCodes).toEqual([0]);
    },
  );

  it("goes on after a step that fails, and exits with 1", async () => {
    const { exitCodes, lines, shutdown } = setUp();
    const last = jest.fn(() => Promise.resolve());
    shutdown.add(step("server", () => Promise.reject(new Error("stuck"))));
    shutdown.add(step("cache", last));
    await shutdown.begin("test");
    expect(last).toHaveBeenCalledTimes(1);
    expect(exitCodes).toEqual([1]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        step: "server",
        err: expect.objectContaining({ message: "stuck" }) as unknown,
      }),
    );
  });

  it("aborts a step at its deadline and begins the next", async () => {
    jest.useFakeTimers();
    try {
      const { exitCodes, shutdown } = setUp();
      let aborted = false;
      const hangs = (signal: AbortSignal) =>
        new Promise<void>(() => {
          signal.addEventListener("abort", () => (aborted = true));
        });
      const last = jest.fn(() => Promise.resolve());
      shutdown.add(step("server", hangs, 500));
      shutdown.add(step("cache", last));
      const finished = shutdown.begin("test");
      await jest.advanceTimersByTimeAsync(499);
      expect([aborted, last.mock.calls.length]).toEqual([false, 0]);
      await jest.advanceTimersByTimeAsync(1);
      await finished;
      expect([aborted, last.mock.calls.length]).toEqual([true, 1]);
      expect(exitCodes).toEqual([1]);
    } finally {
      jest.useRealTimers();
    }
  });

  it("exits at once on a second signal", () => {
    const { events, exitCodes, shutdown } = setUp();
    shutdown.add(step("server", () => new Promise(() => undefined), 1));
    events.emit("SIGTERM", "SIGTERM");
    expect(exitCodes).toEqual([]);
    events.emit("SIGINT", "SIGINT");
    expect(exitCodes).toEqual([130]);
  });

  it("runs the steps once, however often it is asked", async () => {
    const { exitCodes, shutdown } = setUp();
    const run = jest.fn(() => Promise.resolve());
    shutdown.add(step("server", run));
    await Promise.all([shutdown.begin("one"), shutdown.begin("two")]);
    expect(run).toHaveBeenCalledTimes(1);
    expect(exitCodes).toEqual([0]);
  });

  it.each(["uncaughtException", "unhandledRejection"])("logs an %s and exits with 1", (event) => {
    const { events, exitCodes, lines } = setUp();
    events.emit(event, new Error("bug"));
    expect(exitCodes).toEqual([1]);
    expect(lines).toEqual([
      expect.objectContaining({
        level: "fatal",
        msg: "unhandled error, exiting",
        err: expect.objectContaining({ message: "bug" }) as unknown,
      }),
    ]);
  });
});
