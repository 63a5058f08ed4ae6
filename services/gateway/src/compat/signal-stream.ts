import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { CallContext, MessageSink } from "../calls/call-context";
import {
  BYTES_PER_SAMPLE,
  type SampleType,
  type WindowPart,
  type WindowRequest,
} from "../read-path/window-reader";
import { answering } from "./answering";
import type { CompatParts } from "./compat-parts";
import { encodeErrorChunk, SignalChunkEncoder, type SignalSlice } from "./signal-chunk-encoder";
import { columnUutc, laneRuns, type LaneRun, type PlannedWindow } from "./window-arithmetic";

/** A window to be sent, and how. */
export interface SignalAnswer {
  /** The recording as the client names it. */
  readonly filePath: string;
  readonly window: PlannedWindow;
  readonly sampleType: SampleType;
}

type StreamParts = Pick<CompatParts, "windows" | "pool" | "messageBytes" | "damage">;

/**
 * Sends a window as SignalChunk messages, one for each part the read path
 * delivers, each taken by the client before the next is assembled. A window
 * without samples is one message with an empty matrix.
 *
 * @throws SignalError as `WindowReader.read` and `MessageSink.send`, also after
 *   some messages were sent
 */
export async function streamWindow(
  parts: StreamParts,
  answer: SignalAnswer,
  call: CallContext,
  sink: MessageSink,
): Promise<void> {
  const { window } = answer;
  const encoder = createEncoder(parts, answer);
  let damagedSpans = 0;
  if (window.nSamples === 0) await sendSlice(parts, encoder, emptySlice(window), sink);
  for (const run of laneRuns(window, answer.sampleType, parts.messageBytes)) {
    let delivered = 0;
    const request = windowRequest(parts, answer, run);
    for await (const part of parts.windows.read(request, parts.messageBytes, call.signal)) {
      damagedSpans += part.damage.reduce((sum, { spans }) => sum + spans.length, 0);
      await sendSlice(parts, encoder, sliceOf(answer, run, part), sink);
      delivered += part.nSamples;
    }
    if (delivered !== run.nColumns) {
      const context = { delivered, asked: run.nColumns };
      throw new SignalError("INTERNAL", "the read path delivered too few samples", context);
    }
  }
  call.note({ nChannels: window.rows.length, nSamples: window.nSamples, damagedSpans });
}

/** The request for a whole window, e.g. to decode it ahead of time. */
export function prefetchRequest(
  parts: Pick<CompatParts, "damage">,
  answer: SignalAnswer,
): WindowRequest {
  const { nSamples } = answer.window;
  return windowRequest(parts, answer, { firstColumn: 0, nColumns: nSamples, lane: "prefetch" });
}

/**
 * Runs a streaming handler of this service: if it fails, one last message with
 * only the path and the error's text tells the client to discard what it got.
 */
export async function answeringStream(
  filePath: string,
  call: CallContext,
  sink: MessageSink,
  attempt: () => Promise<void>,
): Promise<void> {
  await answering(call, attempt, (text) => sink.sendLast(encodeErrorChunk(filePath, text)));
}

function createEncoder(parts: StreamParts, answer: SignalAnswer): SignalChunkEncoder {
  const { filePath, sampleType, window } = answer;
  const channelNames = window.rows.map(({ channel }) => channel.name);
  return new SignalChunkEncoder({ filePath, sampleType, fs: window.fs, channelNames }, parts.pool);
}

function windowRequest(
  { damage }: Pick<CompatParts, "damage">,
  { window, sampleType }: SignalAnswer,
  { firstColumn, nColumns, lane }: LaneRun,
): WindowRequest {
  const rows = window.rows.map(({ channel, firstSlot }) => ({
    channel,
    firstSlot: firstSlot + firstColumn,
  }));
  return { session: window.session, rows, nSamples: nColumns, sampleType, lane, damage };
}

function sliceOf(
  { window, sampleType }: SignalAnswer,
  run: LaneRun,
  part: WindowPart,
): SignalSlice {
  const column = run.firstColumn + part.offset;
  return {
    nSamples: part.nSamples,
    startUutc: columnUutc(window, column),
    endUutc: columnUutc(window, column + part.nSamples),
    nBytes: window.rows.length * part.nSamples * BYTES_PER_SAMPLE[sampleType],
    copyInto: (target, byteOffset) => {
      part.copyInto(target, byteOffset);
    },
  };
}

function emptySlice({ startUutc, endUutc }: PlannedWindow): SignalSlice {
  return { nSamples: 0, startUutc, endUutc, nBytes: 0, copyInto: () => undefined };
}

async function sendSlice(
  { pool }: StreamParts,
  encoder: SignalChunkEncoder,
  slice: SignalSlice,
  sink: MessageSink,
): Promise<void> {
  const { bytes, buffer } = encoder.encode(slice);
  // If this rejects, the transport may still read the buffer: it is left to the collector.
  await sink.send(bytes);
  pool.giveBack(buffer);
}
