import { getEventListeners } from "node:events";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { untilAborted } from "./until-aborted";

/** Work that ends when the test says so. */
function controlled() {
  const controls: { resolve: (value: string) => void; reject: (error: Error) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  const work = new Promise<string>((resolve, reject) =>
    Object.assign(controls, { resolve, reject }),
  );
  return { work, ...controls };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("untilAborted", () => {
  it("answers what the work answers", async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(Promise.resolve("done"), signal)).resolves.toBe("done");
  });

  it("fails as the work fails", async () => {
    const { signal } = new AbortController();
    const failure = new RangeError("no");
    await expect(untilAborted(Promise.reject(failure), signal)).rejects.toBe(failure);
  });

  it("ends the wait at the abort, with what the abort stands for", async () => {
    const { work } = controlled();
    const stop = new AbortController();
    const wait = untilAborted(work, stop.signal);
    stop.abort(new SignalError("DEADLINE_EXCEEDED", "too late"));
    await expect(wait).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("leaves the work and its other waiters alone", async () => {
    const { work, resolve } = controlled();
    const stop = new AbortController();
    const left = untilAborted(work, stop.signal);
    const stayed = untilAborted(work, new AbortController().signal);
    stop.abort();
    await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
    resolve("done");
    await expect(stayed).resolves.toBe("done");
    await expect(work).resolves.toBe("done");
  });

  it("does not wait for a signal that is aborted already, even if the work is done", async () => {
    const wait = untilAborted(Promise.resolve("done"), AbortSignal.abort());
    await expect(wait).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it.each(["before", "during"])(
    "handles the failure of work that was aborted %s the wait",
    async (when) => {
      const { work, reject } = controlled();
      const stop = new AbortController();
      if (when === "before") stop.abort();
      const wait = untilAborted(work, stop.signal);
      stop.abort();
      await expect(wait).rejects.toMatchObject({ code: "CANCELLED" });
      reject(new RangeError("nobody listens"));
      // A rejection that nobody handles ends the process, and here the test.
      await turn();
    },
  );

  it("leaves no listener behind, so that a long-lived signal does not collect them", async () => {
    const { signal } = new AbortController();
    const waits = [Promise.resolve("done"), Promise.reject(new RangeError("no"))].map((work) =>
      untilAborted(work, signal),
    );
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    await Promise.allSettled(waits);
    await turn();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
