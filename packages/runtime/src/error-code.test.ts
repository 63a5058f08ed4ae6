import { readFileSync } from "node:fs";
import { hasErrorCode } from "./error-code";

describe("hasErrorCode", () => {
  it("knows an error of the operating system by its code", () => {
    let caught: unknown;
    try {
      readFileSync("/nonexistent");
    } catch (error) {
      caught = error;
    }
    expect([hasErrorCode(caught, "ENOENT"), hasErrorCode(caught, "EACCES")]).toEqual([true, false]);
  });

  it.each([undefined, null, "ENOENT", new Error("ENOENT")])("finds no code in %p", (thrown) => {
    expect(hasErrorCode(thrown, "ENOENT")).toBe(false);
  });
});
