import type { ChannelDescription, SlotRun } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { toUutc } from "@mef3-cluster/contracts/uutc";
import { buildChannelIndex, type ChannelIndex, type SegmentInput } from "../native";
import type { FileStamp, SessionFiles } from "../sources/session-files";
import { type ChannelIdentity, channelIdentity, type IdentityInput } from "./channel-identity";
import type { AccessKeys } from "./password";
import { isReadable, type ReadableSegment, type Segment } from "./segment-reader";

/** Where blocks of one segment are read from. */
export interface OpenSegment {
  /** Path of the `.tdat` within the session. */
  readonly dataFile: string;
  /** The `.tdat` as it was when its index was read. */
  readonly dataStamp: FileStamp;
  readonly keys: AccessKeys;
  /** All its blocks lie within `[firstSlot, endSlot)`. */
  readonly firstSlot: number;
  readonly endSlot: number;
}

/** A file that is looked at to see whether the channel changed. */
export interface WatchedFile {
  readonly file: string;
  readonly stamp: FileStamp;
}

/** A channel whose blocks can be found. */
export interface OpenChannel {
  readonly description: ChannelDescription;
  readonly index: ChannelIndex;
  /** By position in the index; undefined for segments that cannot be read. */
  readonly segments: readonly (OpenSegment | undefined)[];
  readonly identity: ChannelState;
  readonly watched: readonly WatchedFile[];
  readonly warnings: readonly string[];
  /** True when the recording time offset is hidden and times are relative. */
  readonly relative: boolean;
}

/** Which state of a growing channel its tag was last confirmed for. */
export interface ChannelState {
  /** What tiles are keyed by; kept while the channel only grows. */
  readonly tag: string;
  readonly digests: ChannelIdentity;
  readonly nSegments: number;
}

/**
 * Builds a channel from its segments, in segment order.
 *
 * @param before  the channel as it was known, if it was: its tag is kept if
 *   nothing but blocks at the end was added
 * @returns undefined if no segment can be read
 * @throws SignalError SESSION_INVALID if segments disagree on the sampling rate
 *   or times are impossible
 */
export async function openChannel(
  files: SessionFiles,
  name: string,
  segments: readonly Segment[],
  before: ChannelState | undefined,
): Promise<OpenChannel | undefined> {
  const readable = segments.filter(isReadable);
  const first = readable[0];
  if (first === undefined) return undefined;
  const samplingRate = sharedSamplingRate(name, readable);
  const inputs = segments.map(segmentInput);
  const index = await buildChannelIndex(inputs, samplingRate);
  if (typeof index === "string") {
    throw new SignalError("SESSION_INVALID", `index refused: ${index}`, { channel: name });
  }
  const identity = await nextState(
    {
      sessionPath: files.root,
      channel: name,
      samplingRate,
      startUutc: index.startUutc,
      segments: segments.map((segment, i) => ({
        number: segment.location.number,
        recordingTimeOffset: inputs[i]?.recordingTimeOffset ?? 0,
        unitsConversionFactor: inputs[i]?.unitsConversionFactor ?? 1,
        indexFile: inputs[i]?.indexFile,
      })),
      damage: index.damage,
      sealedSlots: sealedSlotsOf(index),
    },
    before,
  );
  return {
    description: describe(name, first, index, identity),
    index,
    segments: segments.map((segment, i) => openSegment(segment, index, i)),
    identity,
    watched: readable.flatMap(watchedFiles),
    warnings: warningsOf(name, segments, index),
    relative: readable.some((segment) => segment.metadata.recordingTimeOffset === undefined),
  };
}

function sharedSamplingRate(name: string, readable: readonly ReadableSegment[]): number {
  const rates = new Set(readable.map((segment) => segment.metadata.samplingRate));
  const [rate] = rates;
  if (rate === undefined || rates.size > 1) {
    const list = [...rates].join(", ");
    throw new SignalError("SESSION_INVALID", `several sampling rates: ${list} Hz`, {
      channel: name,
    });
  }
  return rate;
}

