import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { mapBounded } from "./map-bounded";

/** Calls that end when the test says so. */
class Calls {
  readonly started: number[] = [];
  readonly #ends = new Map<number, PromiseWithResolvers<string>>();
  nUnderWay = 0;
  mostUnderWay = 0;

  readonly map = async (item: number): Promise<string> => {
    this.started.push(item);
    this.nUnderWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.nUnderWay);
    try {
      return await this.#end(item).promise;
    } finally {
      this.nUnderWay -= 1;
    }
  };

  succeed(item: number): void {
    this.#end(item).resolve(`mapped ${item}`);
  }

  fail(item: number): void {
    this.#end(item).reject(new SignalError("INTERNAL", `item ${item} failed`));
  }

  #end(item: number): PromiseWithResolvers<string> {
    const known = this.#ends.get(item);
    if (known !== undefined) return known;
    let resolve: (value: string | PromiseLike<string>) => void = () => undefined;
    let reject: (reason: unknown) => void = () => undefined;
    const promise = new Promise<string>((a, b) => {
      [resolve, reject] = [a, b];
    });
    promise.catch(() => undefined);
    const end = { promise, resolve, reject };
    this.#ends.set(item, end);
    return end;
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason: unknown) => void;
}

const { signal } = new AbortController();

/** Lets everything run that needs nothing from outside. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("mapBounded", () => {
  it("gives results in the order of the items, whatever order they are ready in", async () => {
    const calls = new Calls();
    const mapped = mapBounded([3, 1, 2], 3, calls.map, signal);
    for (const item of [2, 1, 3]) calls.succeed(item);
    await expect(mapped).resolves.toEqual(["mapped 3", "mapped 1", "mapped 2"]);
  });

  it("hands each item its index", async () => {
    const indices = await mapBounded(["a", "b"], 1, (_, i) => Promise.resolve(i), signal);
    expect(indices).toEqual([0, 1]);
  });

  it("has at most `limit` calls under way and starts the next when one ends", async () => {
    const calls = new Calls();
    const items = [0, 1, 2, 3, 4];
    const mapped = mapBounded(items, 2, calls.map, signal);
    expect(calls.started).toEqual([0, 1]);
    calls.succeed(1);
    await settle();
    expect(calls.started).toEqual([0, 1, 2]);
    items.forEach((item) => {
      calls.succeed(item);
    });
    await expect(mapped).resolves.toHaveLength(5);
    expect(calls.mostUnderWay).toBe(2);
  });

  it("answers no items with no results", async () => {
    await expect(mapBounded([], 4, () => Promise.reject(new Error()), signal)).resolves.toEqual([]);
  });

  it("starts nothing after a failure, waits for what is under way, then rejects", async () => {
    const calls = new Calls();
    let settled = false;
    const mapped = mapBounded([0, 1, 2, 3], 2, calls.map, signal).finally(() => {
      settled = true;
    });
    mapped.catch(() => undefined);
    calls.fail(0);
    await settle();
    expect(settled).toBe(false);
    calls.succeed(1);
    await expect(mapped).rejects.toMatchObject({ code: "INTERNAL", message: "item 0 failed" });
    expect(calls.started).toEqual([0, 1]);
  });

  it("rejects with the failure that came first", async () => {
    const calls = new Calls();
    const mapped = mapBounded([0, 1], 2, calls.map, signal);
    mapped.catch(() => undefined);
    calls.fail(1);
    await settle();
    calls.fail(0);
    await expect(mapped).rejects.toMatchObject({ message: "item 1 failed" });
  });

  it("starts nothing after an abort and rejects once what is under way has ended", async () => {
    const calls = new Calls();
    const stop = new AbortController();
    let settled = false;
    const mapped = mapBounded([0, 1, 2], 1, calls.map, stop.signal).finally(() => {
      settled = true;
    });
    mapped.catch(() => undefined);
    stop.abort();
    await settle();
    expect(settled).toBe(false);
    calls.succeed(0);
    await expect(mapped).rejects.toMatchObject({ code: "CANCELLED" });
    expect(calls.started).toEqual([0]);
  });

  it("says DEADLINE_EXCEEDED when a deadline aborted it", async () => {
    const stop = new AbortController();
    stop.abort(Object.assign(new Error("late"), { name: "TimeoutError" }));
    const mapped = mapBounded([0], 1, () => Promise.resolve(0), stop.signal);
    await expect(mapped).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });
});
