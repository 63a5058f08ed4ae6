import { once } from "node:events";
import type { ClientReadableStream } from "@grpc/grpc-js";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { toUutc, type Uutc } from "@mef3-cluster/contracts/uutc";
import type { CallContext, MessageSink } from "../calls/call-context";
import type { CompatClient, DecodedChunk } from "../testing/compat-client";
import { TestServer } from "../testing/compat-server";
import { SyntheticReader, syntheticSession, syntheticValue } from "../testing/synthetic-recording";
import { MessageBufferPool } from "./message-buffer-pool";
import { streamWindow } from "./signal-stream";
import { planWindow } from "./window-arithmetic";

const PATH = "/data/long.mefd";
const FS = 1000;
const MESSAGE_BYTES = 128 * 1024;
const SAMPLES_PER_MESSAGE = MESSAGE_BYTES / 4;
const session = syntheticSession(PATH, [{ name: "A", fs: FS, startUutc: 0, nSlots: 1e9 }]);
const [channel] = session.channels;

// Streams of megabytes on a machine that may be busy with other tests.
jest.setTimeout(20_000);

let server: TestServer;
let client: CompatClient;

beforeEach(async () => {
  server = new TestServer([session], { parts: { messageBytes: MESSAGE_BYTES } });
  await server.start();
  client = server.client();
  await client.call("OpenFile", { file_path: PATH });
});

afterEach(() => server.stop());

function request(firstMessage: number, nMessages: number): object {
  const uutc = (message: number): string => String((message * SAMPLES_PER_MESSAGE * 1e6) / FS);
  return {
    file_path: PATH,
    channel_names: [],
    start_uutc: uutc(firstMessage),
    end_uutc: uutc(firstMessage + nMessages),
  };
}

/** Whether a chunk holds exactly the samples its times promise. */
function isExact({ array_bytes: bytes, start_uutc: start }: DecodedChunk): boolean {
  const samples = new Float32Array(new Uint8Array(bytes).buffer);
  const firstSlot = (Number(start) * FS) / 1e6;
  const expected = (i: number): number => Math.fround(syntheticValue(channel!, firstSlot + i));
  return samples.length > 0 && samples.every((value, i) => value === expected(i));
}

async function firstChunk(stream: ClientReadableStream<DecodedChunk>): Promise<DecodedChunk> {
  const [chunk] = (await once(stream, "data")) as [DecodedChunk];
  return chunk;
}

/** Streams three messages into a sink that stands for the transport. */
function streamThrough(pool: MessageBufferPool, send: MessageSink["send"]): Promise<void> {
  const uutc = (column: number): Uutc => toUutc((column * 1e6) / FS);
  const time = { startUutc: uutc(0), endUutc: uutc(3 * SAMPLES_PER_MESSAGE) };
  const planned = planWindow(session, [], time, { maxChannels: 1, maxSamples: 1e9 });
  const { signal } = new AbortController();
  const call: CallContext = {
    requestId: "r",
    client: { host: "h", id: "" },
    signal,
    clientGone: signal,
    answeredWithError: () => undefined,
    note: () => undefined,
  };
  return streamWindow(
    { windows: new SyntheticReader(), pool, messageBytes: MESSAGE_BYTES, damage: "error" },
    { filePath: PATH, window: planned, sampleType: "float32" },
    call,
    { send, sendLast: send },
  );
}

/** Cancelling is an error for the client; here it is what the test wants. */
function cancel(stream: ClientReadableStream<DecodedChunk>): void {
  stream.on("error", () => undefined);
  stream.cancel();
}

function readEnded(): Promise<boolean> {
  return server.running.whenIdle(AbortSignal.timeout(5000));
}

