import type { Lane } from "@mef3-cluster/contracts/lane";
import type {
  ChannelDescription,
  SessionDescription,
} from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { Uutc } from "@mef3-cluster/contracts/uutc";
import { gridSlot, roundHalfAway } from "@mef3-cluster/tiles/grid";
import { BYTES_PER_SAMPLE, type SampleType, type WindowRow } from "../read-path/window-reader";
import { emptyWindow, mixedSamplingRates, unknownChannels } from "./error-texts";

/** A time window `[startUutc, endUutc)`. */
export interface TimeWindow {
  readonly startUutc: Uutc;
  readonly endUutc: Uutc;
}

export interface WindowLimits {
  readonly maxChannels: number;
  /** Rows times columns of one answer. */
  readonly maxSamples: number;
}

/** A window of this service, as a rectangle on the channels' grids. */
export interface PlannedWindow extends TimeWindow {
  readonly session: SessionDescription;
  readonly rows: readonly WindowRow[];
  /** Columns; 0 if the window is shorter than half a sample. */
  readonly nSamples: number;
  /** Hz. */
  readonly fs: number;
}

/**
 * Places a window on the grids of the channels asked for.
 *
 * This service counts `round((end - start) * fs / 1e6)` samples, halves away
 * from zero, from each channel's own slot at `start`; so two windows that join
 * in time may repeat or leave out a sample where `fs` does not divide them.
 *
 * @param names  rows in this order; none means all channels
 * @throws SignalError CHANNEL_NOT_FOUND, INVALID_WINDOW if reversed or empty,
 *   MIXED_SAMPLING_RATES, LIMIT_EXCEEDED
 */
export function planWindow(
  session: SessionDescription,
  names: readonly string[],
  window: TimeWindow,
  limits: WindowLimits,
): PlannedWindow {
  const { startUutc, endUutc } = window;
  const channels = selectChannels(session, names);
  if (endUutc <= startUutc) throw emptyWindow();
  const fs = commonRate(channels);
  const nSamples = roundHalfAway(((endUutc - startUutc) * fs) / 1e6);
  checkLimits(channels.length, nSamples, limits);
  const rows = channels.map((channel) => ({
    channel,
    firstSlot: gridSlot(startUutc, channel.startUutc, channel.samplingRate),
  }));
  return { session, rows, nSamples, fs, startUutc, endUutc };
}

function selectChannels(
  session: SessionDescription,
  names: readonly string[],
): readonly ChannelDescription[] {
  if (names.length === 0) return session.channels;
  const byName = new Map(session.channels.map((channel) => [channel.name, channel]));
  const unknown = names.filter((name) => !byName.has(name));
  if (unknown.length > 0) throw unknownChannels(unknown);
  return names.map((name) => byName.get(name)).filter((channel) => channel !== undefined);
}

/** Writers differ in the last digits of a rate, so rates are compared rounded to 6 decimals. */
function commonRate(channels: readonly ChannelDescription[]): number {
  const rates = new Set(channels.map(({ samplingRate }) => Number(samplingRate.toFixed(6))));
  const [first] = channels;
  if (first === undefined) throw new SignalError("SESSION_INVALID", "the session has no channels");
  if (rates.size > 1) throw mixedSamplingRates([...rates].sort((a, b) => a - b));
  return first.samplingRate;
}

function checkLimits(nChannels: number, nSamples: number, limits: WindowLimits): void {
  if (nChannels > limits.maxChannels) {
    const message = `${nChannels} channels are asked for, more than ${limits.maxChannels}`;
    throw new SignalError("LIMIT_EXCEEDED", message);
  }
  if (nChannels * nSamples > limits.maxSamples) {
    throw new SignalError(
      "LIMIT_EXCEEDED",
      `the window holds ${nChannels} × ${nSamples} samples, more than ${limits.maxSamples}`,
    );
  }
}

/**
 * The time of a column edge, dividing the window proportionally: column 0 is
 * the window's start, column `nSamples` its end.
 */
export function columnUutc(
  { startUutc, endUutc, nSamples }: PlannedWindow,
  column: number,
): number {
  return Math.trunc(startUutc + (column / nSamples) * (endUutc - startUutc));
}

/** Columns `[firstColumn, firstColumn + nColumns)` of a window, and their lane. */
export interface LaneRun {
  readonly firstColumn: number;
  readonly nColumns: number;
  readonly lane: Lane;
}

/** Chosen: a screen of any viewer fits; a job that walks a recording does not. */
const INTERACTIVE_BYTES = 16e6;

/**
 * Splits a window of a client that cannot name a lane: about the first 16 MB are
 * interactive, the rest is batch. The split is between messages, so that it
 * does not show in the answer.
 *
 * @param messageBytes  sample data per message, at most
 */
export function laneRuns(
  { rows, nSamples }: PlannedWindow,
  sampleType: SampleType,
  messageBytes: number,
): readonly LaneRun[] {
  if (nSamples === 0) return [];
  const columnBytes = rows.length * BYTES_PER_SAMPLE[sampleType];
  const perMessage = Math.max(1, Math.floor(messageBytes / columnBytes));
  const interactiveMessages = Math.floor(INTERACTIVE_BYTES / columnBytes / perMessage);
  const first = Math.min(nSamples, perMessage * Math.max(1, interactiveMessages));
  const runs: LaneRun[] = [{ firstColumn: 0, nColumns: first, lane: "interactive" }];
  if (first < nSamples) {
    runs.push({ firstColumn: first, nColumns: nSamples - first, lane: "batch" });
  }
  return runs;
}

/** Number of segments of `seconds` each that cover the session, the last one shorter. */
export function segmentCount(session: SessionDescription, seconds: number): number {
  return Math.ceil((session.endUutc - session.startUutc) / (seconds * 1e6));
}

/** @param index  within `[0, segmentCount)` */
export function segmentWindow(
  session: SessionDescription,
  seconds: number,
  index: number,
): TimeWindow {
  const start = session.startUutc + index * seconds * 1e6;
  const end = Math.min(start + seconds * 1e6, session.endUutc);
  return { startUutc: start as Uutc, endUutc: end as Uutc };
}
