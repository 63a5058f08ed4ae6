import { EventEmitter } from "node:events";
import { RunningCalls, type CallLifetime } from "./running-calls";

class FakeCall extends EventEmitter implements CallLifetime {
  cancelled = false;
  readonly #deadline: number;

  constructor(deadline = Infinity) {
    super();
    this.#deadline = deadline;
  }

  getDeadline(): number {
    return this.#deadline;
  }
}

describe("RunningCalls", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it("aborts a call whose client goes away", () => {
    const call = new FakeCall();
    const { signal, clientGone } = new RunningCalls(() => 0).begin(call);
    expect(signal.aborted).toBe(false);
    call.emit("cancelled");
    expect(signal.reason).toMatchObject({ code: "CANCELLED" });
    expect(clientGone.aborted).toBe(true);
  });

  it("begins a call that is cancelled already as aborted", () => {
    const call = new FakeCall();
    call.cancelled = true;
    expect(new RunningCalls(() => 0).begin(call).signal.aborted).toBe(true);
  });

  it("aborts at the client's deadline", () => {
    const { signal } = new RunningCalls(() => 5000).begin(new FakeCall(7000));
    jest.advanceTimersByTime(1999);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("sets no timer for a deadline that is weeks away", () => {
    new RunningCalls(() => 0).begin(new FakeCall(2 ** 40));
    expect(jest.getTimerCount()).toBe(0);
  });

  it("does not take the end of an answered call for a cancellation", () => {
    const call = new FakeCall(1000);
    const running = new RunningCalls(() => 0).begin(call);
    running.end();
    call.emit("cancelled");
    expect(running.signal.aborted).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("tells calls that end in a shutdown from clients that left", () => {
    const calls = new RunningCalls(() => 0);
    const before = calls.begin(new FakeCall());
    calls.cancelAll();
    const after = calls.begin(new FakeCall());
    for (const { signal, clientGone } of [before, after]) {
      expect(signal.reason).toMatchObject({ code: "UNAVAILABLE" });
      expect(clientGone.aborted).toBe(false);
    }
  });

  it("is idle once every call has ended, however often one says so", async () => {
    const calls = new RunningCalls(() => 0);
    const [first, second] = [calls.begin(new FakeCall()), calls.begin(new FakeCall())];
    const idle = calls.whenIdle(new AbortController().signal);
    first.end();
    first.end();
    expect(calls.count).toBe(1);
    second.end();
    expect(await idle).toBe(true);
  });

  it("stops waiting for calls at the deadline", async () => {
    const calls = new RunningCalls(() => 0);
    calls.begin(new FakeCall());
    const deadline = new AbortController();
    const idle = calls.whenIdle(deadline.signal);
    deadline.abort();
    expect(await idle).toBe(false);
  });
});
