import { errorOfAbort, isSignalError, SIGNAL_ERROR_CODES, SignalError } from "./signal-error";

function aborted(reason?: unknown): AbortSignal {
  return AbortSignal.abort(reason);
}

describe("SignalError", () => {
  it("carries code, message, context and cause", () => {
    const cause = new RangeError("why");
    const error = new SignalError("OVERLOADED", "later, please", { waiting: 3 }, { cause });
    expect(error).toMatchObject({
      name: "SignalError",
      code: "OVERLOADED",
      message: "later, please",
      context: { waiting: 3 },
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("SignalError: later, please");
  });

  it("has no context and no cause unless given", () => {
    const error = new SignalError("INTERNAL", "a defect");
    expect(error.context).toEqual({});
    expect("cause" in error).toBe(false);
  });
});

describe("SIGNAL_ERROR_CODES", () => {
  it("lists every code once", () => {
    expect(new Set(SIGNAL_ERROR_CODES).size).toBe(SIGNAL_ERROR_CODES.length);
  });
});

describe("isSignalError", () => {
  it("knows its own from everything else that is thrown", () => {
    expect(isSignalError(new SignalError("CANCELLED", "gone"))).toBe(true);
    for (const other of [new Error("gone"), { code: "CANCELLED" }, "CANCELLED", undefined]) {
      expect(isSignalError(other)).toBe(false);
    }
  });
});

describe("errorOfAbort", () => {
  it("is the error that was given as the reason", () => {
    const reason = new SignalError("UNAVAILABLE", "shutting down");
    expect(errorOfAbort(aborted(reason))).toBe(reason);
  });

  it.each<[string, unknown]>([
    ["an abort without a reason", undefined],
    ["an error", new Error("bye")],
    ["anything else", "bye"],
  ])("is CANCELLED for %s, which it keeps as the cause", (_name, reason) => {
    const signal = aborted(reason);
    expect(errorOfAbort(signal)).toMatchObject({ code: "CANCELLED" });
    expect(errorOfAbort(signal).cause).toBe(signal.reason);
  });

  it("is DEADLINE_EXCEEDED when a timeout was the reason", () => {
    const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    expect(errorOfAbort(aborted(reason))).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      cause: reason,
    });
  });

  it("is what a signal made of several was aborted by first", () => {
    const [caller, deadline] = [new AbortController(), new AbortController()];
    const both = AbortSignal.any([caller.signal, deadline.signal]);
    deadline.abort(new DOMException("too late", "TimeoutError"));
    caller.abort();
    expect(errorOfAbort(both).code).toBe("DEADLINE_EXCEEDED");
  });
});
