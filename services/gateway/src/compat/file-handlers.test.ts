import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { TestServer } from "../testing/compat-server";
import { syntheticSession } from "../testing/synthetic-recording";

const PATH = "/data/night.mefd";
const START = 1_700_000_000_000_000;
const session = syntheticSession(PATH, [
  { name: "C3", fs: 256, startUutc: START, nSlots: 2560 },
  { name: "Fz", fs: 249.75, startUutc: START + 500_000, nSlots: 2498 },
]);

const INFO = {
  file_path: PATH,
  file_opened: true,
  number_of_channels: "2",
  channel_names: ["C3", "Fz"],
  channel_sampling_rates: [256, 249.75],
  start_uutc: String(START),
  end_uutc: String(START + 500_000 + Math.round(2498e6 / 249.75)),
  duration_s: (500_000 + Math.round(2498e6 / 249.75)) / 1e6,
  channel_start_uutc: [String(START), String(START + 500_000)],
  channel_end_uutc: [
    String(START + 10_000_000),
    String(START + 500_000 + Math.round(2498e6 / 249.75)),
  ],
  error_message: "",
};

const NOT_OPEN = {
  file_path: PATH,
  file_opened: false,
  channel_names: [],
  channel_sampling_rates: [],
  channel_start_uutc: [],
  channel_end_uutc: [],
  error_message: "",
};

const file = { file_path: PATH };

let server: TestServer;

beforeEach(async () => {
  server = new TestServer([session], { idleMs: 1000 });
  await server.start();
});

afterEach(() => server.stop());

describe("openFile", () => {
  it("answers everything about the recording, and success as an empty error_message", async () => {
    expect(await server.client().call("OpenFile", file)).toEqual(INFO);
  });

  it("repeats everything and says so when the client has the file open already", async () => {
    const client = server.client();
    await client.call("OpenFile", file);
    expect(await client.call("OpenFile", file)).toEqual({
      ...INFO,
      error_message: `File already open: ${PATH}`,
    });
  });

  it("names a path that is not there, as the client wrote it", async () => {
    expect(await server.client().call("OpenFile", { file_path: "/nowhere.mefd" })).toEqual({
      ...NOT_OPEN,
      file_path: "/nowhere.mefd",
      error_message: "File does not exist: /nowhere.mefd",
    });
  });

  it("passes the message of any other refusal on", async () => {
    server.catalogue.failure = new SignalError("SESSION_INVALID", "this is a MEF 2 file");
    const answer = await server.client().call("OpenFile", file);
    expect(answer).toEqual({ ...NOT_OPEN, error_message: "this is a MEF 2 file" });
  });

  it("keeps the details of a defect for the log", async () => {
    server.catalogue.failure = new TypeError("secret detail");
    const answer = await server.client().call("OpenFile", file);
    expect(answer).toEqual({
      ...NOT_OPEN,
      error_message: "internal error (request generated-1)",
    });
    const logged = server.logLines.find(({ msg }) => msg === "call failed on a defect");
    expect(logged).toMatchObject({
      requestId: "generated-1",
      err: { type: "TypeError", message: "secret detail" },
    });
  });

  it("refuses one more than may be open", async () => {
    const small = new TestServer([session], { maxLeases: 1 });
    await small.start();
    await small.client({ "x-mef3io-client-id": "a" }).call("OpenFile", file);
    const answer = await small.client({ "x-mef3io-client-id": "b" }).call("OpenFile", file);
    await small.stop();
    expect(answer).toMatchObject({
      file_opened: false,
      error_message: "1 recordings are open, which is the limit; close some first",
    });
  });
});

describe("fileInfo", () => {
  it("equals the answer to OpenFile, field by field", async () => {
    const client = server.client();
    const opened = await client.call("OpenFile", file);
    expect(await client.call("FileInfo", file)).toEqual(opened);
  });

  it("answers file_opened=false for a file that is not open", async () => {
    expect(await server.client().call("FileInfo", file)).toEqual(NOT_OPEN);
  });

  it("says why when an open recording cannot be described any more", async () => {
    const client = server.client();
    await client.call("OpenFile", file);
    server.catalogue.failure = new SignalError("SESSION_NOT_FOUND", "the recording is gone");
    expect(await client.call("FileInfo", file)).toEqual({
      ...NOT_OPEN,
      error_message: "the recording is gone",
    });
  });
});

describe("closeFile", () => {
  it("answers file_opened=false, also for a file that was not open", async () => {
    const client = server.client();
    expect(await client.call("CloseFile", file)).toEqual(NOT_OPEN);
    await client.call("OpenFile", file);
    expect(await client.call("CloseFile", file)).toEqual(NOT_OPEN);
    expect(await client.call("FileInfo", file)).toEqual(NOT_OPEN);
  });

  it("releases the recording when nobody has it open any more", async () => {
    const [first, second] = ["a", "b"].map((id) => server.client({ "x-mef3io-client-id": id }));
    await first!.call("OpenFile", file);
    await second!.call("OpenFile", file);
    await first!.call("CloseFile", file);
    expect(server.catalogue.released).toEqual([]);
    await second!.call("CloseFile", file);
    expect(server.catalogue.released).toEqual([PATH]);
  });

  it("ends only the caller's own use", async () => {
    const [first, second] = ["a", "b"].map((id) => server.client({ "x-mef3io-client-id": id }));
    await first!.call("OpenFile", file);
    await second!.call("OpenFile", file);
    await first!.call("CloseFile", file);
    expect(await first!.call("FileInfo", file)).toEqual(NOT_OPEN);
    expect(await second!.call("FileInfo", file)).toEqual(INFO);
  });

  it("treats clients of one host that send no id as one client", async () => {
    const [first, second] = [server.client(), server.client()];
    await first.call("OpenFile", file);
    await second.call("CloseFile", file);
    expect(await first.call("FileInfo", file)).toEqual(NOT_OPEN);
  });
});

describe("listOpenFiles", () => {
  it("lists what this client can read, until it closes it or stays away too long", async () => {
    const client = server.client();
    const open = async (): Promise<unknown> =>
      (await client.call("ListOpenFiles", {}))["file_paths"];
    expect(await open()).toEqual([]);
    await client.call("OpenFile", file);
    expect(await open()).toEqual([PATH]);
    server.nowMs = 1001;
    expect(await open()).toEqual([]);
    expect(server.catalogue.released).toEqual([PATH]);
  });

  it("reports success as an empty error_message", async () => {
    expect(await server.client().call("ListOpenFiles", {})).toEqual({
      file_paths: [],
      error_message: "",
    });
  });
});
