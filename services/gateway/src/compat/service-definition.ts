import path from "node:path";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { SignalError } from "@mef3-cluster/contracts/signal-error";

/** Name of the predecessors' service; it has no protobuf package. */
export const COMPAT_SERVICE = "gRPCMef3Server";

export const COMPAT_METHODS = [
  "OpenFile",
  "CloseFile",
  "FileInfo",
  "ListOpenFiles",
  "GetSignalRange",
  "SetSignalSegmentSize",
  "GetSignalSegment",
  "SetActiveChannels",
  "GetActiveChannels",
  "GetNumberOfSegments",
] as const;

export type CompatMethod = (typeof COMPAT_METHODS)[number];

/** As far from the sources as from the compiled files. */
const PROTO_PATH = path.resolve(__dirname, "../../../../proto/compat/gRPCMef3Server.proto");

/** The service as read from its .proto file. */
export interface CompatProtocol {
  /** What server reflection publishes. */
  readonly packageDefinition: PackageDefinition;
  /**
   * Requests are decoded, answers are not encoded: handlers hand over finished
   * messages, so that sample data is written once, into its place.
   */
  readonly definition: ServiceDefinition;
  /** Encodes a unary answer. */
  readonly encode: (method: CompatMethod, answer: object) => Buffer;
}

/**
 * Reads the service definition. int64 fields arrive as decimal strings.
 *
 * @throws SignalError INTERNAL if the .proto file does not define every method
 */
export function loadCompatProtocol(): CompatProtocol {
  const packageDefinition = loadSync(PROTO_PATH, { keepCase: true, longs: String, defaults: true });
  const methods = new Map<CompatMethod, MethodDefinition<object, object>>();
  for (const method of COMPAT_METHODS) methods.set(method, findMethod(packageDefinition, method));
  return {
    packageDefinition,
    definition: Object.fromEntries(
      [...methods].map(([name, method]) => [name, { ...method, responseSerialize: asBuffer }]),
    ),
    encode: (method, answer) => methods.get(method)?.responseSerialize(answer) ?? missing(method),
  };
}

function findMethod(
  packageDefinition: PackageDefinition,
  name: CompatMethod,
): MethodDefinition<object, object> {
  const service = packageDefinition[COMPAT_SERVICE];
  // Message and enum definitions carry a `format`; services are plain maps of methods.
  if (service === undefined || "format" in service) return missing(name);
  const method = (service as Readonly<Record<string, MethodDefinition<object, object>>>)[name];
  return method ?? missing(name);
}

function asBuffer(message: unknown): Buffer {
  if (Buffer.isBuffer(message)) return message;
  throw new SignalError("INTERNAL", "an answer was not encoded before it was sent");
}

function missing(method: CompatMethod): never {
  throw new SignalError("INTERNAL", `${PROTO_PATH} does not define ${COMPAT_SERVICE}.${method}`);
}
