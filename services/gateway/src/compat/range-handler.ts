import { parseInt64, toUutc } from "@mef3-cluster/contracts/uutc";
import type { CallContext, MessageSink } from "../calls/call-context";
import type { CompatParts } from "./compat-parts";
import { fileNotOpen, windowWithoutSample } from "./error-texts";
import type { SignalRangeRequest } from "./messages";
import { answeringStream, prefetchRequest, streamWindow, type SignalAnswer } from "./signal-stream";
import { planWindow } from "./window-arithmetic";

/** Streams channels over a time window as float32; then has its neighbours decoded ahead. */
export async function getSignalRange(
  parts: CompatParts,
  request: SignalRangeRequest,
  call: CallContext,
  sink: MessageSink,
): Promise<void> {
  await answeringStream(request.file_path, call, sink, () =>
    parts.reads.during(async () => {
      const use = await parts.openFiles.use(call.client, request.file_path);
      if (use === undefined) throw fileNotOpen(request.file_path);
      try {
        const answer = await planRange(parts, request, call);
        await streamWindow(parts, answer, call, sink);
        parts.windows.prefetchAround(prefetchRequest(parts, answer));
      } finally {
        use.done();
      }
    }),
  );
}

async function planRange(
  { catalogue, limits }: CompatParts,
  request: SignalRangeRequest,
  call: CallContext,
): Promise<SignalAnswer> {
  const session = await catalogue.describe(request.file_path, call.signal);
  const time = {
    startUutc: toUutc(parseInt64(request.start_uutc, "start_uutc")),
    endUutc: toUutc(parseInt64(request.end_uutc, "end_uutc")),
  };
  const window = planWindow(session, request.channel_names, time, limits);
  if (window.nSamples === 0) throw windowWithoutSample();
  return { filePath: request.file_path, window, sampleType: "float32" };
}