describe("streamWindow", () => {
  it("sends the first message before the rest is read", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.reader.beforePart = (part) => (part === 0 ? Promise.resolve() : held);
    const stream = client.stream("GetSignalRange", request(0, 3));
    expect(isExact(await firstChunk(stream))).toBe(true);
    expect(server.reader.partsDelivered).toBe(1);
    release();
    stream.resume();
    await once(stream, "end");
  });

  it("reads no further than a client that stops reading can take", async () => {
    const parts = { messageBytes: MESSAGE_BYTES };
    const impatient = new TestServer([session], { parts, stallMs: 300 });
    await impatient.start();
    const other = impatient.client();
    await other.call("OpenFile", { file_path: PATH });
    const stream = other.stream("GetSignalRange", request(0, 400));
    stream.on("error", () => undefined);
    await firstChunk(stream);
    stream.pause();
    // Nobody takes messages any more, so the stall limit ends the read.
    const ended = await impatient.running.whenIdle(AbortSignal.timeout(4000));
    const line = impatient.logLines.find(({ rpc }) => rpc === "GetSignalRange");
    cancel(stream);
    await impatient.stop();
    expect(ended).toBe(true);
    expect(impatient.reader.partsDelivered).toBeLessThan(40);
    expect(impatient.reader.activeReads).toBe(0);
    expect(line).toMatchObject({ errorCode: "DEADLINE_EXCEEDED" });
  });

  it("stops reading when the client cancels", async () => {
    const stream = client.stream("GetSignalRange", request(0, 4000));
    await firstChunk(stream);
    cancel(stream);
    expect(await readEnded()).toBe(true);
    expect(server.reader.activeReads).toBe(0);
    expect(server.reader.partsDelivered).toBeLessThan(4000);
    expect(server.reader.prefetchedAround).toHaveLength(0);
    const line = server.logLines.find(({ rpc }) => rpc === "GetSignalRange");
    expect(line).toMatchObject({ code: "CANCELLED", errorCode: "CANCELLED" });
    // Nobody was there to get an answer, so none counts as one with an error.
    expect(await server.registry.metrics()).not.toContain(',code="CANCELLED"');
  });

  it("tells the reader that waits for data that the client left", async () => {
    let sawAbort: (() => void) | undefined;
    const aborted = new Promise<void>((resolve) => {
      sawAbort = resolve;
    });
    let sawRead: (() => void) | undefined;
    const reading = new Promise<void>((resolve) => {
      sawRead = resolve;
    });
    server.reader.beforePart = (_part, signal) => {
      sawRead?.();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          sawAbort?.();
          reject(signal.reason as Error);
        });
      });
    };
    const stream = client.stream("GetSignalRange", request(0, 1));
    await reading;
    cancel(stream);
    await aborted;
    expect(await readEnded()).toBe(true);
  });

  it("keeps every message intact while slow and cancelling clients share its buffers", async () => {
    const exact: boolean[] = [];
    const steady = async (): Promise<void> => {
      for (let round = 0; round < 4; round += 1) {
        const chunks = await client.collect("GetSignalRange", request(round * 7, 6));
        exact.push(...chunks.map(isExact));
      }
    };
    const slow = async (): Promise<void> => {
      const stream: AsyncIterable<DecodedChunk> = client.stream(
        "GetSignalRange",
        request(1000, 12),
      );
      for await (const chunk of stream) {
        await new Promise((resolve) => setImmediate(resolve));
        exact.push(isExact(chunk));
      }
    };
    const leaving = async (): Promise<void> => {
      for (let round = 0; round < 12; round += 1) {
        const stream = client.stream("GetSignalRange", request(round * 13, 50));
        exact.push(isExact(await firstChunk(stream)));
        cancel(stream);
      }
    };
    await Promise.all([steady(), slow(), slow(), leaving(), leaving(), steady()]);
    expect(exact.length).toBeGreaterThan(90);
    expect(exact.every(Boolean)).toBe(true);
    expect(server.pool.idleBytes).toBeGreaterThan(0);
  });

  it("keeps a lease alive for as long as a stream runs, and no longer", async () => {
    const leased = new TestServer([session], { idleMs: 1000 });
    await leased.start();
    const other = leased.client();
    await other.call("OpenFile", { file_path: PATH });
    leased.reader.beforePart = (part) => {
      if (part > 0) leased.nowMs += 10_000;
      return Promise.resolve();
    };
    const messages = (2.5 * 1024 * 1024) / MESSAGE_BYTES;
    const chunks = await other.collect("GetSignalRange", request(0, messages * 3));
    const files = (await other.call("ListOpenFiles", {}))["file_paths"];
    leased.nowMs += 1001;
    const filesLater = (await other.call("ListOpenFiles", {}))["file_paths"];
    await leased.stop();
    expect(chunks.at(-1)!.error_message).toBe("");
    expect(files).toEqual([PATH]);
    expect(filesLater).toEqual([]);
  });

  it("takes an answer that ends early for a defect, not for success", async () => {
    class ShortReader extends SyntheticReader {
      override async *read(
        ...[asked, maxPartBytes, signal]: Parameters<SyntheticReader["read"]>
      ): ReturnType<SyntheticReader["read"]> {
        yield* super.read({ ...asked, nSamples: asked.nSamples - 1 }, maxPartBytes, signal);
      }
    }
    const short = new TestServer([session], { parts: { windows: new ShortReader() } });
    await short.start();
    const other = short.client({ "x-request-id": "r1" });
    await other.call("OpenFile", { file_path: PATH });
    const chunks = await other.collect("GetSignalRange", request(0, 1));
    await short.stop();
    expect(chunks.at(-1)!.error_message).toBe("internal error (request r1)");
  });

  it("gives a buffer back once its message was taken, and not before", async () => {
    const pool = new MessageBufferPool(1e9);
    const idleWhileSending: number[] = [];
    await streamThrough(pool, () => {
      idleWhileSending.push(pool.idleBytes);
      return Promise.resolve();
    });
    expect(idleWhileSending).toEqual([0, 0, 0]);
    expect(pool.idleBytes).toBeGreaterThan(0);
  });

  it("never reuses the buffer of a message that may still be on its way", async () => {
    const pool = new MessageBufferPool(1e9);
    const gone = new SignalError("CANCELLED", "the caller went away");
    const streamed = streamThrough(pool, () => Promise.reject(gone));
    await expect(streamed).rejects.toBe(gone);
    expect(pool.idleBytes).toBe(0);
  });
});
