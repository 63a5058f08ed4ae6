import type { CompatClient } from "../testing/compat-client";
import { TestServer } from "../testing/compat-server";
import { syntheticSession } from "../testing/synthetic-recording";

const PATH = "/data/night.mefd";
const session = syntheticSession(
  PATH,
  ["A", "B", "C"].map((name) => ({ name, fs: 100, startUutc: 0, nSlots: 1000 })),
);
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

function set(names: readonly string[]): Promise<unknown> {
  return client.call("SetActiveChannels", { ...file, channel_names: names });
}

function get(): Promise<unknown> {
  return client.call("GetActiveChannels", file);
}

function active(names: readonly string[], errorMessage = ""): object {
  return { ...file, active_channels: names, error_message: errorMessage };
}

describe("setActiveChannels", () => {
  it("keeps the order given", async () => {
    expect(await set(["C", "A"])).toEqual(active(["C", "A"]));
    expect(await get()).toEqual(active(["C", "A"]));
  });

  it("takes an empty list as all channels", async () => {
    await set(["C"]);
    expect(await set([])).toEqual(active(["A", "B", "C"]));
    expect(await get()).toEqual(active(["A", "B", "C"]));
  });

  it("drops unknown channels and names them", async () => {
    const answer = await set(["B", "X", "Y"]);
    expect(answer).toEqual(active(["B"], "Some channels do not exist: ['X', 'Y']"));
    expect(await get()).toEqual(active(["B"]));
  });

  it("keeps the previous choice when no channel is known", async () => {
    await set(["B"]);
    const answer = await set(["X"]);
    expect(answer).toEqual(active(["B"], "No valid channels in request. Invalid: ['X']"));
    expect(await get()).toEqual(active(["B"]));
  });

  it("changes nothing for other clients", async () => {
    const other = server.client({ "x-mef3io-client-id": "other" });
    await other.call("OpenFile", file);
    await set(["B"]);
    expect(await other.call("GetActiveChannels", file)).toEqual(active(["A", "B", "C"]));
  });

  it("refuses a file that is not open", async () => {
    await client.call("CloseFile", file);
    expect(await set(["A"])).toEqual(active([], `File not open: ${PATH}`));
  });

  it("refuses more channels than allowed", async () => {
    const answer = await set(Array<string>(101).fill("A"));
    expect(answer).toEqual(active([], "more than 100 channels are asked for"));
  });
});

describe("getActiveChannels", () => {
  it("answers all channels until some are chosen", async () => {
    expect(await get()).toEqual(active(["A", "B", "C"]));
  });

  it("refuses a file that is not open", async () => {
    await client.call("CloseFile", file);
    expect(await get()).toEqual(active([], `File not open: ${PATH}`));
  });
});
