import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import { ByteBudget } from "./byte-budget";
import { turn } from "./testing/scripted-tile-maker";

const { signal } = new AbortController();

/** Asks for bytes and notes in `granted` when it gets them. */
function ask(budget: ByteBudget, bytes: number, granted: number[], by = signal) {
  const taken = budget.take(bytes, by);
  taken.then(
    () => granted.push(bytes),
    () => undefined,
  );
  return taken;
}

describe("ByteBudget", () => {
  it("gives what is free at once and counts it until it is given back", async () => {
    const budget = new ByteBudget(100);
    const release = await budget.take(60, signal);
    const other = await budget.take(40, signal);
    expect(budget.used).toBe(100);
    release();
    expect(budget.used).toBe(40);
    other();
    expect(budget.used).toBe(0);
  });

  it("gives bytes back once, however often that is asked", async () => {
    const budget = new ByteBudget(100);
    const release = await budget.take(60, signal);
    await budget.take(30, signal);
    release();
    release();
    expect(budget.used).toBe(30);
  });

  it("refuses what could never be granted, without a wait", async () => {
    const budget = new ByteBudget(100);
    await budget.take(100, signal);
    await expect(budget.take(101, signal)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    await expect(new ByteBudget(0).take(1, signal)).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("serves in the order of asking, also where a later one would fit", async () => {
    const budget = new ByteBudget(100);
    const release = await budget.take(80, signal);
    const granted: number[] = [];
    void ask(budget, 50, granted);
    void ask(budget, 10, granted);
    await turn();
    expect(granted).toEqual([]);
    release();
    await turn();
    expect(granted).toEqual([50, 10]);
    expect(budget.used).toBe(60);
  });

  it("lets those behind through when the one before them goes away", async () => {
    const budget = new ByteBudget(100);
    await budget.take(80, signal);
    const granted: number[] = [];
    const leaver = new AbortController();
    const left = ask(budget, 50, granted, leaver.signal);
    void ask(budget, 15, granted);
    void ask(budget, 30, granted);
    leaver.abort();
    await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
    await turn();
    expect(granted).toEqual([15]);
    expect(budget.used).toBe(95);
  });

  it("takes nothing for who leaves from the middle of the line", async () => {
    const budget = new ByteBudget(100);
    const release = await budget.take(100, signal);
    const granted: number[] = [];
    const leaver = new AbortController();
    void ask(budget, 60, granted);
    const left = ask(budget, 70, granted, leaver.signal);
    void ask(budget, 40, granted);
    leaver.abort();
    await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
    release();
    await turn();
    expect(granted).toEqual([60, 40]);
    expect(budget.used).toBe(100);
  });

  it("says what an abort means, before and during the wait", async () => {
    const budget = new ByteBudget(10);
    await budget.take(10, signal);
    const stop = new AbortController();
    const waiting = budget.take(5, stop.signal);
    stop.abort(new SignalError("DEADLINE_EXCEEDED", "too late"));
    await expect(waiting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await expect(budget.take(5, stop.signal)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await expect(budget.take(0, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("keeps the bytes of who was granted them before its abort", async () => {
    const budget = new ByteBudget(10);
    const release = await budget.take(10, signal);
    const stop = new AbortController();
    const waiting = budget.take(5, stop.signal);
    release();
    stop.abort();
    (await waiting)();
    expect(budget.used).toBe(0);
  });

  it("never passes its total, serves in order and ends empty, whatever happens", async () => {
    const random = new SeededRandom(7);
    const budget = new ByteBudget(100);
    const held: (() => void)[] = [];
    const stops: AbortController[] = [];
    const order: number[] = [];
    const left = new Set<number>();
    for (let i = 0; i < 3000; i += 1) {
      const [action, bytes, stop] = [random.below(4), random.below(101), new AbortController()];
      if (action < 2) {
        stops.push(stop);
        budget.take(bytes, stop.signal).then(
          (release) => {
            order.push(i);
            held.push(release);
          },
          () => left.add(i),
        );
      } else if (action === 2) {
        held.splice(random.below(held.length + 1), 1).forEach((release) => {
          release();
        });
      } else {
        stops.splice(random.below(stops.length + 1), 1)[0]?.abort();
      }
      if (random.below(3) === 0) await turn();
      expect(budget.used).toBeLessThanOrEqual(100);
    }
    for (let rounds = 0; rounds < 3000 && (held.length > 0 || rounds === 0); rounds += 1) {
      held.splice(0).forEach((release) => {
        release();
      });
      await turn();
    }
    expect(budget.used).toBe(0);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order.length).toBeGreaterThan(500);
    expect(left.size).toBeGreaterThan(100);
  });
});
