import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { joinRows, type CompatClient } from "../testing/compat-client";
import { TestServer } from "../testing/compat-server";
import { syntheticSession, syntheticValue } from "../testing/synthetic-recording";
import { ReadSlots } from "./read-slots";

const PATH = "/data/night.mefd";
const START = 1_700_000_000_000_000;
const session = syntheticSession(PATH, [
  { name: "A1", fs: 256, startUutc: START, nSlots: 256 * 600 },
  { name: "A2", fs: 256, startUutc: START + 2_000_000, nSlots: 256 * 600 },
  { name: "B1", fs: 249.75, startUutc: START, nSlots: 15_000 },
  { name: "B2", fs: 249.7500001, startUutc: START, nSlots: 15_000 },
]);
const [a1, a2, b1] = session.channels;

// Real connections on a machine that may be busy with other tests.
jest.setTimeout(20_000);

let server: TestServer;
let client: CompatClient;

beforeEach(async () => {
  server = new TestServer([session]);
  await server.start();
  client = server.client();
  await client.call("OpenFile", { file_path: PATH });
});

afterEach(() => server.stop());

function request(names: readonly string[], fromUs: number, toUs: number): object {
  return {
    file_path: PATH,
    channel_names: names,
    start_uutc: String(START + fromUs),
    end_uutc: String(START + toUs),
  };
}

function float32Row(channel: typeof a1, firstSlot: number, nSamples: number): number[] {
  return Array.from({ length: nSamples }, (_, i) =>
    Math.fround(syntheticValue(channel!, firstSlot + i)),
  );
}

async function errorOf(names: readonly string[], fromUs: number, toUs: number): Promise<unknown> {
  const chunks = await client.collect("GetSignalRange", request(names, fromUs, toUs));
  expect(chunks).toHaveLength(1);
  expect(chunks[0]).toMatchObject({ file_path: PATH, dtype: "", shape: [], channel_names: [] });
  expect(chunks[0]!.array_bytes).toHaveLength(0);
  return chunks[0]!.error_message;
}

