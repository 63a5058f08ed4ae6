import { syntheticSession } from "../testing/synthetic-recording";
import { TestServer } from "../testing/compat-server";
import { DemoClient } from "./demo-client";
import { showSample } from "./show-sample";

const RECORDING = "/data/x.mefd";
const START = 1_700_000_000_000_000;
const signal = AbortSignal.timeout(30_000);

const channels = ["A", "B", "C"].map((name) => ({
  name,
  fs: 256,
  startUutc: START,
  nSlots: 60 * 256,
}));

let server: TestServer;
let client: DemoClient;

beforeEach(async () => {
  server = new TestServer([syntheticSession(RECORDING, channels)], {
    // Small messages, so that an answer has several.
    parts: { messageBytes: 4096 },
  });
  await server.start();
  client = new DemoClient(`127.0.0.1:${server.port}`);
});

afterEach(async () => {
  client.close();
  await server.stop();
});

describe("DemoClient", () => {
  it("opens a recording and learns its channels and times", async () => {
    expect(await client.openFile(RECORDING, signal)).toEqual({
      channelNames: ["A", "B", "C"],
      samplingRates: [256, 256, 256],
      startUutc: START,
      endUutc: START + 60e6,
    });
  });

  it("joins the messages of a read into rows, in the order asked for", async () => {
    await client.openFile(RECORDING, signal);
    const { rows, samplingRate } = await client.readRange(
      RECORDING,
      ["C", "A"],
      START - 1e6,
      START + 10e6,
      signal,
    );
    const expected = (name: string) =>
      Float32Array.from({ length: 11 * 256 }, (_, i) =>
        i < 256 ? NaN : i - 256 + name.charCodeAt(0) / 1000,
      );
    expect(samplingRate).toBe(256);
    expect(rows).toEqual([expected("C"), expected("A")]);
  });

  it("passes on why the server refuses", async () => {
    await expect(client.openFile("/data/none.mefd", signal)).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
      message: "File does not exist: /data/none.mefd",
    });
    await expect(client.readRange(RECORDING, ["A"], 0, 1e6, signal)).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: `File not open: ${RECORDING}`,
    });
  });

  it("ends a call when its signal aborts", async () => {
    const aborted = AbortSignal.abort();
    await expect(client.openFile(RECORDING, aborted)).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(client.readRange(RECORDING, ["A"], 0, 1e6, aborted)).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  it("says which call failed when there is no server", async () => {
    await server.stop();
    await expect(client.openFile(RECORDING, signal)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/^OpenFile failed: /) as string,
    });
  });
});

describe("showSample", () => {
  it("describes what came and draws it within the screen", async () => {
    const screen = { columns: 80, lines: 20, charset: "ascii" } as const;
    const lines = await showSample(`127.0.0.1:${server.port}`, RECORDING, screen, signal);
    expect(lines[0]).toMatch(
      /^3 channels x 2560 samples at 256 Hz, 0\.0 % NaN \(gap\), in [\d.]+ ms, from 2023-11-14 22:13:45 UTC:$/,
    );
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(lines.some((line) => line.startsWith("B         |"))).toBe(true);
  });
});
