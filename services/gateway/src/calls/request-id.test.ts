import { Metadata } from "@grpc/grpc-js";
import { requestIdOf } from "./request-id";

describe("requestIdOf", () => {
  it.each([
    ["keeps a plain id", "3f2c-77_a.b:1", "3f2c-77_a.b:1"],
    ["replaces an id with blanks", "a b", "new"],
    ["replaces an id with quotes", '"},{"', "new"],
    ["replaces an id that is too long", "x".repeat(129), "new"],
  ])("%s", (_name, given, expected) => {
    const metadata = new Metadata();
    metadata.set("x-request-id", given);
    expect(requestIdOf(metadata, () => "new")).toBe(expected);
  });

  it("makes one where none is given", () => {
    expect(requestIdOf(new Metadata(), () => "new")).toBe("new");
  });
});
