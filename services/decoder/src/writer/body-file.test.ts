import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32 } from "../native";
import { BodyFile } from "./body-file";

describe("BodyFile", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "body-file-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("puts pieces of any size after the header, in order, and knows their CRC", async () => {
    const pieces = [1, 300_000, 262_143, 0, 2, 262_144, 5].map((nBytes, i) =>
      Buffer.alloc(nBytes, i + 1),
    );
    const body = Buffer.concat(pieces);
    const file = path.join(directory, "file");
    await BodyFile.with(file, async (target) => {
      for (const piece of pieces) await target.append(piece);
      expect(target.position).toBe(1024 + body.byteLength);
      expect(target.bodyCrc).toBe(crc32(body));
      await target.finish(Buffer.alloc(1024, 0xee));
    });
    expect((await readFile(file)).equals(Buffer.concat([Buffer.alloc(1024, 0xee), body]))).toBe(
      true,
    );
  });

  it("does not overwrite a file", async () => {
    const file = path.join(directory, "file");
    const create = () => BodyFile.with(file, (target) => target.finish(Buffer.alloc(1024)));
    await create();
    await expect(create()).rejects.toMatchObject({ code: "EEXIST" });
  });
});
