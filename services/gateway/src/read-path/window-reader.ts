import type { Lane } from "@mef3-cluster/contracts/lane";
import type {
  ChannelDescription,
  DamagedSpan,
  SessionDescription,
} from "@mef3-cluster/contracts/session-description";

/** Row `i` of an answer: a channel and the grid slot of its first sample. */
export interface WindowRow {
  readonly channel: ChannelDescription;
  /** May be negative, or past the channel's end: such slots read as NaN. */
  readonly firstSlot: number;
}

/**
 * What values an answer holds. `float32` is the product in double rounded once;
 * `float64` is the product itself (not widened float32).
 */
export type SampleType = "float32" | "float64";

export const BYTES_PER_SAMPLE: Readonly<Record<SampleType, number>> = { float32: 4, float64: 8 };

/** A rectangular read: `rows.length` channels × `nSamples` consecutive slots each. */
export interface WindowRequest {
  readonly session: SessionDescription;
  readonly rows: readonly WindowRow[];
  readonly nSamples: number;
  readonly sampleType: SampleType;
  readonly lane: Lane;
  /** Whether damaged slots fail the read or are NaN and listed. */
  readonly damage: "error" | "nan";
}

/** Damage within a part, by row. Spans are in slots of that row's channel grid. */
export interface RowDamage {
  readonly row: number;
  readonly spans: readonly DamagedSpan[];
}

/** A time slice of the answer, all rows; parts come in time order and join without holes. */
export interface WindowPart {
  /** Column of the first sample. */
  readonly offset: number;
  readonly nSamples: number;
  readonly damage: readonly RowDamage[];
  /**
   * Writes the slice row-major, little-endian, `[rows, nSamples]`, so that a
   * message is assembled in place and sample data is copied once. Valid until
   * the iterator is advanced.
   */
  copyInto(target: Uint8Array, byteOffset: number): void;
}

/** Reads windows exactly, whatever caches and decoders stand behind it. */
export interface WindowReader {
  /**
   * Streams a window in parts of at most `maxPartBytes` of sample data (at
   * least one column). The next part's tiles are fetched while the consumer is
   * busy with the current one, and no further.
   *
   * @throws SignalError DATA_DAMAGED (with `damage: "error"`), CANCELLED,
   *   DEADLINE_EXCEEDED, SESSION_CHANGED, OVERLOADED, UNAVAILABLE; also after
   *   some parts were delivered
   */
  read(
    request: WindowRequest,
    maxPartBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<WindowPart>;

  /**
   * Decodes the windows before and after this one in the background, as far as
   * configured. Never throws, never delays a read.
   */
  prefetchAround(request: WindowRequest): void;

  /**
   * Decodes exactly this window in the background, for callers that know better
   * than "around" what comes next. Never throws, never delays a read.
   */
  prefetch?(request: WindowRequest): void;
}
