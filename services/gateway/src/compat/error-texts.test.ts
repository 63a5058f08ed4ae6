import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { errorText, unknownChannels } from "./error-texts";

describe("unknownChannels", () => {
  it.each([
    [["A"], "['A']"],
    [["A", "B"], "['A', 'B']"],
    [["it's"], `["it's"]`],
    [[`both ' and "`], `['both \\' and "']`],
    [["back\\slash"], "['back\\\\slash']"],
  ])("lists %j as Python prints it", (names, expected) => {
    expect(unknownChannels(names).message).toBe(`Unknown channels: ${expected}`);
  });
});

describe("errorText", () => {
  it("shows what a client may know", () => {
    expect(errorText(new SignalError("DATA_DAMAGED", "damaged"), "r")).toBe("damaged");
  });

  it("hides a defect behind the request id", () => {
    expect(errorText(new Error("detail"), "r7")).toBe("internal error (request r7)");
  });
});
