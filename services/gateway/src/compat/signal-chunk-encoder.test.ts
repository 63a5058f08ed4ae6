import { COMPAT_DEFINITION, type DecodedChunk } from "../testing/compat-client";
import { MessageBufferPool } from "./message-buffer-pool";
import { encodeErrorChunk, SignalChunkEncoder, type SignalSlice } from "./signal-chunk-encoder";

const { responseSerialize, responseDeserialize } = COMPAT_DEFINITION["GetSignalRange"]!;

function pattern(nBytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: nBytes }, (_, i) => (i * 7 + 3) % 251));
}

function slice(nSamples: number, nBytes: number, startUutc: number, endUutc: number): SignalSlice {
  const copyInto = (target: Uint8Array, at: number): void => {
    expect((target.byteOffset + at) % 8).toBe(0);
    target.set(pattern(nBytes), at);
  };
  return { nSamples, nBytes, startUutc, endUutc, copyInto };
}

describe("SignalChunkEncoder", () => {
  it.each([
    ["one channel", "/data/a.mefd", ["A"], 5, 1_700_000_000_000_000],
    ["names beyond ASCII", "/data/čtvrtek µV.mefd", ["Fz–Cz", "ø"], 100, 1],
    ["times before 1970", "/d.mefd", ["A", "B"], 3, -1_000_000],
    ["a path longer than 127 bytes", `/${"d".repeat(200)}.mefd`, ["A"], 1, 0],
    ["a payload of several length bytes", "/d.mefd", ["A", "B", "C"], 70_000, 12],
    ["no samples", "/d.mefd", ["A"], 0, 5],
  ])(
    "writes the bytes a protobuf library writes: %s",
    (_name, filePath, names, nSamples, start) => {
      const encoder = new SignalChunkEncoder(
        { filePath, sampleType: "float32", fs: 249.75, channelNames: names },
        new MessageBufferPool(1e6),
      );
      const nBytes = names.length * nSamples * 4;
      const { bytes } = encoder.encode(slice(nSamples, nBytes, start, start + 17));
      const message = {
        file_path: filePath,
        array_bytes: pattern(nBytes),
        dtype: "float32",
        shape: [names.length, nSamples],
        start_uutc: start,
        end_uutc: start + 17,
        fs: 249.75,
        channel_names: names,
        error_message: "",
      };
      expect(bytes.equals(responseSerialize(message))).toBe(true);
    },
  );

  it("decodes to what was encoded, message after message, in a reused buffer", () => {
    const pool = new MessageBufferPool(1e6);
    const head = {
      filePath: "/d.mefd",
      sampleType: "float64",
      fs: 512,
      channelNames: ["A"],
    } as const;
    const encoder = new SignalChunkEncoder(head, pool);
    const first = encoder.encode(slice(900, 7200, 0, 1000));
    pool.giveBack(first.buffer);
    const second = encoder.encode(slice(3, 24, 1000, 1010));
    expect(second.buffer).toBe(first.buffer);
    const decoded = responseDeserialize(second.bytes) as DecodedChunk;
    expect(decoded).toMatchObject({ dtype: "float64", shape: ["1", "3"], error_message: "" });
    expect(decoded.array_bytes.equals(pattern(24))).toBe(true);
  });
});

describe("encodeErrorChunk", () => {
  it("holds only the path and the error's text", () => {
    const bytes = encodeErrorChunk("/d.mefd", "File not open: /d.mefd");
    const message = { file_path: "/d.mefd", error_message: "File not open: /d.mefd" };
    expect(bytes.equals(responseSerialize(message))).toBe(true);
  });
});