function segmentInput(segment: Segment): SegmentInput {
  const { metadata } = segment;
  return {
    indexFile: isReadable(segment) ? segment.indexFile : undefined,
    dataBytes: isReadable(segment) ? segment.stamps[2].bytes : 0,
    recordingTimeOffset: metadata?.recordingTimeOffset ?? 0,
    unitsConversionFactor: metadata?.unitsConversionFactor ?? 1,
    startUutc: metadata?.startUutc,
    endUutc: metadata?.endUutc,
    nSamples: metadata?.nSamples ?? -1,
  };
}

async function nextState(
  input: IdentityInput,
  before: ChannelState | undefined,
): Promise<ChannelState> {
  const digests = await channelIdentity(input);
  const nSegments = input.segments.length;
  if (before !== undefined && before.nSegments <= nSegments) {
    const earlier = { ...input, segments: input.segments.slice(0, before.nSegments) };
    const again = await channelIdentity(earlier, before.digests.extent);
    if (again.sealed === before.digests.sealed) return { tag: before.tag, digests, nSegments };
  }
  return { tag: digests.sealed, digests, nSegments };
}

function describe(
  name: string,
  first: ReadableSegment,
  index: ChannelIndex,
  identity: ChannelState,
): ChannelDescription {
  const coverage: SlotRun[] = [];
  for (let i = 0; i + 1 < index.coverage.length; i += 2) {
    const [firstSlot = 0, endSlot = 0] = index.coverage.subarray(i, i + 2);
    coverage.push({ firstSlot, nSlots: endSlot - firstSlot });
  }
  return {
    name,
    samplingRate: first.metadata.samplingRate,
    startUutc: toUutc(index.startUutc),
    endUutc: toUutc(index.endUutc),
    nSlots: index.nSlots,
    nSamples: index.nSamples,
    nOverlapped: index.nOverlapped,
    unit: first.metadata.unit,
    unitsConversionFactor: first.metadata.unitsConversionFactor,
    identity: identity.tag,
    edgeIdentity: identity.digests.edge,
    sealedSlots: sealedSlotsOf(index),
    coverage,
    damage: index.damage,
  };
}

function sealedSlotsOf(index: ChannelIndex): number {
  return index.segments.at(-1)?.lastBlockSlot ?? 0;
}

function openSegment(segment: Segment, index: ChannelIndex, i: number): OpenSegment | undefined {
  const summary = index.segments[i];
  if (!isReadable(segment) || summary === undefined) return undefined;
  const { folder, stem } = segment.location;
  return {
    dataFile: `${folder}/${stem}.tdat`,
    dataStamp: segment.stamps[2],
    keys: segment.keys,
    firstSlot: summary.firstSlot,
    endSlot: summary.endSlot,
  };
}

function watchedFiles({ location, stamps }: ReadableSegment): WatchedFile[] {
  const stem = `${location.folder}/${location.stem}`;
  const [metadata, index, data] = stamps;
  return [
    { file: `${stem}.tmet`, stamp: metadata },
    { file: `${stem}.tidx`, stamp: index },
    { file: `${stem}.tdat`, stamp: data },
  ];
}

function warningsOf(name: string, segments: readonly Segment[], index: ChannelIndex): string[] {
  return segments.flatMap((segment, i) => {
    const where = `channel ${name}, segment ${segment.location.number}`;
    if (!isReadable(segment)) return [`${where}: ${segment.reason}`];
    const summary = index.segments[i];
    if (summary === undefined) return [];
    const { status, nDropped, hasRemainder } = summary;
    return [
      ...(status === "OK" ? [] : [`${where}: index refused: ${status}`]),
      ...(nDropped > 0 ? [`${where}: ${nDropped} impossible index entries`] : []),
      ...(hasRemainder ? [`${where}: the index ends within an entry`] : []),
    ];
  });
}
