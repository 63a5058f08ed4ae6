import path from "node:path";
import { credentials, makeGenericClientConstructor, status, type Client } from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { service as healthDefinition } from "grpc-health-check";
import { createLogger } from "@mef3-cluster/runtime/logger";
import { RunningCalls } from "./calls/running-calls";
import { startGatewayServer } from "./server";
import { redirectTransportLog } from "./transport-log";
import { TestServer } from "./testing/compat-server";
import { syntheticSession } from "./testing/synthetic-recording";

const PATH = "/data/night.mefd";
const session = syntheticSession(PATH, [{ name: "A", fs: 100, startUutc: 0, nSlots: 6000 }]);
const window = { file_path: PATH, channel_names: [], start_uutc: "0", end_uutc: "60000000" };

const REFLECTION_PROTO = path.join(
  path.dirname(require.resolve("@grpc/reflection/package.json")),
  "build/proto/grpc/reflection/v1/reflection.proto",
);

// Real connections on a machine that may be busy with other tests.
jest.setTimeout(20_000);

let server: TestServer;
let clients: Client[];

beforeEach(async () => {
  clients = [];
  server = new TestServer([session]);
  await server.start();
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.stop();
});

function connect(definition: ServiceDefinition, name: string): Client {
  const Stub = makeGenericClientConstructor(definition, name);
  const client = new Stub(`127.0.0.1:${server.port}`, credentials.createInsecure());
  clients.push(client);
  return client;
}

function checkHealth(service: string): Promise<unknown> {
  const client = connect(healthDefinition as ServiceDefinition, "Health");
  type Check = (
    request: object,
    callback: (error: Error | null, answer: { status: string }) => void,
  ) => void;
  return new Promise((resolve, reject) => {
    (Reflect.get(client, "check") as Check).call(client, { service }, (error, answer) => {
      if (error === null) resolve(answer.status);
      else reject(error);
    });
  });
}

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
  readonly errorResponse?: object;
}

interface ReflectionCall extends AsyncIterable<ReflectionAnswer> {
  write(request: object): void;
  end(): void;
}

async function reflect(requests: readonly object[]): Promise<ReflectionAnswer[]> {
  const loaded = loadSync(REFLECTION_PROTO, { longs: String, oneofs: true });
  const definition = loaded["grpc.reflection.v1.ServerReflection"] as ServiceDefinition;
  const client = connect(definition, "ServerReflection");
  const call = (Reflect.get(client, "ServerReflectionInfo") as () => ReflectionCall).call(client);
  for (const request of requests) call.write(request);
  call.end();
  const answers: ReflectionAnswer[] = [];
  for await (const answer of call) answers.push(answer);
  return answers;
}

/** A promise that a test settles, for holding a read where it is. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("startGatewayServer", () => {
  it.each(["", "gRPCMef3Server"])("reports %j as SERVING", async (service) => {
    expect(await checkHealth(service)).toBe("SERVING");
  });

  it("knows nothing of the health of other services", async () => {
    await expect(checkHealth("other")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it("lists its services through reflection under the names clients call", async () => {
    const [answer] = await reflect([{ listServices: "" }]);
    const names = answer!.listServicesResponse!.service.map(({ name }) => name);
    expect(names).toEqual(["gRPCMef3Server"]);
  });

  it.each(["gRPCMef3Server", "gRPCMef3Server.OpenFile", "SignalChunk"])(
    "describes %s through reflection",
    async (symbol) => {
      const [answer] = await reflect([{ fileContainingSymbol: symbol }]);
      expect(answer!.errorResponse).toBeUndefined();
      expect(answer!.fileDescriptorResponse!.fileDescriptorProto.length).toBeGreaterThan(0);
    },
  );

  it("says in one line which port is taken", async () => {
    redirectTransportLog(createLogger({ name: "test", version: "0", level: "silent" }));
    const taken = startGatewayServer({
      host: "127.0.0.1",
      port: server.port,
      services: [],
      running: new RunningCalls(Date.now),
      logger: createLogger({ name: "test", version: "0", level: "silent" }),
    });
    await expect(taken).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message:
        `gRPC port ${server.port} on 127.0.0.1 is taken by another process; ` +
        "choose another with PORT",
    });
  });

  it("refuses a request that is longer than any honest one", async () => {
    const long = { file_path: "x".repeat(2 * 1024 * 1024) };
    await expect(server.client().call("OpenFile", long)).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
  });
});

describe("drain", () => {
  it("lets running streams finish, and accepts no other calls", async () => {
    const client = server.client();
    await client.call("OpenFile", { file_path: PATH });
    const { opened, open } = gate();
    const reached = gate();
    server.reader.beforePart = () => {
      reached.open();
      return opened;
    };
    const read = client.collect("GetSignalRange", window);
    await reached.opened;
    const drained = server.drain(AbortSignal.timeout(10_000));
    await expect(server.client().call("OpenFile", { file_path: PATH })).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    open();
    const chunks = await read;
    expect(chunks.at(-1)).toMatchObject({ shape: ["1", "6000"], error_message: "" });
    await drained;
  });

  it("ends streams that outlast the deadline, and tells them why", async () => {
    const client = server.client();
    await client.call("OpenFile", { file_path: PATH });
    const reached = gate();
    server.reader.beforePart = (_part, signal) => {
      reached.open();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
      });
    };
    const read = client.collect("GetSignalRange", window);
    await reached.opened;
    await server.drain(AbortSignal.abort());
    expect((await read).map(({ error_message: text }) => text)).toEqual([
      "the server is shutting down",
    ]);
    expect(server.reader.activeReads).toBe(0);
  });

  it("does not wait for health watchers", async () => {
    const client = connect(healthDefinition as ServiceDefinition, "Health");
    interface Watch {
      on(event: "data", listener: (answer: { status: string }) => void): this;
      on(event: "error", listener: (error: Error) => void): this;
    }
    const watch = (Reflect.get(client, "watch") as (request: object) => Watch).call(client, {
      service: "",
    });
    const seen: string[] = [];
    const ended = gate();
    const serving = gate();
    watch
      .on("data", (answer) => {
        seen.push(answer.status);
        serving.open();
      })
      .on("error", ended.open);
    await serving.opened;
    await server.drain(AbortSignal.timeout(10_000));
    await ended.opened;
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
  });
});
