import path from "node:path";
import { Client, credentials, type ClientReadableStream } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import { errorOfAbort, SignalError } from "@mef3-cluster/contracts/signal-error";
import { parseInt64 } from "@mef3-cluster/contracts/uutc";

const PROTO_PATH = path.resolve(__dirname, "../../../../proto/compat/gRPCMef3Server.proto");
const SERVICE = "gRPCMef3Server";

/** What the demo needs to know of an open recording; the lists are parallel. */
export interface RecordingInfo {
  readonly channelNames: readonly string[];
  /** Hz. */
  readonly samplingRates: readonly number[];
  /** µs since 1970. */
  readonly startUutc: number;
  /** Exclusive. */
  readonly endUutc: number;
}

/** Rows of one window, in the order asked for; NaN where there is no sample. */
export interface WindowData {
  readonly rows: readonly Float32Array[];
  /** Hz. */
  readonly samplingRate: number;
}

/** The parts of the answers that are read here, as decoded: int64 as decimal strings. */
interface FileInfoAnswer {
  readonly file_opened: boolean;
  readonly channel_names: readonly string[];
  readonly channel_sampling_rates: readonly number[];
  readonly start_uutc: string;
  readonly end_uutc: string;
  readonly error_message?: string;
}

interface SignalChunkAnswer {
  readonly array_bytes: Uint8Array;
  readonly shape: readonly string[];
  readonly fs: number;
  readonly error_message?: string;
}

type Method = MethodDefinition<object, object>;

/**
 * A client of the predecessors' service that knows the server by its address
 * and its .proto file only, as any user's program would. Plaintext.
 */
export class DemoClient {
  readonly #client: Client;
  readonly #methods: ReadonlyMap<string, Method>;

  /** @param address  `host:port` */
  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#methods = loadMethods();
  }

  /** @throws SignalError SESSION_NOT_FOUND with the server's words if it refuses; UNAVAILABLE, CANCELLED */
  async openFile(filePath: string, signal: AbortSignal): Promise<RecordingInfo> {
    const answer = (await this.#unary(
      "OpenFile",
      { file_path: filePath },
      signal,
    )) as FileInfoAnswer;
    if (!answer.file_opened) {
      throw new SignalError("SESSION_NOT_FOUND", answer.error_message ?? "it was not opened");
    }
    return {
      channelNames: answer.channel_names,
      samplingRates: answer.channel_sampling_rates,
      startUutc: parseInt64(answer.start_uutc, "start_uutc"),
      endUutc: parseInt64(answer.end_uutc, "end_uutc"),
    };
  }

  async closeFile(filePath: string, signal: AbortSignal): Promise<void> {
    await this.#unary("CloseFile", { file_path: filePath }, signal);
  }

  /**
   * Reads `[startUutc, endUutc)` of some channels.
   *
   * @throws SignalError DATA_DAMAGED with the server's words if the read fails; UNAVAILABLE, CANCELLED
   */
  async readRange(
    filePath: string,
    channelNames: readonly string[],
    startUutc: number,
    endUutc: number,
    signal: AbortSignal,
  ): Promise<WindowData> {
    const request = {
      file_path: filePath,
      channel_names: channelNames,
      start_uutc: startUutc,
      end_uutc: endUutc,
    };
    const slices: SignalChunkAnswer[] = [];
    for await (const chunk of this.#stream("GetSignalRange", request, signal)) {
      const slice = chunk as SignalChunkAnswer;
      if (slice.error_message !== undefined && slice.error_message !== "") {
        throw new SignalError("DATA_DAMAGED", slice.error_message);
      }
      slices.push(slice);
    }
    return joinSlices(slices, channelNames.length);
  }

  close(): void {
    this.#client.close();
  }

  #unary(name: string, request: object, signal: AbortSignal): Promise<object> {
    const { path: route, requestSerialize, responseDeserialize } = this.#method(name);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        route,
        requestSerialize,
        responseDeserialize,
        request,
        (error, answer) => {
          signal.removeEventListener("abort", cancel);
          if (answer !== undefined) resolve(answer);
          else reject(signal.aborted ? errorOfAbort(signal) : callFailed(name, error));
        },
      );
      const cancel = () => {
        call.cancel();
      };
      signal.addEventListener("abort", cancel);
      if (signal.aborted) cancel();
    });
  }

  async *#stream(name: string, request: object, signal: AbortSignal): AsyncGenerator<object> {
    const { path: route, requestSerialize, responseDeserialize } = this.#method(name);
    const call: ClientReadableStream<object> = this.#client.makeServerStreamRequest(
      route,
      requestSerialize,
      responseDeserialize,
      request,
    );
    const cancel = () => {
      call.cancel();
    };
    signal.addEventListener("abort", cancel);
    try {
      if (signal.aborted) cancel();
      yield* call as AsyncIterable<object>;
    } catch (error) {
      throw signal.aborted ? errorOfAbort(signal) : callFailed(name, error);
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  #method(name: string): Method {
    const method = this.#methods.get(name);
    if (method === undefined) throw new SignalError("INTERNAL", `${PROTO_PATH} has no ${name}`);
    return method;
  }
}

function loadMethods(): ReadonlyMap<string, Method> {
  const definition = loadSync(PROTO_PATH, { keepCase: true, longs: String, defaults: true });
  const service = definition[SERVICE];
  // Message definitions carry a `format`; a service is a plain map of methods.
  if (service === undefined || "format" in service) {
    throw new SignalError("INTERNAL", `${PROTO_PATH} has no service ${SERVICE}`);
  }
  return new Map(Object.entries(service as Readonly<Record<string, Method>>));
}

function callFailed(name: string, cause: unknown): SignalError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SignalError("UNAVAILABLE", `${name} failed: ${reason}`, {}, { cause });
}

/** Joins the time slices of an answer, each `[nRows, nColumns]`, row-major, float32. */
function joinSlices(slices: readonly SignalChunkAnswer[], nRows: number): WindowData {
  const widths = slices.map(({ shape }) => Number(shape[1]));
  const nSamples = widths.reduce((sum, width) => sum + width, 0);
  const rows = Array.from({ length: nRows }, () => new Float32Array(nSamples));
  let column = 0;
  slices.forEach(({ array_bytes: bytes }, index) => {
    const width = widths[index] ?? 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [row, samples] of rows.entries()) {
      for (let i = 0; i < width; i += 1) {
        samples[column + i] = view.getFloat32(4 * (row * width + i), true);
      }
    }
    column += width;
  });
  return { rows, samplingRate: slices[0]?.fs ?? 0 };
}
