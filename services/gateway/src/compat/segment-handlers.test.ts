import { joinRows, type CompatClient } from "../testing/compat-client";
import { TestServer } from "../testing/compat-server";
import { syntheticSession, syntheticValue } from "../testing/synthetic-recording";

const PATH = "/data/night.mefd";
const START = 1_700_000_000_000_000;
const session = syntheticSession(PATH, [
  { name: "A1", fs: 256, startUutc: START, nSlots: 256 * 25 },
  { name: "A2", fs: 256, startUutc: START + 1_000_000, nSlots: 256 * 25 },
]);
const [a1, a2] = session.channels;
const file = { file_path: PATH };

let server: TestServer;
let client: CompatClient;

beforeEach(async () => {
  server = new TestServer([session]);
  await server.start();
  client = server.client({ "x-mef3io-client-id": "job" });
  await client.call("OpenFile", file);
});

afterEach(() => server.stop());

function setSize(seconds: number): Promise<unknown> {
  return client.call("SetSignalSegmentSize", { ...file, seconds: String(seconds) });
}

function numberOfSegments(count: number, errorMessage = ""): object {
  return { ...file, number_of_segments: String(count), error_message: errorMessage };
}

async function segmentError(index: string): Promise<unknown> {
  const chunks = await client.collect("GetSignalSegment", { ...file, chunk_idx: index });
  expect(chunks).toHaveLength(1);
  expect(chunks[0]).toMatchObject({ file_path: PATH, dtype: "", shape: [] });
  return chunks[0]!.error_message;
}

describe("setSignalSegmentSize", () => {
  it.each([
    ["that divides the recording", 13, 2],
    ["that leaves a shorter last segment", 10, 3],
    ["longer than the recording", 1000, 1],
  ])("answers the number of segments of a size %s", async (_name, seconds, count) => {
    expect(await setSize(seconds)).toEqual(numberOfSegments(count));
  });

  it("answers 0 and why for a file that is not open", async () => {
    await client.call("CloseFile", file);
    expect(await setSize(10)).toEqual(numberOfSegments(0, `File not open: ${PATH}`));
  });

  it.each([0, -5])("refuses a size of %d seconds and keeps the previous one", async (seconds) => {
    await setSize(10);
    const refused = numberOfSegments(0, "Segment size must be at least one second");
    expect(await setSize(seconds)).toEqual(refused);
    expect(await client.call("GetNumberOfSegments", file)).toEqual(numberOfSegments(3));
  });
});

describe("getNumberOfSegments", () => {
  it("answers 0 while no size is set", async () => {
    expect(await client.call("GetNumberOfSegments", file)).toEqual(numberOfSegments(0));
  });

  it("answers 0 for a file that is not open", async () => {
    await client.call("CloseFile", file);
    const answer = await client.call("GetNumberOfSegments", file);
    expect(answer).toEqual(numberOfSegments(0, `File not open: ${PATH}`));
  });

  it("keeps each client's own size", async () => {
    const other = server.client({ "x-mef3io-client-id": "other" });
    await other.call("OpenFile", file);
    await setSize(10);
    expect(await client.call("GetNumberOfSegments", file)).toEqual(numberOfSegments(3));
    expect(await other.call("GetNumberOfSegments", file)).toEqual(numberOfSegments(0));
  });

  it("forgets the size with the file", async () => {
    await setSize(10);
    await client.call("CloseFile", file);
    await client.call("OpenFile", file);
    expect(await client.call("GetNumberOfSegments", file)).toEqual(numberOfSegments(0));
  });
});

describe("getSignalSegment", () => {
  it("answers the active channels over the segment as float64", async () => {
    await setSize(10);
    const chunks = await client.collect("GetSignalSegment", { ...file, chunk_idx: "1" });
    expect(chunks[0]).toMatchObject({
      dtype: "float64",
      shape: ["2", "2560"],
      start_uutc: String(START + 10e6),
      end_uutc: String(START + 20e6),
      fs: 256,
      channel_names: ["A1", "A2"],
      error_message: "",
    });
    const row = (channel: typeof a1, firstSlot: number): number[] =>
      Array.from({ length: 2560 }, (_, i) => syntheticValue(channel!, firstSlot + i));
    expect(joinRows(chunks)).toEqual([row(a1, 2560), row(a2, 2304)]);
  });

  it("serves the active channels in the order they were set", async () => {
    await setSize(10);
    await client.call("SetActiveChannels", { ...file, channel_names: ["A2", "A1"] });
    const [chunk] = await client.collect("GetSignalSegment", { ...file, chunk_idx: "0" });
    expect(chunk!.channel_names).toEqual(["A2", "A1"]);
  });

  it("cuts the last segment at the end of the recording", async () => {
    await setSize(10);
    const [chunk] = await client.collect("GetSignalSegment", { ...file, chunk_idx: "2" });
    expect(chunk).toMatchObject({ shape: ["2", "1536"], end_uutc: String(START + 26e6) });
  });

  it("answers an empty matrix where the last segment is shorter than half a sample", async () => {
    const fs = 999.999_999_9;
    const odd = { name: "O", fs, startUutc: START, nSlots: 10_000 };
    const path = "/data/odd.mefd";
    const described = syntheticSession(path, [odd]);
    const [channel] = described.channels;
    const endUutc = (START + 10_000_001) as typeof described.endUutc;
    server.catalogue.sessions.set(path, { ...described, endUutc, channels: [channel!] });
    await client.call("OpenFile", { file_path: path });
    await client.call("SetSignalSegmentSize", { file_path: path, seconds: "10" });
    const chunks = await client.collect("GetSignalSegment", { file_path: path, chunk_idx: "1" });
    expect(chunks).toHaveLength(1);
    expect(chunks[0]).toMatchObject({ dtype: "float64", shape: ["1", "0"], error_message: "" });
  });

  it("has neighbours on both sides decoded ahead, the nearest first", async () => {
    await setSize(4);
    await client.collect("GetSignalSegment", { ...file, chunk_idx: "5" });
    const starts = server.reader.prefetched.map(({ rows }) => rows[0]!.firstSlot / 1024);
    expect(starts).toEqual([6, 4, 3, 2]);
    expect(server.reader.prefetched[0]).toMatchObject({ lane: "prefetch", sampleType: "float64" });
  });

  it("refuses a file that is not open", async () => {
    await client.call("CloseFile", file);
    expect(await segmentError("0")).toBe(`File not open: ${PATH}`);
  });

  it("refuses any segment while no size is set", async () => {
    expect(await segmentError("0")).toBe(
      `No chunks available for file: ${PATH}. Set a segment size to init chunks.`,
    );
  });

  it.each(["3", "-1", "9007199254740991"])("refuses segment %s of 3", async (index) => {
    await setSize(10);
    expect(await segmentError(index)).toBe(`Invalid chunk request: ${index} for ${PATH}`);
  });
});