describe("getSignalRange", () => {
  it("answers float32 rows in the order asked for, each from its own channel's grid", async () => {
    const chunks = await client.collect("GetSignalRange", request(["A2", "A1"], 3e6, 4e6));
    expect(joinRows(chunks)).toEqual([float32Row(a2, 256, 256), float32Row(a1, 768, 256)]);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]).toMatchObject({
      file_path: PATH,
      dtype: "float32",
      shape: ["2", "256"],
      start_uutc: String(START + 3e6),
      end_uutc: String(START + 4e6),
      fs: 256,
      channel_names: ["A2", "A1"],
      error_message: "",
    });
  });

  it("takes an empty channel list as all channels", async () => {
    const same = syntheticSession("/data/same.mefd", [
      { name: "X", fs: 100, startUutc: START, nSlots: 100 },
      { name: "Y", fs: 100, startUutc: START, nSlots: 100 },
    ]);
    server.catalogue.sessions.set(same.path, same);
    await client.call("OpenFile", { file_path: same.path });
    const all = { ...request([], 0, 1e6), file_path: same.path };
    const [chunk] = await client.collect("GetSignalRange", all);
    expect(chunk).toMatchObject({ channel_names: ["X", "Y"], shape: ["2", "100"] });
  });

  it("answers NaN outside the recording", async () => {
    const [row] = joinRows(await client.collect("GetSignalRange", request(["A1"], -1e6, 1e6)));
    expect(row).toEqual([...Array<number>(256).fill(NaN), ...float32Row(a1, 0, 256)]);
  });

  it.each([
    ["249.75 samples", "B1", 1_000_000, "250"],
    ["1.5 samples", "H", 7_500, "2"],
    ["2.5 samples", "H", 12_500, "3"],
  ])("counts %s half away from zero", async (_name, channel, lengthUs, expected) => {
    const halves = { name: "H", fs: 200, startUutc: START, nSlots: 200 };
    const b = { name: "B1", fs: 249.75, startUutc: START, nSlots: 500 };
    server.catalogue.sessions.set(PATH, syntheticSession(PATH, [b, halves]));
    const [chunk] = await client.collect("GetSignalRange", request([channel], 0, lengthUs));
    expect(chunk!.shape).toEqual(["1", expected]);
  });

  it("serves channels whose rates agree to six decimals, at the first one's rate", async () => {
    const [chunk] = await client.collect("GetSignalRange", request(["B1", "B2"], 0, 1e6));
    expect(chunk).toMatchObject({ fs: 249.75, shape: ["2", "250"] });
    expect(joinRows([chunk!])[0]).toEqual(float32Row(b1, 0, 250));
  });

  it("slices a long window into messages of at most 2.5 MiB that divide it proportionally", async () => {
    const nSamples = 256 * 600 * 20;
    const end = 600e6 * 20;
    const chunks = await client.collect("GetSignalRange", request(["A1"], 0, end));
    const perMessage = (2.5 * 1024 * 1024) / 4;
    expect(chunks).toHaveLength(Math.ceil(nSamples / perMessage));
    let column = 0;
    for (const chunk of chunks) {
      const edge = (at: number): string => String(Math.trunc(START + (at / nSamples) * end));
      expect(chunk.start_uutc).toBe(edge(column));
      column += Number(chunk.shape[1]);
      expect(chunk.end_uutc).toBe(edge(column));
    }
    expect(column).toBe(nSamples);
    expect(chunks.at(-1)!.end_uutc).toBe(String(START + end));
  });

  it("reads the first 16 MB as interactive and the rest as batch, without a seam", async () => {
    // The recording lies in the batch part of a window that begins 20,000 s before it.
    const window = request(["A1"], -20_000e6, 600e6);
    const chunks = await client.collect("GetSignalRange", window);
    const [first, second] = server.reader.requests;
    expect([first!.lane, second!.lane]).toEqual(["interactive", "batch"]);
    expect(first!.nSamples * 4).toBeLessThanOrEqual(16e6);
    expect(second!.rows[0]!.firstSlot).toBe(first!.rows[0]!.firstSlot + first!.nSamples);
    const starts = chunks.slice(1).map(({ start_uutc: start }) => start);
    expect(starts).toEqual(chunks.slice(0, -1).map(({ end_uutc: end }) => end));
    const [row] = joinRows(chunks.slice(-1));
    expect(row).toEqual(float32Row(a1, 256 * 600 - row!.length, row!.length));
  });

  it("has the windows around one that was read decoded ahead, once", async () => {
    await client.collect("GetSignalRange", request(["A1", "A2"], 10e6, 20e6));
    expect(server.reader.prefetchedAround).toHaveLength(1);
    expect(server.reader.prefetchedAround[0]).toMatchObject({
      nSamples: 2560,
      lane: "prefetch",
      rows: [{ firstSlot: 2560 }, { firstSlot: 2048 }],
    });
  });

  it("reads with the damage mode that is configured for these clients", async () => {
    await client.collect("GetSignalRange", request(["A1"], 0, 1e6));
    expect(server.reader.requests[0]!.damage).toBe("error");
  });

  it("refuses a file that is not open", async () => {
    await client.call("CloseFile", { file_path: PATH });
    expect(await errorOf(["A1"], 0, 1e6)).toBe(`File not open: ${PATH}`);
  });

  it.each([
    ["unknown channels", ["A1", "Z9", "it's"], 0, 1e6, `Unknown channels: ['Z9', "it's"]`],
    ["a reversed window", ["A1"], 1e6, 0, "end_uutc must be greater than start_uutc"],
    ["an empty window", ["A1"], 5, 5, "end_uutc must be greater than start_uutc"],
    [
      "mixed rates",
      ["B1", "A1"],
      0,
      1e6,
      "Requested channels do not share a sampling rate: 249.75, 256 Hz",
    ],
    [
      "a window shorter than half a sample",
      ["A1"],
      0,
      1900,
      "Requested window is shorter than one sample",
    ],
    [
      "more samples than allowed",
      ["A1"],
      0,
      1e13,
      "the window holds 1 × 2560000000 samples, more than 1000000000",
    ],
  ])("refuses %s", async (_name, names, fromUs, toUs, message) => {
    expect(await errorOf(names, fromUs, toUs)).toBe(message);
    expect(server.reader.requests).toHaveLength(0);
  });

  it("refuses more channels than allowed", async () => {
    const names = Array<string>(101).fill("A1");
    expect(await errorOf(names, 0, 1e6)).toBe("101 channels are asked for, more than 100");
  });

  it("refuses times beyond ±2^53 by the field's name", async () => {
    const beyond = { ...request(["A1"], 0, 1e6), end_uutc: "9223372036854775807" };
    const [chunk] = await client.collect("GetSignalRange", beyond);
    expect(chunk!.error_message).toBe("end_uutc is not an integer within ±2^53");
  });

  it("ends with a message of only path and error when the read fails after some data", async () => {
    server.reader.beforePart = (part) =>
      part < 2
        ? Promise.resolve()
        : Promise.reject(new SignalError("DATA_DAMAGED", "channel A1 is damaged at slot 7"));
    const chunks = await client.collect("GetSignalRange", request(["A1"], 0, 600e6 * 10));
    expect(chunks.map(({ error_message: text }) => text)).toEqual([
      "",
      "",
      "channel A1 is damaged at slot 7",
    ]);
    expect(chunks[2]).toMatchObject({ file_path: PATH, shape: [], dtype: "" });
    expect(server.reader.prefetchedAround).toHaveLength(0);
  });

  it("refuses more reads at once than allowed, and counts them by code", async () => {
    const busy = new TestServer([session], { parts: { reads: new ReadSlots(0) } });
    await busy.start();
    const [chunk] = await busy.client().collect("GetSignalRange", request(["A1"], 0, 1e6));
    const page = await busy.registry.metrics();
    await busy.stop();
    expect(chunk!.error_message).toBe("0 reads are under way, which is the limit; try again");
    expect(page).toContain(
      'mef3_gateway_error_answers_total{grpc_service="gRPCMef3Server",grpc_method="GetSignalRange",code="OVERLOADED"} 1',
    );
  });
});
