import { byCodePoint, channelNames, type FolderEntry, segmentLocations } from "./session-layout";

function folders(...names: readonly string[]): FolderEntry[] {
  return names.map((name) => ({ name, kind: "folder" }));
}

describe("channelNames", () => {
  it.each([
    ["a plain name", "A1.timd", "A1"],
    ["dots", "EEG.A1.ref.timd", "EEG.A1.ref"],
    ["dashes", "B-000001.timd", "B-000001"],
    ["spaces", " Fp 1 .timd", " Fp 1 "],
    ["text beyond ASCII", "Größe 脳 🧠.timd", "Größe 脳 🧠"],
    ["the suffix within", "a.timd.timd", "a.timd"],
  ])("takes the folder's name with %s", (_case, folder, name) => {
    expect(channelNames(folders(folder))).toEqual([name]);
  });

  it.each([
    ["a resource fork", "._A1.timd"],
    ["no name", ".timd"],
    ["a video channel", "V1.vidd"],
    ["another suffix", "A1.timd.bak"],
    ["another case", "A1.TIMD"],
    ["a finder file", ".DS_Store"],
  ])("leaves out %s", (_case, folder) => {
    expect(channelNames(folders(folder))).toEqual([]);
  });

  it.each(["file", "other"] as const)("leaves out what is no folder but a %s", (kind) => {
    expect(channelNames([{ name: "A1.timd", kind }])).toEqual([]);
  });

  it("sorts by code point, not by UTF-16 unit and not by locale", () => {
    const names = ["b", "\u{1f9e0}", "B", "\uff21", "a10", "a2"];
    expect(channelNames(folders(...names.map((name) => `${name}.timd`)))).toEqual([
      ...["B", "a10", "a2", "b"],
      ...["\uff21", "\u{1f9e0}"],
    ]);
  });
});

describe("segmentLocations", () => {
  it("takes the number from the digits after the channel's name and keeps the stem", () => {
    expect(segmentLocations("A-1.x", folders("A-1.x-000003.segd"))).toEqual([
      { number: 3, folder: "A-1.x.timd/A-1.x-000003.segd", stem: "A-1.x-000003" },
    ]);
  });

  it("sorts by number, compared as numbers, holes and all", () => {
    const entries = folders("A-10.segd", "A-9.segd", "A-000000.segd", "A-999999999.segd");
    expect(segmentLocations("A", entries).map(({ number }) => number)).toEqual([
      0, 9, 10, 999_999_999,
    ]);
  });

  it.each([
    ["ten digits", "A-1000000000.segd"],
    ["no digits", "A-.segd"],
    ["a sign", "A--1.segd"],
    ["other digits", "A-٣.segd"],
    ["a fraction", "A-1.5.segd"],
    ["another channel's", "B-000000.segd"],
    ["a channel whose name goes on", "A-x-000000.segd"],
    ["a resource fork", "._A-000000.segd"],
    ["another suffix", "A-000000.segd.old"],
    ["the suffix alone", ".segd"],
  ])("ignores a stem with %s", (_case, folder) => {
    expect(segmentLocations("A", folders(folder))).toEqual([]);
  });

  it.each(["file", "other"] as const)("ignores what is no folder but a %s", (kind) => {
    expect(segmentLocations("A", [{ name: "A-000000.segd", kind }])).toEqual([]);
  });
});

describe("byCodePoint", () => {
  it.each([
    ["a", "b", -1],
    ["a", "a", 0],
    ["a", "", 1],
    ["\u{1f9e0}", "\uff21", 1],
  ])("compares %j with %j", (a, b, sign) => {
    expect(Math.sign(byCodePoint(a, b))).toBe(sign);
  });
});
