import { createHash } from "node:crypto";
import type {
  ChannelDescription,
  SessionDescription,
} from "@mef3-cluster/contracts/session-description";
import type { TileKind } from "./tile";

/**
 * Version of what a tile's bytes mean, part of every key and frame. Raise it
 * whenever the same recording would give other bytes: then nothing cached
 * before is found.
 */
export const TILE_VERSION = 1;

/** What of a session its tiles' keys depend on. */
export type KeyedSession = Pick<SessionDescription, "path" | "accessTag">;

/** What of a channel its tiles' keys depend on. */
export type KeyedChannel = Pick<
  ChannelDescription,
  "name" | "identity" | "edgeIdentity" | "sealedSlots"
>;

/** Everything the bytes of a tile depend on. */
export interface TileKeyParts {
  readonly session: KeyedSession;
  readonly channel: KeyedChannel;
  readonly slotsPerTile: number;
  readonly kind: TileKind;
  readonly index: number;
}

/**
 * Names a tile: about 60 ASCII letters, digits, `.`, `-` and `_`, the same in
 * every process. The layout is in docs/tile-frame.md.
 *
 * This and `channelTileKeys()`, which it is made of, are the only places that
 * build keys.
 */
export function tileKey(parts: TileKeyParts): string {
  return channelTileKeys(parts)(parts.index);
}

/**
 * `tileKey()` for many tiles of a channel: what does not depend on the index is
 * hashed once.
 *
 * Tiles up to `sealedSlots` are keyed by the identity that stays while the
 * recording grows; those that reach beyond it by the one that changes with every
 * block, so that a tile from before a growth is not found after it.
 */
export function channelTileKeys(parts: Omit<TileKeyParts, "index">): (index: number) => string {
  const { session, channel, slotsPerTile, kind } = parts;
  const prefixOf = (identity: string): string =>
    `${recordingPrefix(session)}${shortDigest(channel.name, identity)}.${kind}.` +
    `${slotsPerTile.toString(36)}.`;
  const sealed = prefixOf(channel.identity);
  const edge = prefixOf(channel.edgeIdentity);
  return (index) => (isSealed(channel, index, slotsPerTile) ? sealed : edge) + index.toString(36);
}

/** Whether no growth of the recording can change the tile. */
export function isSealed(
  channel: Pick<ChannelDescription, "sealedSlots">,
  index: number,
  slotsPerTile: number,
): boolean {
  return (index + 1) * slotsPerTile <= channel.sealedSlots;
}

/**
 * What the key of every tile of a recording starts with, and of no other
 * recording. The access tag is part of it: who cannot derive the tag cannot
 * name a tile.
 */
export function recordingPrefix({ path, accessTag }: KeyedSession): string {
  return `t${TILE_VERSION}.${shortDigest(accessTag, path)}.`;
}

/** The `recordingPrefix()` a key starts with; the whole key if it is none of ours. */
export function recordingPrefixOf(key: string): string {
  return key.slice(0, key.indexOf(".", key.indexOf(".") + 1) + 1) || key;
}

/** 128 bits as 22 characters. The length of the first part keeps the two apart. */
function shortDigest(first: string, second: string): string {
  const digest = createHash("sha256").update(`${first.length}:${first}${second}`).digest();
  return digest.subarray(0, 16).toString("base64url");
}
