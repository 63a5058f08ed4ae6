import type {
  ChannelDescription,
  SessionDescription,
  SlotRun,
} from "@mef3-cluster/contracts/session-description";
import type { Tile, TileKind } from "@mef3-cluster/tiles/tile";
import { tilesCovering } from "@mef3-cluster/tiles/geometry";
import { channelTileKeys } from "@mef3-cluster/tiles/tile-key";
import type { WindowRow } from "./window-reader";

/** A tile that an answer needs. */
export interface TileNeed {
  readonly key: string;
  readonly session: SessionDescription;
  readonly channel: ChannelDescription;
  readonly kind: TileKind;
  readonly slotsPerTile: number;
  readonly index: number;
  /** Nothing is stored there: it need not be decoded. */
  readonly isEmpty: boolean;
}

/** The tiles of one row, in order. */
export type RowNeeds = readonly TileNeed[];

/** What a plan is made for: columns `[offset, offset + nSamples)` of the rows. */
export interface PlanInput {
  readonly session: SessionDescription;
  readonly rows: readonly WindowRow[];
  readonly kind: TileKind;
  readonly offset: number;
  readonly nSamples: number;
  readonly slotsPerTile: (samplingRate: number) => number;
}

/** Lists the tiles that hold the columns of each row. */
export function planTiles(input: PlanInput): RowNeeds[] {
  const { session, kind, offset, nSamples } = input;
  return input.rows.map(({ channel, firstSlot }) => {
    const slotsPerTile = input.slotsPerTile(channel.samplingRate);
    const keyOf = keysOf(session, channel, slotsPerTile, kind);
    return tilesCovering(firstSlot + offset, nSamples, slotsPerTile).map((index) => ({
      key: keyOf(index),
      session,
      channel,
      kind,
      slotsPerTile,
      index,
      isEmpty: !holdsAnything(channel, index * slotsPerTile, (index + 1) * slotsPerTile),
    }));
  });
}

/** Both kinds of tile hold four bytes per slot. */
export const BYTES_PER_SLOT = 4;

/** Memory for the tiles that have to be decoded or held; empty ones take none. */
export function bytesOfTiles(needs: readonly TileNeed[]): number {
  return needs.reduce(
    (sum, need) => (need.isEmpty ? sum : sum + need.slotsPerTile * BYTES_PER_SLOT),
    0,
  );
}

/** Builds a tile's key from its index. */
type KeyOf = (index: number) => string;

/** By kind and tile length. */
type KeysOfChannel = Map<string, KeyOf>;

/**
 * Descriptions are the same objects from read to read. By session first, because
 * its access tag is part of every key.
 */
const keysOfSessions = new WeakMap<
  SessionDescription,
  WeakMap<ChannelDescription, KeysOfChannel>
>();

/**
 * `channelTileKeys()`, made once per channel: hashing its parts for every small
 * read costs more than copying the samples.
 */
function keysOf(
  session: SessionDescription,
  channel: ChannelDescription,
  slotsPerTile: number,
  kind: TileKind,
): KeyOf {
  const channels = keysOfSessions.get(session) ?? new WeakMap<ChannelDescription, KeysOfChannel>();
  keysOfSessions.set(session, channels);
  const known = channels.get(channel) ?? new Map<string, KeyOf>();
  channels.set(channel, known);
  const name = `${kind}.${slotsPerTile}`;
  const keyOf = known.get(name) ?? channelTileKeys({ session, channel, slotsPerTile, kind });
  known.set(name, keyOf);
  return keyOf;
}

/** Whether a block or damage lies in slots `[first, end)`. */
function holdsAnything(channel: ChannelDescription, first: number, end: number): boolean {
  return (
    touches(channel.coverage, first, end) ||
    channel.damage.some((span) => span.firstSlot < end && span.firstSlot + span.nSlots > first)
  );
}

/** Binary search: a recording may have many thousands of gaps. */
function touches(runs: readonly SlotRun[], first: number, end: number): boolean {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run !== undefined && run.firstSlot + run.nSlots <= first) low = middle + 1;
    else high = middle;
  }
  const run = runs[low];
  return run !== undefined && run.firstSlot < end;
}

/** What an answer looks at of a tile where nothing is stored: no samples, no damage. */
export const EMPTY_TILE = { kind: "empty", damage: [] } as const;

export type TileOrEmpty = Tile | typeof EMPTY_TILE;
