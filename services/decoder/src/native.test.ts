import {
  buildChannelIndex,
  crc32,
  encodeRedBlock,
  readMetadata,
  readUniversalHeader,
} from "./native";
import {
  builtIndex,
  detached,
  errorNamed,
  segmentInput,
  SMALL_FILES,
} from "./testing/native-arguments";
import { resealFile } from "./testing/recording-files";
import { ramp, START_UUTC } from "./testing/small-recording";

describe("crc32", () => {
  const text = (value: string): Uint8Array => Buffer.from(value);

  it.each([
    ["nothing", new Uint8Array(0), 0xffffffff],
    ["123456789", text("123456789"), 0xd2c22f51],
    ["abc", text("abc"), 0x45dcdd53],
    ["zeros", new Uint8Array(4), 0x0843323b],
    ["every byte", Uint8Array.from(ramp(256)), 0x543f2c99],
  ])("gives the format's value for %s", (_case, bytes, expected) => {
    expect(crc32(bytes)).toBe(expected);
  });

  it("goes on from an earlier value, 0 included", () => {
    expect(crc32(text("456789"), crc32(text("123")))).toBe(0xd2c22f51);
    expect(crc32(text("123456789"), 0)).toBe(0xa55cf835);
  });

  it.each<[string, unknown, unknown, string]>([
    ["text", "123", undefined, "TypeError"],
    ["nothing", undefined, undefined, "TypeError"],
    ["words", new Uint16Array(2), undefined, "TypeError"],
    ["an array", [1, 2], undefined, "TypeError"],
    ["an array buffer", new ArrayBuffer(2), undefined, "TypeError"],
    ["text to go on from", new Uint8Array(1), "1", "TypeError"],
    ["half a number to go on from", new Uint8Array(1), 0.5, "RangeError"],
    ["33 bits to go on from", new Uint8Array(1), 2 ** 32, "RangeError"],
    ["a negative number to go on from", new Uint8Array(1), -1, "RangeError"],
    ["NaN to go on from", new Uint8Array(1), NaN, "RangeError"],
  ])("refuses %s", (_case, bytes, initial, name) => {
    expect(() => crc32(bytes as never, initial as never)).toThrow(errorNamed(name));
  });

  it("takes a detached array for an empty one", () => {
    expect(crc32(detached(new Uint8Array(1000)))).toBe(0xffffffff);
  });
});

describe("encodeRedBlock", () => {
  const options = { storedStartTime: 1577836800000000n, discontinuity: true };

  it("makes the block of the format's first vector", () => {
    const samples = [100, 101, 103, 102, 102, 99, 95, 90, 88, 5000];
    samples.push(5001, 5003, 5000, 4990, -70000, -70001, -69999, -69999, -69990, -69985);
    const block = Buffer.from(encodeRedBlock(Int32Array.from(samples), options));
    expect(block).toHaveLength(320);
    expect(block.readUInt32LE(0)).toBe(0x16e9fb04);
    expect(block.subarray(304).toString("hex")).toBe("7be50f504dbe897de7f19b6f25b2d300");
  });

  it.each<[string, unknown, unknown, string]>([
    ["floats", new Float32Array(1), options, "TypeError"],
    ["an array", [1], options, "TypeError"],
    [
      "a time that is no bigint",
      new Int32Array(1),
      { ...options, storedStartTime: 1 },
      "TypeError",
    ],
    [
      "a time of 65 bits",
      new Int32Array(1),
      { ...options, storedStartTime: 1n << 64n },
      "RangeError",
    ],
    ["more samples than blocks hold", new Int32Array(4_194_305), options, "RangeError"],
  ])("refuses %s", (_case, samples, given, name) => {
    expect(() => encodeRedBlock(samples as never, given as never)).toThrow(errorNamed(name));
  });

  it("makes an empty block of a detached array", () => {
    expect(encodeRedBlock(detached(new Int32Array(100)), options)).toHaveLength(304);
  });
});

