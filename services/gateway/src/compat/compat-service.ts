import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";
import type { CallContext } from "../calls/call-context";
import {
  streamHandler,
  unaryHandler,
  type CallEnvironment,
  type StreamAnswer,
} from "../calls/observed-handlers";
import type { RpcName } from "../calls/call-metrics";
import { getActiveChannels, setActiveChannels } from "./active-channels-handlers";
import type { CompatParts } from "./compat-parts";
import { closeFile, fileInfo, listOpenFiles, openFile } from "./file-handlers";
import type {
  FileRequest,
  ListOpenFilesRequest,
  SetActiveChannelsRequest,
  SetSignalSegmentRequest,
  SignalChunkRequest,
  SignalRangeRequest,
} from "./messages";
import { getSignalRange } from "./range-handler";
import { getNumberOfSegments, getSignalSegment, setSignalSegmentSize } from "./segment-handlers";
import {
  COMPAT_METHODS,
  COMPAT_SERVICE,
  loadCompatProtocol,
  type CompatMethod,
} from "./service-definition";

/** A service as the server registers and publishes it. */
export interface GrpcService {
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  /** For server reflection. */
  readonly packageDefinition: PackageDefinition;
}

/** Every rpc of this service, for metrics that start at 0. */
export const COMPAT_RPCS: readonly RpcName[] = COMPAT_METHODS.map(rpcName);

/** The predecessors' service, both generations, over this process's read path. */
export function createCompatService(environment: CallEnvironment, parts: CompatParts): GrpcService {
  const { packageDefinition, definition, encode } = loadCompatProtocol();

  const unary = <Request>(
    method: CompatMethod,
    answer: (request: Request, call: CallContext) => Promise<object>,
  ) =>
    unaryHandler(environment, rpcName(method), async (request: Request, call) =>
      encode(method, await answer(request, call)),
    );
  const stream = <Request>(method: CompatMethod, answer: StreamAnswer<Request>) =>
    streamHandler(environment, rpcName(method), answer);

  const implementation: Record<CompatMethod, UntypedServiceImplementation[string]> = {
    OpenFile: unary("OpenFile", (request: FileRequest, call) => openFile(parts, request, call)),
    CloseFile: unary("CloseFile", (request: FileRequest, call) => closeFile(parts, request, call)),
    FileInfo: unary("FileInfo", (request: FileRequest, call) => fileInfo(parts, request, call)),
    ListOpenFiles: unary("ListOpenFiles", (_: ListOpenFilesRequest, call) =>
      listOpenFiles(parts, call),
    ),
    GetSignalRange: stream("GetSignalRange", (request: SignalRangeRequest, call, sink) =>
      getSignalRange(parts, request, call, sink),
    ),
    SetSignalSegmentSize: unary("SetSignalSegmentSize", (request: SetSignalSegmentRequest, call) =>
      setSignalSegmentSize(parts, request, call),
    ),
    GetSignalSegment: stream("GetSignalSegment", (request: SignalChunkRequest, call, sink) =>
      getSignalSegment(parts, request, call, sink),
    ),
    SetActiveChannels: unary("SetActiveChannels", (request: SetActiveChannelsRequest, call) =>
      setActiveChannels(parts, request, call),
    ),
    GetActiveChannels: unary("GetActiveChannels", (request: FileRequest, call) =>
      getActiveChannels(parts, request, call),
    ),
    GetNumberOfSegments: unary("GetNumberOfSegments", (request: FileRequest, call) =>
      getNumberOfSegments(parts, request, call),
    ),
  };
  return { name: COMPAT_SERVICE, definition, implementation, packageDefinition };
}

function rpcName(method: CompatMethod): RpcName {
  return { service: COMPAT_SERVICE, method };
}
