import type { Uutc } from "./uutc";

/** Consecutive slots `[firstSlot, firstSlot + nSlots)` of one channel's sample grid. */
export interface SlotRun {
  readonly firstSlot: number;
  readonly nSlots: number;
}

/**
 * Why samples that should exist could not be had (docs/mef3-format.md, section 13).
 * The order is the native code's numbering: append, never reorder.
 */
export const DAMAGE_REASONS = [
  /** The block's bytes are not the bytes that were written. */
  "BLOCK_CRC",
  /** A field of the block contradicts the index or the format, or its stream is impossible. */
  "BLOCK_CORRUPT",
  /** The data file ends before the block does. */
  "BLOCK_TRUNCATED",
  /** The block is encrypted at a level no key was given for. */
  "BLOCK_ENCRYPTED",
  /** Reading the data file failed. */
  "BLOCK_UNREADABLE",
  /** An entry of the block index is impossible. */
  "INDEX_ENTRY",
  /** The block index ends before what the metadata promises. */
  "INDEX_TRUNCATED",
  /** A whole segment could not be opened. */
  "SEGMENT_UNREADABLE",
] as const;

export type DamageReason = (typeof DAMAGE_REASONS)[number];

/** Slots whose samples are lost, and why. */
export interface DamagedSpan extends SlotRun {
  readonly reason: DamageReason;
}

/** One channel of a session, as the rest of the system needs to know it. */
export interface ChannelDescription {
  readonly name: string;
  /** Hz; the same in all segments. */
  readonly samplingRate: number;
  /** Time of slot 0, the origin of the channel's sample grid. */
  readonly startUutc: Uutc;
  /** End as the files state it, exclusive. */
  readonly endUutc: Uutc;
  /** Length of the grid; slots from here on are past the end. */
  readonly nSlots: number;
  /** Samples stored in blocks; gaps do not count. */
  readonly nSamples: number;
  /** Slots whose samples are lost because a later block covers them too. */
  readonly nOverlapped: number;
  /** Native unit after multiplication by the conversion factor, e.g. `uV`; empty when unknown. */
  readonly unit: string;
  /** Native units per count, of the first segment; negative means inverted polarity. */
  readonly unitsConversionFactor: number;
  /**
   * Digest of everything the bytes of a tile before `sealedSlots` depend on
   * besides its place: the canonical path, start, rate, factors, and the block
   * index up to there. Stays while the recording only grows.
   */
  readonly identity: string;
  /** The same with every block: keys the tiles that reach beyond `sealedSlots`. */
  readonly edgeIdentity: string;
  /**
   * Where the last block starts. What lies before never changes; the rest does
   * when the recording grows, and `edgeIdentity` with it.
   */
  readonly sealedSlots: number;
  /** Where blocks lie, in slot order, neighbours joined. What is not covered is a gap. */
  readonly coverage: readonly SlotRun[];
  /** Damage known without decoding, in slot order. */
  readonly damage: readonly DamagedSpan[];
}

/** A session (`.mefd`, also "recording") as seen from outside the decoder. */
export interface SessionDescription {
  /** Canonical path, after symlinks; the identity of the recording. */
  readonly path: string;
  /** Who may name its tiles; `plain` for sessions without passwords. */
  readonly accessTag: string;
  /** RELATIVE when only the level-1 password is known: the recording time offset stays hidden. */
  readonly timeBase: "ABSOLUTE" | "RELATIVE";
  /** Sorted by name, in code-point order. */
  readonly channels: readonly ChannelDescription[];
  /** Earliest channel start. */
  readonly startUutc: Uutc;
  /** Latest channel end, exclusive. */
  readonly endUutc: Uutc;
  /** What was skipped or unusual when the session was opened; for people. */
  readonly warnings: readonly string[];
}
