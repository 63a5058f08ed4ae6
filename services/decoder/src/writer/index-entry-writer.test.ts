import { indexEntry } from "./index-entry-writer";

describe("indexEntry", () => {
  it("writes the entry that docs/mef3-format.md, section 7, shows", () => {
    const entry = indexEntry({
      fileOffset: 1024,
      startTime: -1577836800000000n,
      startSample: 0,
      numberOfSamples: 2000,
      blockBytes: 6608,
      maximumSampleValue: 68375,
      minimumSampleValue: -71043,
      redBlockFlags: 1,
    });
    expect(entry.toString("hex")).toBe(
      "000400000000000000c0053ef764faff" +
        "0000000000000000d0070000d0190000" +
        "170b01007deafeff0000000001000000" +
        "0000000000000000",
    );
  });
});
