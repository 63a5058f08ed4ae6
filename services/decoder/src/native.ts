import path from "node:path";
import type { DamagedSpan, DamageReason } from "@mef3-cluster/contracts/session-description";
import { DAMAGE_REASONS } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { LANES, type Lane } from "@mef3-cluster/contracts/lane";
import type { FactorRun } from "@mef3-cluster/tiles/tile";

/**
 * Why native code refused its input. The order is that of `mef3::Status`:
 * append, never reorder.
 */
export const NATIVE_STATUS = [
  "OK",
  "TRUNCATED",
  "BAD_HEADER",
  "CRC_MISMATCH",
  "ENCRYPTED",
  "CORRUPT_STREAM",
  "UNSUPPORTED_VERSION",
  "LIMIT_EXCEEDED",
  "INDEX_MISMATCH",
  "READ_ERROR",
  "CANCELLED",
] as const;

export type NativeStatus = (typeof NATIVE_STATUS)[number];

/** An opaque channel index; lives as long as something holds it. */
export type ChannelIndexHandle = object & { readonly __native: "ChannelIndex" };

/** One segment of a channel, as `buildChannelIndex` wants it. */
export interface SegmentInput {
  /** The whole `.tidx`; absent when the segment could not be opened. Not to be changed meanwhile. */
  readonly indexFile?: Uint8Array | undefined;
  /** Size of the `.tdat`. */
  readonly dataBytes: number;
  /** µs; 0 if unknown. */
  readonly recordingTimeOffset: number;
  readonly unitsConversionFactor: number;
  /** µs since 1970, as the metadata's header states it. */
  readonly startUutc?: number | undefined;
  /** Exclusive. */
  readonly endUutc?: number | undefined;
  /** What the metadata promises; -1 unknown. */
  readonly nSamples: number;
}

export interface SegmentSummary {
  /** Why the `.tidx` was refused. */
  readonly status: NativeStatus;
  /** All blocks lie within `[firstSlot, endSlot)`. */
  readonly firstSlot: number;
  readonly endSlot: number;
  readonly nSamples: number;
  readonly nDropped: number;
  readonly hasRemainder: boolean;
  /** Where the last block in file order starts. */
  readonly lastBlockSlot: number;
}

/** A built index with what a description of the channel is made of. */
export interface ChannelIndex {
  readonly handle: ChannelIndexHandle;
  readonly startUutc: number;
  readonly endUutc: number;
  readonly nSlots: number;
  readonly nSamples: number;
  readonly nOverlapped: number;
  readonly nBlocks: number;
  readonly memoryBytes: number;
  readonly segments: readonly SegmentSummary[];
  /** Flat pairs of first and end slot. */
  readonly coverage: Float64Array;
  readonly damage: readonly DamagedSpan[];
}

export interface MetadataOutcome {
  readonly status: NativeStatus;
  /** Level of the key that section 2 needs; 0 plain. Absent when the file was refused. */
  readonly section2Level?: number | undefined;
  readonly section3Level?: number | undefined;
  readonly metadata?: SegmentMetadata;
}

/** What a `.tmet` says, as far as it can be trusted and was not locked. */
export interface SegmentMetadata {
  readonly samplingRate: number;
  readonly lowFrequencyFilter: number;
  readonly highFrequencyFilter: number;
  readonly notchFilter: number;
  readonly acLineFrequency: number;
  readonly unitsConversionFactor: number;
  readonly unitsKnown: boolean;
  readonly unit: string;
  readonly nSamples: number;
  readonly channelDescription: string;
  readonly sessionDescription: string;
  /** µs; undefined when section 3 is locked: times are relative then. */
  readonly recordingTimeOffset?: number | undefined;
  readonly startUutc?: number | undefined;
  readonly endUutc?: number | undefined;
}

export interface UniversalHeaderOutcome {
  readonly status: NativeStatus;
  /** Stored form. */
  readonly startTime?: bigint;
  readonly endTime?: bigint;
  readonly level1Validation?: Buffer;
  readonly level2Validation?: Buffer;
}

/** Where a segment's `.tdat` can be read. The descriptor stays open until the job is done. */
export interface DataSource {
  /** Position of the segment in the index. */
  readonly segment: number;
  readonly fd: number;
  /** First byte of the `.tdat` within the open file. */
  readonly base: number;
  readonly size: number;
}

/** The first 16 statistics bytes of a block, in plain. */
export interface PlainStatistics {
  readonly rank: number;
  readonly bytes: Uint8Array;
}

/** A run of consecutive tiles of one channel, with the arrays to fill. */
export interface NativeRun {
  readonly index: ChannelIndexHandle;
  readonly sources: readonly DataSource[];
  readonly kind: "f32" | "i32";
  readonly firstSlot: number;
  readonly slotsPerTile: number;
  readonly tiles: readonly (Float32Array | Int32Array)[];
  readonly statistics?: readonly PlainStatistics[] | undefined;
}

export interface EncryptedBlock {
  readonly rank: number;
  readonly level: 1 | 2;
  readonly ciphertext: Buffer;
}