describe("readUniversalHeader and readMetadata", () => {
  it("give what the files say", () => {
    expect(readUniversalHeader(SMALL_FILES.tidx, "tidx")).toMatchObject({
      status: "OK",
      startTime: BigInt(-START_UUTC),
      endTime: BigInt(-START_UUTC - 400_000),
    });
    expect(readMetadata(SMALL_FILES.tmet)).toMatchObject({
      status: "OK",
      section2Level: 0,
      metadata: { samplingRate: 1000, nSamples: 400 },
    });
  });

  it.each(ramp(40).map((i) => Math.min(i * 429, 16383)))("survive a file of %d bytes", (length) => {
    const file = SMALL_FILES.tmet.subarray(0, length);
    expect(readMetadata(file).status).not.toBe("OK");
    const header = length < 1024 ? "TRUNCATED" : "OK";
    expect(readUniversalHeader(file, "tmet").status).toBe(header);
  });

  it.each<[string, () => unknown, string]>([
    [
      "a file type that is none",
      () => readUniversalHeader(SMALL_FILES.tmet, "txt" as never),
      "TypeError",
    ],
    [
      "a type that is no text",
      () => readUniversalHeader(SMALL_FILES.tmet, Symbol() as never),
      "TypeError",
    ],
    ["text for a file", () => readUniversalHeader("x" as never, "tmet"), "TypeError"],
    ["null for a file", () => readMetadata(null as never), "TypeError"],
    ["text for a locked section", () => readMetadata(locked(), "x" as never), "TypeError"],
  ])("refuse %s", (_case, call, name) => {
    expect(call).toThrow(errorNamed(name));
  });

  it("take a section that is too short for damage, a detached file for a short one", () => {
    expect(readMetadata(locked(), new Uint8Array(100)).status).toBe("TRUNCATED");
    expect(readMetadata(detached(new Uint8Array(20_000))).status).toBe("TRUNCATED");
  });
});

describe("buildChannelIndex", () => {
  it("finds blocks, and names damage in the contract's words", async () => {
    const index = await builtIndex([
      segmentInput(),
      segmentInput({
        indexFile: undefined,
        startUutc: START_UUTC + 500_000,
        endUutc: START_UUTC + 600_000,
      }),
    ]);
    expect(index).toMatchObject({
      nBlocks: 4,
      nSlots: 600,
      nSamples: 400,
      damage: [{ firstSlot: 500, nSlots: 100, reason: "SEGMENT_UNREADABLE" }],
    });
    expect([...index.coverage]).toEqual([0, 400]);
    expect(index.segments.map(({ status }) => status)).toEqual(["OK", "TRUNCATED"]);
  });

  it("refuses a channel that has no start", async () => {
    const segment = segmentInput({
      indexFile: undefined,
      startUutc: undefined,
      endUutc: undefined,
    });
    await expect(buildChannelIndex([segment], 1000)).resolves.toBe("BAD_HEADER");
    await expect(buildChannelIndex([], 1000)).resolves.toBe("BAD_HEADER");
  });

  it("takes a detached index for an empty one", async () => {
    const index = await builtIndex([
      segmentInput({ indexFile: detached(Uint8Array.from(SMALL_FILES.tidx)) }),
    ]);
    expect(index.segments[0]!.status).toBe("TRUNCATED");
  });

  it("reads its inputs though nobody else holds them", async () => {
    const indexes = await Promise.all(
      ramp(50).map(() =>
        builtIndex([segmentInput({ indexFile: Uint8Array.from(SMALL_FILES.tidx) })]),
      ),
    );
    expect(indexes.every(({ nSamples }) => nSamples === 400)).toBe(true);
  });

  it.each<[string, unknown, unknown, string]>([
    ["no array", { length: 1 }, 1000, "TypeError"],
    ["a segment that is no object", [1], 1000, "TypeError"],
    ["a hole in the segments", new Array(1), 1000, "TypeError"],
    ["an empty segment", [{}], 1000, "TypeError"],
    ["text for an index", [segmentInput({ indexFile: "x" as never })], 1000, "TypeError"],
    ["a negative size", [segmentInput({ dataBytes: -1 })], 1000, "RangeError"],
    ["an infinite size", [segmentInput({ dataBytes: Infinity })], 1000, "RangeError"],
    ["half a microsecond", [segmentInput({ startUutc: 0.5 })], 1000, "RangeError"],
    ["a time beyond doubles", [segmentInput({ endUutc: 2 ** 54 })], 1000, "RangeError"],
    [
      "a factor that is text",
      [segmentInput({ unitsConversionFactor: "1" as never })],
      1000,
      "TypeError",
    ],
    ["a rate that is text", [segmentInput()], "1000", "TypeError"],
  ])("refuses %s", async (_case, segments, rate, name) => {
    await expect(buildChannelIndex(segments as never, rate as never)).rejects.toEqual(
      errorNamed(name),
    );
  });
});

/** A `.tmet` that says its section 2 is ciphertext. */
function locked(): Buffer {
  const file = Buffer.from(SMALL_FILES.tmet);
  file.writeInt8(1, 1024);
  return resealFile(file);
}
