import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { sendMessage, type MessageStream } from "./send-message";

const MESSAGE = Buffer.from("message");

/** A stream that takes a message when the test says so. */
function heldStream(): { stream: MessageStream; take: (error?: Error) => void; writes: Buffer[] } {
  const writes: Buffer[] = [];
  const callbacks: ((error?: Error | null) => void)[] = [];
  const write: MessageStream["write"] = (message, callback) => {
    writes.push(message);
    callbacks.push(callback);
    return false;
  };
  return { stream: { write }, take: (error) => callbacks.shift()?.(error), writes };
}

async function isSettled(work: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await Promise.resolve();
  return (await Promise.race([work, Promise.resolve(pending)])) !== pending;
}

describe("sendMessage", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it("resolves only once the transport has taken the message", async () => {
    const { stream, take } = heldStream();
    const sent = sendMessage(stream, MESSAGE, new AbortController().signal, 1000);
    expect(await isSettled(sent)).toBe(false);
    take();
    await sent;
  });

  it("rejects with the abort's reason although the callback never comes", async () => {
    const { stream } = heldStream();
    const controller = new AbortController();
    const sent = sendMessage(stream, MESSAGE, controller.signal, 1000);
    controller.abort(new SignalError("UNAVAILABLE", "going down"));
    await expect(sent).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("writes nothing when nobody waits any more", async () => {
    const { stream, writes } = heldStream();
    const sent = sendMessage(stream, MESSAGE, AbortSignal.abort(), 1000);
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED" });
    expect(writes).toEqual([]);
  });

  it("rejects when the client accepts nothing for too long", async () => {
    const { stream } = heldStream();
    const sent = sendMessage(stream, MESSAGE, new AbortController().signal, 1000);
    jest.advanceTimersByTime(1000);
    await expect(sent).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "the client accepted nothing for 1 s",
    });
  });

  it("rejects when the write fails", async () => {
    const { stream, take } = heldStream();
    const sent = sendMessage(stream, MESSAGE, new AbortController().signal, 1000);
    take(new Error("stream destroyed"));
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("leaves no timer and no listener behind", async () => {
    const { stream, take } = heldStream();
    const { signal } = new AbortController();
    const removed = jest.spyOn(signal, "removeEventListener");
    const sent = sendMessage(stream, MESSAGE, signal, 1000);
    take();
    await sent;
    expect(jest.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalledTimes(1);
  });
});