export interface NativeRunOutcome {
  readonly damage: readonly DamagedSpan[];
  readonly factorRuns: readonly FactorRun[];
  readonly encrypted: readonly EncryptedBlock[];
}

export interface NativeJobResult {
  readonly status: "OK" | "CANCELLED";
  readonly outcomes: readonly NativeRunOutcome[];
  readonly nBlocks: number;
  readonly samplesDecoded: number;
  readonly samplesPlaced: number;
  readonly bytesRead: number;
}

interface RawRunOutcome {
  readonly damage?: Float64Array;
  readonly factors?: Float64Array;
  readonly encrypted?: readonly EncryptedBlock[];
}

interface RawJobResult {
  readonly status: number;
  readonly outcomes: readonly RawRunOutcome[];
  readonly nBlocks: number;
  readonly samplesDecoded: number;
  readonly samplesPlaced: number;
  readonly bytesRead: number;
}

interface RawPool {
  submit(
    lane: number,
    indexes: readonly ChannelIndexHandle[],
    numbers: Float64Array,
    tiles: readonly (Float32Array | Int32Array)[],
    statistics: readonly (readonly PlainStatistics[] | undefined)[],
    done: (result: RawJobResult) => void,
  ): number;
  promote(id: number, lane: number): void;
  cancel(id: number): void;
  waiting(lane: number): number;
  close(): void;
}

type RawIndex = Omit<ChannelIndex, "segments" | "damage"> & {
  readonly segments: readonly (Omit<SegmentSummary, "status"> & { readonly status: number })[];
  readonly damage: Float64Array;
};

interface Addon {
  crc32(bytes: Uint8Array, initial?: number): number;
  encodeRedBlock(samples: Int32Array, storedStartTime: bigint, discontinuity: boolean): Buffer;
  readUniversalHeader(
    file: Uint8Array,
    type: string,
  ): Omit<UniversalHeaderOutcome, "status"> & { readonly status: number };
  readMetadata(
    file: Uint8Array,
    section2?: Uint8Array,
    section3?: Uint8Array,
  ): SegmentMetadata & {
    readonly status: number;
    readonly section2Level?: number;
    readonly section3Level?: number;
  };
  buildChannelIndex(
    segments: readonly SegmentInput[],
    samplingRate: number,
    done: (status: number, index?: RawIndex) => void,
  ): void;
  readonly DecodePool: new (threads: number, prefetchThreads: number) => RawPool;
}

// The same place from src/ and from dist/, beside both.
const addonPath = path.join(__dirname, "..", "native", "build", "mef3_decoder.node");
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the only way to load an addon
const addon = require(addonPath) as Addon;

function statusOf(raw: number): NativeStatus {
  const status = NATIVE_STATUS[raw];
  if (status === undefined) throw new TypeError(`native status ${raw} is unknown`);
  return status;
}

function damageOf(flat: Float64Array | undefined): DamagedSpan[] {
  const spans: DamagedSpan[] = [];
  for (let i = 0; flat !== undefined && i + 2 < flat.length; i += 3) {
    const [first = 0, end = 0, reason = 0] = flat.subarray(i, i + 3);
    spans.push({ firstSlot: first, nSlots: end - first, reason: damageReason(reason) });
  }
  return spans;
}

function damageReason(raw: number): DamageReason {
  const reason = DAMAGE_REASONS[raw];
  if (reason === undefined) throw new TypeError(`native damage reason ${raw} is unknown`);
  return reason;
}

function factorRunsOf(flat: Float64Array | undefined): FactorRun[] {
  const runs: FactorRun[] = [];
  for (let i = 0; flat !== undefined && i + 2 < flat.length; i += 3) {
    const [first = 0, end = 0, factor = 1] = flat.subarray(i, i + 3);
    runs.push({ firstSlot: first, nSlots: end - first, factor });
  }
  return runs;
}

/** MEF's CRC-32 (Koopman, reflected, no final inversion); `initial` continues an earlier one. */
export function crc32(bytes: Uint8Array, initial?: number): number {
  return addon.crc32(bytes, initial);
}

/**
 * Encodes counts as one lossless RED block, header, padding and CRC included.
 *
 * Synchronous: about 20 ns per sample, for writers of sample data.
 *
 * @throws RangeError above 4,194,304 samples
 */
export function encodeRedBlock(
  samples: Int32Array,
  options: { readonly storedStartTime: bigint; readonly discontinuity: boolean },
): Uint8Array {
  return addon.encodeRedBlock(samples, options.storedStartTime, options.discontinuity);
}

/** Checks and reads the first 1024 bytes of a file of the given type. */
export function readUniversalHeader(
  file: Uint8Array,
  type: "tmet" | "tidx" | "tdat" | "rdat" | "ridx",
): UniversalHeaderOutcome {
  const { status, ...fields } = addon.readUniversalHeader(file, type);
  return { status: statusOf(status), ...fields };
}

/**
 * Checks and reads a `.tmet`. Where a section is ciphertext, its plain bytes go
 * in beside the file; ENCRYPTED when section 2 is and they are missing.
 */
