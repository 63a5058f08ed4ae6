import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { readFailure } from "./read-failure";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: /secret/path`), { code });
}

describe("readFailure", () => {
  it.each(["ENOENT", "EACCES", "EIO", "ELOOP", "ESTALE"])("names %s and no path", (code) => {
    expect(readFailure(systemError(code))).toBe(`cannot be read: ${code}`);
  });

  it("says that a file is too large", () => {
    expect(readFailure(new RangeError("f is larger than 5 bytes"))).toBe(
      "f is larger than 5 bytes",
    );
  });

  it.each(["EMFILE", "ENFILE", "ENOMEM"])("takes %s for overload", (code) => {
    expect(() => readFailure(systemError(code))).toThrow(
      expect.objectContaining({ code: "OVERLOADED", message: "too many files are open" }) as Error,
    );
  });

  it.each([
    ["an error of ours", new SignalError("PASSWORD_REQUIRED", "no")],
    ["a defect", new TypeError("x is not a function")],
  ])("throws %s on", (_case, error) => {
    expect(() => readFailure(error)).toThrow(error);
  });
});
