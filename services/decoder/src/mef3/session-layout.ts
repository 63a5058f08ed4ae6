/** A segment directory of a channel: `CH-000003.segd`. */
export interface SegmentLocation {
  /** Digits after the last `-` of the directory's stem. */
  readonly number: number;
  /** Path within the session, without a leading `/`. */
  readonly folder: string;
  /** Stem of its files: `CH-000003`. */
  readonly stem: string;
}

/** What a folder of a session holds. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "other";
}

/**
 * Channels among the entries of a session's root, sorted in code-point order.
 *
 * The channel's name is the directory's name; header strings are informational
 * and often stale (docs/mef3-format.md, section 1).
 */
export function channelNames(root: readonly FolderEntry[]): string[] {
  return root
    .filter((entry) => entry.kind === "folder" && entry.name.endsWith(".timd"))
    .map((entry) => entry.name.slice(0, -".timd".length))
    .filter((name) => name !== "" && !name.startsWith("._"))
    .sort(byCodePoint);
}

/**
 * Segments among the entries of a channel's folder, by number. Numbers may have
 * holes; stems that are not `<channel>-<1 to 9 digits>` are ignored.
 */
export function segmentLocations(
  channel: string,
  entries: readonly FolderEntry[],
): SegmentLocation[] {
  const segments: SegmentLocation[] = [];
  for (const entry of entries) {
    if (entry.kind !== "folder" || !entry.name.endsWith(".segd")) continue;
    const stem = entry.name.slice(0, -".segd".length);
    if (!stem.startsWith(`${channel}-`)) continue;
    const digits = stem.slice(channel.length + 1);
    if (!/^\d{1,9}$/.test(digits)) continue;
    segments.push({ number: Number(digits), folder: `${channel}.timd/${entry.name}`, stem });
  }
  return segments.sort((a, b) => a.number - b.number);
}

/** JavaScript compares UTF-16 units; names compare by code point, as Python's do. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}