export function readMetadata(
  file: Uint8Array,
  section2?: Uint8Array,
  section3?: Uint8Array,
): MetadataOutcome {
  const { status, section2Level, section3Level, ...metadata } = addon.readMetadata(
    file,
    section2,
    section3,
  );
  const outcome = { status: statusOf(status), section2Level, section3Level };
  return outcome.status === "OK" ? { ...outcome, metadata } : outcome;
}

/**
 * Builds the index of a channel from its segments, in segment order, off the
 * event loop. A refused `.tidx` becomes damage of its segment.
 */
export function buildChannelIndex(
  segments: readonly SegmentInput[],
  samplingRate: number,
): Promise<ChannelIndex | Exclude<NativeStatus, "OK">> {
  return new Promise((resolve) => {
    addon.buildChannelIndex(segments, samplingRate, (status, raw) => {
      const name = statusOf(status);
      if (name !== "OK" || raw === undefined) {
        resolve(name === "OK" ? "BAD_HEADER" : name);
        return;
      }
      resolve({
        ...raw,
        segments: raw.segments.map((s) => ({ ...s, status: statusOf(s.status) })),
        damage: damageOf(raw.damage),
      });
    });
  });
}

const NUMBERS_PER_RUN = 5;
const NUMBERS_PER_SOURCE = 4;

/** All numbers of the runs in one array: see RunOf in decode_pool_binding.cc. */
function numbersOf(runs: readonly NativeRun[]): Float64Array {
  const nSources = runs.reduce((sum, run) => sum + run.sources.length, 0);
  const numbers = new Float64Array(runs.length * NUMBERS_PER_RUN + nSources * NUMBERS_PER_SOURCE);
  let at = 0;
  for (const run of runs) {
    numbers[at] = run.kind === "f32" ? 0 : 1;
    numbers[at + 1] = run.firstSlot;
    numbers[at + 2] = run.slotsPerTile;
    numbers[at + 3] = run.tiles.length;
    numbers[at + 4] = run.sources.length;
    at += NUMBERS_PER_RUN;
    for (const source of run.sources) {
      numbers[at] = source.segment;
      numbers[at + 1] = source.fd;
      numbers[at + 2] = source.base;
      numbers[at + 3] = source.size;
      at += NUMBERS_PER_SOURCE;
    }
  }
  return numbers;
}

/** Shared by the many runs that have nothing to report. */
const NOTHING: readonly never[] = [];

function outcomeOf({ damage, factors, encrypted }: RawRunOutcome): NativeRunOutcome {
  return {
    damage: damage === undefined ? NOTHING : damageOf(damage),
    factorRuns: factors === undefined ? NOTHING : factorRunsOf(factors),
    encrypted: encrypted ?? NOTHING,
  };
}

/** Threads that decode, most urgent lane first; see decode_pool.h for how prefetch steps aside. */
export class DecodePool {
  readonly #pool: RawPool;
  #closed = false;

  constructor(threads: number, prefetchThreads: number) {
    this.#pool = new addon.DecodePool(threads, prefetchThreads);
  }

  /**
   * Decodes runs of tiles on one thread, straight into their arrays, which are
   * pinned meanwhile. `done` is called once, also after `cancel`; only then may
   * the sources be closed.
   *
   * @returns an id for `promote` and `cancel`
   * @throws SignalError UNAVAILABLE after `close`
   */
  submit(lane: Lane, runs: readonly NativeRun[], done: (result: NativeJobResult) => void): number {
    if (this.#closed) throw new SignalError("UNAVAILABLE", "the server is shutting down");
    const indexes = runs.map((run) => run.index);
    const tiles = runs.flatMap((run) => run.tiles);
    // Nearly always none.
    const statistics = runs.some((run) => run.statistics !== undefined)
      ? runs.map((run) => run.statistics)
      : [];
    const numbers = numbersOf(runs);
    const id = LANES.indexOf(lane);
    return this.#pool.submit(id, indexes, numbers, tiles, statistics, (result) => {
      this.#tell(done, result);
    });
  }

  /**
   * A method, so that a job under way holds its pool, which must not be collected
   * meanwhile if nobody else does. In a task of its own, because native code
   * reduces an error thrown into it to a warning.
   */
  #tell(done: (result: NativeJobResult) => void, result: RawJobResult): void {
    queueMicrotask(() => {
      done({
        ...result,
        status: statusOf(result.status) === "OK" ? "OK" : "CANCELLED",
        outcomes: result.outcomes.map(outcomeOf),
      });
    });
  }

  /** Makes a job as urgent as `lane`, if it is less so. */
  promote(id: number, lane: Lane): void {
    this.#pool.promote(id, LANES.indexOf(lane));
  }

  /** Ends a job: at once if it waits, within milliseconds if it runs. */
  cancel(id: number): void {
    this.#pool.cancel(id);
  }

  /** Jobs of a lane that have not started. */
  waiting(lane: Lane): number {
    return this.#pool.waiting(LANES.indexOf(lane));
  }

  /** Ends all jobs and joins the threads. */
  close(): void {
    this.#closed = true;
    this.#pool.close();
  }
}
