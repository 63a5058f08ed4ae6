import type { Charset } from "./dot-canvas";
import { DemoClient, type RecordingInfo } from "./demo-client";
import { findGap, nanShare } from "./sample-window";
import { plotTraces } from "./terminal-plot";

/** What a terminal can show. */
export interface Screen {
  readonly columns: number;
  readonly lines: number;
  readonly charset: Charset;
}

const CHANNELS_SHOWN = 8;
const WINDOW_SECONDS = 10;
/** Chosen: a gap this long still leaves most of the window to the signal. */
const LONGEST_GAP_SECONDS = 4;

/**
 * Reads ten seconds of up to eight channels, around a gap if there is one, and
 * describes what came: a line of figures, an empty one, and a picture.
 *
 * @param address  `host:port` of a server
 * @throws SignalError if the server cannot be reached or refuses
 */
export async function showSample(
  address: string,
  recordingPath: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<string[]> {
  const client = new DemoClient(address);
  try {
    const info = await client.openFile(recordingPath, signal);
    const names = info.channelNames.slice(0, CHANNELS_SHOWN);
    const startUutc = await chooseStart(client, recordingPath, info, signal);
    const endUutc = startUutc + WINDOW_SECONDS * 1e6;
    const started = performance.now();
    const data = await client.readRange(recordingPath, names, startUutc, endUutc, signal);
    const milliseconds = performance.now() - started;
    await client.closeFile(recordingPath, signal);
    const [first] = data.rows;
    const percentMissing = (100 * nanShare(data.rows)).toFixed(1);
    const traces = data.rows.map((samples, row) => ({ name: names[row] ?? "", samples }));
    const figures =
      `${data.rows.length} channels x ${first?.length ?? 0} samples at ${data.samplingRate} Hz, ` +
      `${percentMissing} % NaN (gap), in ${milliseconds.toFixed(1)} ms, ` +
      `from ${formatTime(startUutc)}:`;
    // Two lines are for the figures and for the prompt that follows the picture.
    const room = { ...screen, lines: screen.lines - 2 };
    const unit = screen.charset === "braille" ? "µV" : "uV";
    return [figures, "", ...plotTraces(traces, { ...room, durationSeconds: WINDOW_SECONDS, unit })];
  } finally {
    client.close();
  }
}

/** The start of a window with a gap in its middle, or from the recording's middle. */
async function chooseStart(
  client: DemoClient,
  recordingPath: string,
  info: RecordingInfo,
  signal: AbortSignal,
): Promise<number> {
  const { startUutc, endUutc } = info;
  const whole = await client.readRange(
    recordingPath,
    info.channelNames.slice(0, 1),
    startUutc,
    endUutc,
    signal,
  );
  const [samples] = whole.rows;
  const gap = samples && findGap(samples, LONGEST_GAP_SECONDS * whole.samplingRate);
  const middleUutc =
    gap === undefined
      ? (startUutc + endUutc) / 2
      : startUutc + ((gap.first + gap.end) / 2 / whole.samplingRate) * 1e6;
  return Math.round(middleUutc - (WINDOW_SECONDS / 2) * 1e6);
}

function formatTime(uutc: number): string {
  return `${new Date(uutc / 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
