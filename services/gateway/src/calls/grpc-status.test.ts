import { status } from "@grpc/grpc-js";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { callStatusOf } from "./grpc-status";

describe("callStatusOf", () => {
  it("shows the message of an error that is the caller's to know", () => {
    const error = new SignalError("DATA_DAMAGED", "channel A is damaged", { path: "/secret" });
    expect(callStatusOf(error, "r1")).toEqual({
      code: status.DATA_LOSS,
      details: "channel A is damaged",
    });
  });

  it.each([
    ["an INTERNAL error", new SignalError("INTERNAL", "detail")],
    ["an error that is not ours", new TypeError("detail")],
    ["something that is no error", "detail"],
  ])("shows only the request id of %s", (_name, error) => {
    expect(callStatusOf(error, "r1")).toEqual({
      code: status.INTERNAL,
      details: "internal error (request r1)",
    });
  });
});
