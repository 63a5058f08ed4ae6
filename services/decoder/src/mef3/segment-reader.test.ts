import { createCipheriv } from "node:crypto";
import { rename, symlink } from "node:fs/promises";
import path from "node:path";
import { DirectoryFiles } from "../sources/directory-files";
import {
  resealFile,
  segmentFile,
  type Tamper,
  writeChannelFiles,
} from "../testing/recording-files";
import type { PasswordSpec, SegmentSpec } from "../testing/recording-spec";
import { smallChannel, smallSegment, START_UUTC } from "../testing/small-recording";
import { useTemporaryFolder } from "../testing/temporary-folder";
import { decryptBlocks } from "./aes-ecb";
import { isReadable, readSegment, type Segment } from "./segment-reader";

const folder = useTemporaryFolder();
const BOTH = { password1: "pass1", password2: "pass2" };

interface Given {
  readonly segment?: Partial<SegmentSpec>;
  readonly passwords?: PasswordSpec;
  readonly tamper?: Tamper;
}

async function write({ segment, passwords, tamper }: Given = {}): Promise<void> {
  const channel = smallChannel([smallSegment(0, segment)]);
  await writeChannelFiles(folder.path, channel, passwords, tamper);
}

function read(...passwords: readonly string[]): Promise<Segment> {
  const location = { number: 0, folder: "A.timd/A-000000.segd", stem: "A-000000" };
  return readSegment(new DirectoryFiles(folder.path), location, passwords);
}

function key(password: string): Buffer {
  return Buffer.concat([Buffer.from(password), Buffer.alloc(16)]).subarray(0, 16);
}

