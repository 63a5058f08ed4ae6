import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { parseInt64 } from "@mef3-cluster/contracts/uutc";
import type { CallContext, MessageSink } from "../calls/call-context";
import { answering } from "./answering";
import type { CompatParts } from "./compat-parts";
import { fileNotOpen, noSegmentSize, noSuchSegment, segmentSizeNotPositive } from "./error-texts";
import type {
  FileRequest,
  NumberOfSegmentsResponse,
  SetSignalSegmentRequest,
  SignalChunkRequest,
} from "./messages";
import type { OpenFileSettings } from "./open-files";
import { answeringStream, prefetchRequest, streamWindow, type SignalAnswer } from "./signal-stream";
import { planWindow, segmentCount, segmentWindow } from "./window-arithmetic";

/**
 * Sets the length of this client's numbered segments. Nothing cached depends on
 * it: tiles lie on a grid of their own.
 */
export async function setSignalSegmentSize(
  { catalogue, openFiles }: Pick<CompatParts, "catalogue" | "openFiles">,
  { file_path: path, seconds: wireSeconds }: SetSignalSegmentRequest,
  call: CallContext,
): Promise<NumberOfSegmentsResponse> {
  const set = async (): Promise<NumberOfSegmentsResponse> => {
    const seconds = parseInt64(wireSeconds, "seconds");
    const open = await openFiles.change(call.client, path, {});
    if (!open) throw fileNotOpen(path);
    if (seconds <= 0) throw segmentSizeNotPositive();
    const session = await catalogue.describe(path, call.signal);
    await openFiles.change(call.client, path, { segmentSeconds: seconds });
    return segments(path, segmentCount(session, seconds));
  };
  return answering(call, set, (text) => segments(path, 0, text));
}

export async function getNumberOfSegments(
  { catalogue, openFiles }: Pick<CompatParts, "catalogue" | "openFiles">,
  { file_path: path }: FileRequest,
  call: CallContext,
): Promise<NumberOfSegmentsResponse> {
  const count = async (): Promise<NumberOfSegmentsResponse> => {
    const use = await openFiles.use(call.client, path);
    if (use === undefined) throw fileNotOpen(path);
    try {
      const { segmentSeconds } = use.settings;
      if (segmentSeconds === undefined) return segments(path, 0);
      const session = await catalogue.describe(path, call.signal);
      return segments(path, segmentCount(session, segmentSeconds));
    } finally {
      use.done();
    }
  };
  return answering(call, count, (text) => segments(path, 0, text));
}

/** Streams one numbered segment of the active channels as float64. */
export async function getSignalSegment(
  parts: CompatParts,
  request: SignalChunkRequest,
  call: CallContext,
  sink: MessageSink,
): Promise<void> {
  const { file_path: path } = request;
  await answeringStream(path, call, sink, () =>
    parts.reads.during(async () => {
      const use = await parts.openFiles.use(call.client, path);
      if (use === undefined) throw fileNotOpen(path);
      try {
        const index = parseInt64(request.chunk_idx, "chunk_idx");
        const session = await parts.catalogue.describe(path, call.signal);
        const answer = planSegment(parts, path, session, use.settings, index);
        await streamWindow(parts, answer, call, sink);
        prefetchNeighbours(parts, path, session, use.settings, index);
      } finally {
        use.done();
      }
    }),
  );
}

/** @throws SignalError INVALID_ARGUMENT if no size is set or there is no such segment */
function planSegment(
  { limits }: Pick<CompatParts, "limits">,
  path: string,
  session: SessionDescription,
  { segmentSeconds, activeChannels = [] }: OpenFileSettings,
  index: number,
): SignalAnswer {
  if (segmentSeconds === undefined) throw noSegmentSize(path);
  if (index < 0 || index >= segmentCount(session, segmentSeconds)) throw noSuchSegment(index, path);
  const time = segmentWindow(session, segmentSeconds, index);
  const window = planWindow(session, activeChannels, time, limits);
  return { filePath: path, window, sampleType: "float64" };
}

/** The nearest first: a client that steps through segments needs that one next. */
function prefetchNeighbours(
  parts: CompatParts,
  path: string,
  session: SessionDescription,
  settings: OpenFileSettings,
  index: number,
): void {
  if (settings.segmentSeconds === undefined) return;
  const count = segmentCount(session, settings.segmentSeconds);
  for (let distance = 1; distance <= parts.prefetchSegments; distance += 1) {
    for (const neighbour of [index + distance, index - distance]) {
      if (neighbour < 0 || neighbour >= count) continue;
      const answer = planSegment(parts, path, session, settings, neighbour);
      if (answer.window.nSamples > 0) parts.windows.prefetch?.(prefetchRequest(parts, answer));
    }
  }
}

function segments(path: string, count: number, errorMessage = ""): NumberOfSegmentsResponse {
  return { file_path: path, number_of_segments: count, error_message: errorMessage };
}
