import { chooseCharset, readDemoSettings } from "./demo-settings";

describe("readDemoSettings", () => {
  it("serves the sample on the usual ports when nothing is set, or set to nothing", () => {
    const usual = { dataPath: undefined, port: 50051, adminPort: 9464 };
    expect(readDemoSettings({})).toEqual(usual);
    expect(readDemoSettings({ DATA: "", PORT: "", ADMIN_PORT: "" })).toEqual(usual);
  });

  it("makes the data path absolute", () => {
    expect(readDemoSettings({ DATA: "some/folder" }).dataPath).toBe(`${process.cwd()}/some/folder`);
  });

  it("refuses a port that is none", () => {
    expect(() => readDemoSettings({ PORT: "http" })).toThrow("PORT: must be a whole number");
  });
});

describe("chooseCharset", () => {
  it.each([
    ["no locale", {}, "braille"],
    ["a UTF-8 locale", { LANG: "de_AT.UTF-8" }, "braille"],
    ["another spelling", { LC_CTYPE: "C.utf8" }, "braille"],
    ["the C locale", { LANG: "C" }, "ascii"],
    ["one that overrides", { LC_ALL: "POSIX", LANG: "en_US.UTF-8" }, "ascii"],
    ["the kernel's console", { TERM: "linux", LANG: "en_US.UTF-8" }, "ascii"],
  ])("takes, for %s, %p: %s", (_what, environment, charset) => {
    expect(chooseCharset(environment)).toBe(charset);
  });
});
