import { status } from "@grpc/grpc-js";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { TestServer } from "../testing/compat-server";
import { syntheticSession } from "../testing/synthetic-recording";

const PATH = "/data/night.mefd";
const session = syntheticSession(PATH, [{ name: "A", fs: 100, startUutc: 0, nSlots: 6000 }]);
const file = { file_path: PATH };
const window = { ...file, channel_names: [], start_uutc: "0", end_uutc: "60000000" };
const RPC = 'grpc_service="gRPCMef3Server",grpc_method';

let server: TestServer;

beforeEach(async () => {
  server = new TestServer([session]);
  await server.start();
});

afterEach(() => server.stop());

function callLine(rpc: string): Record<string, unknown> | undefined {
  return server.logLines.find((line) => line["msg"] === "call finished" && line["rpc"] === rpc);
}

describe("unaryHandler", () => {
  it("sends a sane request id back", async () => {
    const client = server.client({ "x-request-id": "from-client-7" });
    await client.call("OpenFile", file);
    expect(client.lastMetadata?.get("x-request-id")).toEqual(["from-client-7"]);
  });

  it("makes a request id where the client sends none, or a strange one", async () => {
    const client = server.client({ "x-request-id": 'bad id"' });
    await client.call("OpenFile", file);
    expect(client.lastMetadata?.get("x-request-id")).toEqual(["generated-1"]);
  });

  it("logs one line per call, without its path", async () => {
    await server.client({ "x-request-id": "r1" }).call("OpenFile", file);
    const lines = server.logLines.filter(({ msg }) => msg === "call finished");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: "info",
      rpc: "OpenFile",
      code: "OK",
      requestId: "r1",
      peer: "127.0.0.1",
      bytes: expect.any(Number) as number,
      durationSeconds: expect.any(Number) as number,
    });
    expect(JSON.stringify(lines)).not.toContain(PATH);
  });

  it("counts calls, their bytes and errors inside answers", async () => {
    const client = server.client();
    await client.call("OpenFile", file);
    await client.call("OpenFile", { file_path: "/nowhere" });
    const page = await server.registry.metrics();
    expect(page).toContain(`grpc_server_handled_total{${RPC}="OpenFile",grpc_code="OK"} 2`);
    expect(page).toContain(`grpc_server_handled_total{${RPC}="CloseFile",grpc_code="OK"} 0`);
    expect(page).toContain(`mef3_gateway_calls_in_flight{${RPC}="OpenFile"} 0`);
    expect(page).toContain(
      `mef3_gateway_error_answers_total{${RPC}="OpenFile",code="SESSION_NOT_FOUND"} 1`,
    );
    expect(page).toContain(`grpc_server_handling_seconds_count{${RPC}="OpenFile"} 2`);
    expect(callLine("OpenFile")).toMatchObject({ bytes: expect.any(Number) as number });
    expect(callLine("OpenFile")!["bytes"]).toBeGreaterThan(0);
  });
});

describe("streamHandler", () => {
  it("counts bytes and the time to the first message", async () => {
    const client = server.client();
    await client.call("OpenFile", file);
    await client.collect("GetSignalRange", window);
    const page = await server.registry.metrics();
    expect(page).toContain(`mef3_gateway_first_chunk_seconds_count{${RPC}="GetSignalRange"} 1`);
    expect(callLine("GetSignalRange")).toMatchObject({ code: "OK", nChannels: 1, nSamples: 6000 });
    expect(callLine("GetSignalRange")!["bytes"]).toBeGreaterThan(24_000);
  });

  it("logs the code of an error that travels inside the answer", async () => {
    await server.client().collect("GetSignalRange", window);
    const line = callLine("GetSignalRange");
    expect(line).toMatchObject({ code: "OK", errorCode: "INVALID_ARGUMENT" });
  });

  it("ends a call that passes its deadline with DEADLINE_EXCEEDED", async () => {
    const client = server.client();
    await client.call("OpenFile", file);
    server.reader.beforePart = (_part, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
      });
    const read = client.collect("GetSignalRange", window, { deadline: Date.now() + 100 });
    await expect(read).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await server.running.whenIdle(AbortSignal.timeout(2000));
    expect(server.reader.activeReads).toBe(0);
    expect(callLine("GetSignalRange")).toMatchObject({
      errorCode: expect.stringMatching(/DEADLINE|CANCELLED/) as string,
    });
  });

  it("reports a reader's own timeout inside the answer, for the client still waits", async () => {
    const client = server.client();
    await client.call("OpenFile", file);
    server.reader.beforePart = () =>
      Promise.reject(new SignalError("DEADLINE_EXCEEDED", "decoding took too long"));
    const [chunk] = await client.collect("GetSignalRange", window);
    expect(chunk!.error_message).toBe("decoding took too long");
  });
});
