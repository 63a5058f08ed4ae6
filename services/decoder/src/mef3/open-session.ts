import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { toUutc } from "@mef3-cluster/contracts/uutc";
import { mapBounded } from "../map-bounded";
import type { SessionFiles } from "../sources/session-files";
import { type ChannelState, openChannel, type OpenChannel } from "./open-channel";
import { readFailure } from "./read-failure";
import { isReadable, readSegment, type Segment } from "./segment-reader";
import { channelNames, type SegmentLocation, segmentLocations } from "./session-layout";

const MAX_CHANNELS = 65_536;
const MAX_SEGMENTS_PER_CHANNEL = 1_000_000;
/** Segments read at once: metadata on network storage is slow one by one. */
const SEGMENTS_AT_ONCE = 64;

/** A session whose blocks can be found. */
export interface OpenSession {
  readonly description: SessionDescription;
  readonly files: SessionFiles;
  readonly channels: ReadonlyMap<string, OpenChannel>;
  /** When its folders' entries last changed: new segments and channels show there. */
  readonly folders: ReadonlyMap<string, number>;
  /** Of all indexes. */
  readonly memoryBytes: number;
}

/**
 * Opens a session: reads the metadata and index of every segment.
 *
 * @param passwords  tried in order where metadata is encrypted
 * @param before     states of channels as they were known (see `openChannel`)
 * @throws SignalError SESSION_INVALID if there is nothing readable in it,
 *   PASSWORD_REQUIRED, OVERLOADED, CANCELLED
 */
export async function openSession(
  files: SessionFiles,
  passwords: readonly string[],
  before: ReadonlyMap<string, ChannelState>,
  signal: AbortSignal,
): Promise<OpenSession> {
  const folders = new Map<string, number>();
  folders.set("", await files.folderModifiedMs(""));
  const names = channelNames(await files.list(""));
  if (names.length === 0) {
    throw new SignalError("SESSION_INVALID", "not a MEF 3.0 session: it has no .timd channels");
  }
  if (names.length > MAX_CHANNELS) {
    throw new SignalError("SESSION_INVALID", `more than ${MAX_CHANNELS} channels`);
  }
  const channelsAtOnce = Math.min(names.length, SEGMENTS_AT_ONCE);
  const segmentsAtOnce = Math.floor(SEGMENTS_AT_ONCE / channelsAtOnce);
  const open = async (name: string): Promise<OpenChannelOutcome> => {
    folders.set(`${name}.timd`, await files.folderModifiedMs(`${name}.timd`));
    const locations = segmentLocations(name, await files.list(`${name}.timd`));
    checkLocations(locations);
    const segments = await mapBounded(
      locations,
      segmentsAtOnce,
      (location) => readSegment(files, location, passwords),
      signal,
    );
    const channel = await openChannel(files, name, segments, before.get(name));
    if (channel !== undefined) return { name, channel };
    return { name, warning: unusable(name, segments) };
  };
  const outcomes = await mapBounded(
    names,
    channelsAtOnce,
    (name) => open(name).catch((error: unknown) => ({ name, warning: leftOut(name, error) })),
    signal,
  );
  return assemble(files, outcomes, folders);
}

type OpenChannelOutcome =
  | { readonly name: string; readonly channel: OpenChannel }
  | { readonly name: string; readonly warning: string };

function checkLocations(locations: readonly SegmentLocation[]): void {
  if (locations.length > MAX_SEGMENTS_PER_CHANNEL) {
    throw new SignalError("SESSION_INVALID", "too many segments");
  }
  const twice = locations.find(({ number }, i) => locations[i - 1]?.number === number);
  if (twice !== undefined) {
    throw new SignalError("SESSION_INVALID", `two segments have number ${twice.number}`);
  }
}

/** What a channel that cannot be opened leaves as a warning: the others stay readable. */
function leftOut(name: string, error: unknown): string {
  const isInvalid = error instanceof SignalError && error.code === "SESSION_INVALID";
  return `channel ${name} is left out: ${isInvalid ? error.message : readFailure(error)}`;
}

function unusable(name: string, segments: readonly Segment[]): string {
  const [reason = "no segments"] = segments.flatMap((segment) =>
    isReadable(segment) ? [] : [segment.reason],
  );
  return `channel ${name} is left out: ${reason}`;
}

function assemble(
  files: SessionFiles,
  outcomes: readonly OpenChannelOutcome[],
  folders: ReadonlyMap<string, number>,
): OpenSession {
  const channels = new Map<string, OpenChannel>();
  const warnings: string[] = [];
  for (const outcome of outcomes) {
    if ("warning" in outcome) {
      warnings.push(outcome.warning);
    } else {
      channels.set(outcome.name, outcome.channel);
      warnings.push(...outcome.channel.warnings);
    }
  }
  const open = [...channels.values()];
  if (open.length === 0) {
    throw new SignalError("SESSION_INVALID", `no channel can be read: ${warnings.join("; ")}`);
  }
  const descriptions = open.map((channel) => channel.description);
  return {
    description: {
      path: files.root,
      accessTag: "plain",
      timeBase: open.some((channel) => channel.relative) ? "RELATIVE" : "ABSOLUTE",
      channels: descriptions,
      startUutc: toUutc(descriptions.reduce((t, c) => Math.min(t, c.startUutc), Infinity)),
      endUutc: toUutc(descriptions.reduce((t, c) => Math.max(t, c.endUutc), -Infinity)),
      warnings,
    },
    files,
    channels,
    folders,
    memoryBytes: open.reduce((bytes, channel) => bytes + channel.index.memoryBytes, 0),
  };
}