describe("readSegment", () => {
  it("reads metadata and index, and looks at the data", async () => {
    await write();
    const segment = await read();
    expect(isReadable(segment)).toBe(true);
    expect(segment).toMatchObject({
      location: { number: 0, stem: "A-000000" },
      metadata: {
        samplingRate: 1000,
        unitsConversionFactor: 0.5,
        unit: "uV",
        nSamples: 400,
        recordingTimeOffset: 0,
        startUutc: START_UUTC,
        endUutc: START_UUTC + 400_000,
      },
      keys: {},
      stamps: [{ bytes: 16384 }, { bytes: 1024 + 4 * 56 }, {}],
    });
    expect(isReadable(segment) && segment.indexFile.length).toBe(1024 + 4 * 56);
  });

  it.each<[string, Partial<SegmentSpec>]>([
    ["an offset", { recordingTimeOffset: 1577818800000000 }],
    ["an offset of the other sign", { recordingTimeOffset: -86_400_000_000 }],
  ])("removes %s from times", async (_case, segment) => {
    await write({ segment });
    await expect(read()).resolves.toMatchObject({
      metadata: { startUutc: START_UUTC, endUutc: START_UUTC + 400_000, ...segment },
    });
  });

  it.each([
    ["0", 0],
    ["NaN", NaN],
    ["infinite", Infinity],
  ])("takes a factor of %s for 1 in a unit that is not known", async (_case, factor) => {
    await write({ segment: { factor } });
    await expect(read()).resolves.toMatchObject({
      metadata: { unitsConversionFactor: 1, unitsKnown: false, unit: "" },
    });
  });

  it.each(["tmet", "tidx", "tdat"] as const)("says that the .%s is missing", async (extension) => {
    await write({ tamper: (files) => ({ ...files, [extension]: undefined }) });
    const segment = await read();
    expect(isReadable(segment)).toBe(false);
    expect(segment).toMatchObject({ reason: "cannot be read: ENOENT" });
    const knownStart = extension === "tmet" ? undefined : START_UUTC;
    expect(segment.metadata?.startUutc).toBe(knownStart);
  });

  it.each<[string, string, Tamper]>([
    ["shorter than a header", "TRUNCATED", ({ tmet }) => ({ tmet: tmet.subarray(0, 1000) })],
    ["shorter than its sections", "TRUNCATED", ({ tmet }) => ({ tmet: tmet.subarray(0, 16383) })],
    ["empty", "TRUNCATED", () => ({ tmet: Buffer.alloc(0) })],
    ["of another type", "BAD_HEADER", ({ tidx }) => ({ tmet: tidx })],
    ["with a flipped header byte", "CRC_MISMATCH", ({ tmet }) => ({ tmet: flipped(tmet, 500) })],
    ["with a flipped body byte", "CRC_MISMATCH", ({ tmet }) => ({ tmet: flipped(tmet, 9000) })],
    ["of MEF 2", "UNSUPPORTED_VERSION", ({ tmet }) => ({ tmet: withByte(tmet, 13, 2) })],
    ["big-endian", "UNSUPPORTED_VERSION", ({ tmet }) => ({ tmet: withByte(tmet, 15, 0) })],
    ["with level 3", "BAD_HEADER", ({ tmet }) => ({ tmet: withByte(tmet, 1024, 3) })],
    ["with level -3", "BAD_HEADER", ({ tmet }) => ({ tmet: withByte(tmet, 1025, 0xfd) })],
    ["with a rate of 0", "BAD_HEADER", ({ tmet }) => ({ tmet: withRate(tmet, 0) })],
    ["with a rate of NaN", "BAD_HEADER", ({ tmet }) => ({ tmet: withRate(tmet, NaN) })],
    ["with a rate of 20 MHz", "BAD_HEADER", ({ tmet }) => ({ tmet: withRate(tmet, 2e7) })],
  ])("refuses metadata %s by name", async (_case, status, tamper) => {
    await write({ tamper: (files, segment) => ({ ...files, ...tamper(files, segment) }) });
    const segment = await read();
    expect(isReadable(segment)).toBe(false);
    expect(segment).toMatchObject({ reason: `metadata refused: ${status}` });
  });

  it("reads metadata whose CRCs have no entry", async () => {
    const tamper: Tamper = (files) => {
      files.tmet.fill(0, 0, 8);
      return files;
    };
    await write({ tamper });
    expect(isReadable(await read())).toBe(true);
  });

  it("refuses metadata far longer than metadata is", async () => {
    await write({ tamper: (files) => ({ ...files, tmet: Buffer.alloc(2 << 20) }) });
    const segment = await read();
    expect(isReadable(segment)).toBe(false);
    expect(segment).toMatchObject({ reason: expect.stringContaining("larger than") as string });
  });

  it("leaves judging the index to the index: a damaged one is handed on", async () => {
    await write({ tamper: (files) => ({ ...files, tidx: Buffer.from("not an index") }) });
    expect(isReadable(await read())).toBe(true);
  });

  it.each(["tmet", "tidx", "tdat"] as const)("takes no link for a .%s", async (extension) => {
    await write();
    const file = path.join(folder.path, segmentFile("A", 0, extension));
    await rename(file, path.join(folder.path, "elsewhere"));
    await symlink(path.join(folder.path, "elsewhere"), file);
    const segment = await read();
    expect(isReadable(segment)).toBe(false);
    expect(segment).toMatchObject({ reason: expect.stringMatching(/E(LOOP|INVAL)$/) as string });
  });

  it.each([
    ["no password", []],
    ["a wrong one", ["wrong"]],
    ["an empty one", [""]],
    ["17 characters", ["12345678901234567"]],
    ["a prefix", ["pass"]],
    ["another case", ["PASS1"]],
  ])("asks for a password when it gets %s", async (_case, passwords) => {
    await write({ passwords: BOTH });
    await expect(read(...passwords)).rejects.toMatchObject({ code: "PASSWORD_REQUIRED" });
  });

  it("reads all with the level-2 password", async () => {
    await write({ passwords: BOTH, segment: { recordingTimeOffset: 1577818800000000 } });
    await expect(read("wrong", "pass2")).resolves.toMatchObject({
      metadata: { samplingRate: 1000, startUutc: START_UUTC },
      keys: { level1: key("pass1"), level2: key("pass2") },
    });
  });

  it("reads all but the times' offset with the level-1 password", async () => {
    await write({ passwords: BOTH, segment: { recordingTimeOffset: 1577818800000000 } });
    const segment = await read("pass1");
    expect(segment).toMatchObject({
      metadata: { samplingRate: 1000, startUutc: START_UUTC - 1577818800000000 },
      keys: { level1: key("pass1") },
    });
    expect(segment.metadata?.recordingTimeOffset).toBeUndefined();
  });

  it("reads all with the level-1 password where there is no other", async () => {
    const recordingTimeOffset = 1577818800000000;
    await write({ passwords: { password1: "pass1" }, segment: { recordingTimeOffset } });
    await expect(read("pass1")).resolves.toMatchObject({
      metadata: { recordingTimeOffset, startUutc: START_UUTC },
    });
    await expect(read("pass2")).rejects.toMatchObject({ code: "PASSWORD_REQUIRED" });
  });

  it("has the keys of a session whose blocks alone are encrypted", async () => {
    await write({ passwords: { ...BOTH, plainMetadata: true } });
    await expect(read("pass2")).resolves.toMatchObject({
      metadata: { startUutc: START_UUTC },
      keys: { level1: key("pass1"), level2: key("pass2") },
    });
    await expect(read()).resolves.toMatchObject({ keys: {} });
  });

  it("does not mind passwords for a session without", async () => {
    await write();
    await expect(read("pass1", "pass2")).resolves.toMatchObject({ keys: {} });
  });

  it("says nothing of a password or of the subject in a refusal", async () => {
    await write({ passwords: BOTH });
    const error: unknown = await read("hunter2").catch((reason: unknown) => reason);
    expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
  });
});

describe("decryptBlocks", () => {
  it("undoes AES-128-ECB over whole blocks, without padding", () => {
    const plain = Buffer.from("00112233445566778899aabbccddeeff".repeat(2), "hex");
    const cipher = createCipheriv("aes-128-ecb", key("k"), null).setAutoPadding(false);
    expect(plain.equals(decryptBlocks(cipher.update(plain), key("k")))).toBe(true);
  });

  it("gives the plaintext of the standard's vector", () => {
    const vector = Buffer.from("69c4e0d86a7b0430d8cdb78070b4c55a", "hex");
    const standardKey = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const plain = Buffer.from(decryptBlocks(vector, standardKey)).toString("hex");
    expect(plain).toBe("00112233445566778899aabbccddeeff");
  });
});

function flipped(file: Buffer, offset: number): Buffer {
  file.writeUInt8(file.readUInt8(offset) ^ 1, offset);
  return file;
}

function withByte(file: Buffer, offset: number, value: number): Buffer {
  file.writeUInt8(value, offset);
  return resealFile(file);
}

function withRate(file: Buffer, samplingRate: number): Buffer {
  file.writeDoubleLE(samplingRate, 8720);
  return resealFile(file);
}
