import { describeConnection } from "./connect-help";

describe("describeConnection", () => {
  it("names the address and the recording as Python literals", () => {
    const lines = describeConnection("127.0.0.1:50051", '/data/a "b".mefd');
    expect(lines).toContain('  client = Mef3Client("127.0.0.1:50051")');
    expect(lines).toContain('  path = "/data/a \\"b\\".mefd"');
  });

  it("keeps within the width of a terminal", () => {
    const widths = describeConnection("127.0.0.1:50051", "/x.mefd").map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(100);
  });
});
