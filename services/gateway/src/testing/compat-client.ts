import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type CallOptions,
  type Client,
  type ClientReadableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import path from "node:path";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { COMPAT_SERVICE, type CompatMethod } from "../compat/service-definition";

const PROTO_PATH = path.resolve(__dirname, "../../../../proto/compat/gRPCMef3Server.proto");

/** A SignalChunk as a client decodes it; int64 as decimal strings. */
export interface DecodedChunk {
  readonly file_path: string;
  readonly array_bytes: Buffer;
  readonly dtype: string;
  readonly shape: readonly string[];
  readonly start_uutc: string;
  readonly end_uutc: string;
  readonly fs: number;
  readonly channel_names: readonly string[];
  readonly error_message?: string;
}

/** Any unary answer as a client decodes it; int64 as decimal strings. */
export type DecodedAnswer = Readonly<Record<string, unknown>>;

export const COMPAT_DEFINITION = loadSync(PROTO_PATH, {
  keepCase: true,
  longs: String,
  defaults: true,
})[COMPAT_SERVICE] as ServiceDefinition;

const CompatStub = makeGenericClientConstructor(COMPAT_DEFINITION, COMPAT_SERVICE);

type UnaryCall = (
  request: object,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, answer: DecodedAnswer) => void,
) => { on(event: "metadata", listener: (metadata: Metadata) => void): unknown };

type StreamCall = (
  request: object,
  metadata: Metadata,
  options: CallOptions,
) => ClientReadableStream<DecodedChunk>;

/** A client of the predecessors' service, over a connection of its own. */
export class CompatClient {
  readonly #stub: Client;
  readonly #metadata: Metadata;
  /** The last initial metadata a unary call received. */
  lastMetadata: Metadata | undefined;

  constructor(port: number, headers: Readonly<Record<string, string>> = {}) {
    const options = { "grpc.use_local_subchannel_pool": 1 };
    this.#stub = new CompatStub(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    this.#metadata = new Metadata();
    for (const [key, value] of Object.entries(headers)) this.#metadata.set(key, value);
  }

  call(method: CompatMethod, request: object, options: CallOptions = {}): Promise<DecodedAnswer> {
    const unary = this.#method(method) as UnaryCall;
    return new Promise((resolve, reject) => {
      const call = unary.call(this.#stub, request, this.#metadata, options, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
      call.on("metadata", (metadata) => {
        this.lastMetadata = metadata;
      });
    });
  }

  stream(
    method: "GetSignalRange" | "GetSignalSegment",
    request: object,
    options: CallOptions = {},
  ): ClientReadableStream<DecodedChunk> {
    return (this.#method(method) as StreamCall).call(this.#stub, request, this.#metadata, options);
  }

  async collect(
    method: "GetSignalRange" | "GetSignalSegment",
    request: object,
    options: CallOptions = {},
  ): Promise<readonly DecodedChunk[]> {
    const chunks: DecodedChunk[] = [];
    const stream: AsyncIterable<DecodedChunk> = this.stream(method, request, options);
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  }

  close(): void {
    this.#stub.close();
  }

  #method(name: CompatMethod): unknown {
    return Reflect.get(this.#stub, name);
  }
}

/** The rows of an answer, its chunks joined in time; each is checked for its shape. */
export function joinRows(chunks: readonly DecodedChunk[]): number[][] {
  const nRows = Number(chunks[0]?.shape[0] ?? 0);
  const rows: number[][] = Array.from({ length: nRows }, () => []);
  for (const chunk of chunks) {
    const samples = decodeSamples(chunk);
    const nColumns = Number(chunk.shape[1]);
    if (samples.length !== nRows * nColumns) throw new Error("shape and bytes disagree");
    rows.forEach((row, index) => {
      for (let column = 0; column < nColumns; column += 1) {
        row.push(samples[index * nColumns + column] ?? NaN);
      }
    });
  }
  return rows;
}

function decodeSamples({ array_bytes: bytes, dtype }: DecodedChunk): Float32Array | Float64Array {
  const copy = new Uint8Array(bytes).buffer;
  return dtype === "float32" ? new Float32Array(copy) : new Float64Array(copy);
}
