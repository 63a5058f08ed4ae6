import { writeText } from "./fixed-fields";

describe("writeText", () => {
  it("fills the field up with zeros and touches nothing else", () => {
    const target = Buffer.alloc(24, 0xaa);
    writeText(target, 4, 16, "é1");
    expect(target.toString("hex")).toBe(`aaaaaaaac3a931${"00".repeat(13)}aaaaaaaa`);
  });

  it.each([
    ["too long a text", "abcd"],
    ["a text with a NUL", "a\0b"],
  ])("refuses %s", (_name, text) => {
    expect(() => {
      writeText(Buffer.alloc(16), 0, 16, text);
    }).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error);
  });

  it("takes as many characters as the specification allows, whatever their bytes", () => {
    const target = Buffer.alloc(16);
    writeText(target, 0, 16, "😀😀😀");
    expect(target.subarray(0, 12).toString("utf8")).toBe("😀😀😀");
  });
});
