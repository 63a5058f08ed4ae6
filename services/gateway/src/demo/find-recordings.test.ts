import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findRecordings } from "./find-recordings";

describe("findRecordings", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "recordings-"));
    for (const folder of ["b.mefd/Ch1.timd", "a/deep/c.mefd", "a/d.mefd", ".hidden/e.mefd"]) {
      mkdirSync(path.join(root, folder), { recursive: true });
    }
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("lists recordings, the nearest first, without hidden folders", async () => {
    const found = await findRecordings(root, 10);
    expect(found.map((each) => path.relative(root, each))).toEqual([
      "b.mefd",
      "a/d.mefd",
      "a/deep/c.mefd",
    ]);
  });

  it("stops at the limit", async () => {
    expect(await findRecordings(root, 1)).toEqual([path.join(root, "b.mefd")]);
  });

  it("takes a recording itself as the only one", async () => {
    const recording = path.join(root, "b.mefd");
    expect(await findRecordings(recording, 10)).toEqual([recording]);
  });

  it("finds nothing where there is nothing", async () => {
    expect(await findRecordings(path.join(root, "nowhere"), 10)).toEqual([]);
  });
});
