import { readEnvironment } from "./environment";

describe("readEnvironment", () => {
  it("copies, so that later changes are not seen", () => {
    const before = readEnvironment();
    // eslint-disable-next-line no-restricted-properties -- the test is about the real environment
    process.env["MEF3_ENVIRONMENT_TEST"] = "set";
    expect(before["MEF3_ENVIRONMENT_TEST"]).toBeUndefined();
    expect(readEnvironment()["MEF3_ENVIRONMENT_TEST"]).toBe("set");
    // eslint-disable-next-line no-restricted-properties -- as above
    delete process.env["MEF3_ENVIRONMENT_TEST"];
  });
});
