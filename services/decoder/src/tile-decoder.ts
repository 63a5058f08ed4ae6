import { type Lane, LANES } from "@mef3-cluster/contracts/lane";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { TileJob, TileRun } from "@mef3-cluster/contracts/tile-job";
import type { Tile } from "@mef3-cluster/tiles/tile";
import type { DataSources } from "./data-sources";
import type { OpenChannel } from "./mef3/open-channel";
import type { OpenSession } from "./mef3/open-session";
import { decryptBlocks } from "./mef3/aes-ecb";
import type {
  DataSource,
  DecodePool,
  EncryptedBlock,
  NativeJobResult,
  NativeRun,
  NativeRunOutcome,
  PlainStatistics,
} from "./native";
import type { SessionStore } from "./session-store";

/**
 * Samples of one native task. Chosen: enough blocks to decode in lockstep, few
 * enough for the threads of a pool to share a job and to be cancelled soon.
 */
const SAMPLES_PER_TASK = 512 * 1024;

/** What decoding did, for metrics. */
export interface DecodeObserver {
  decoded(result: NativeJobResult, seconds: number): void;
}

/** A job under way. */
export interface TileDecoding {
  /**
   * Tiles per run, in order. Rejects with SignalError SESSION_CHANGED (describe
   * again and retry), SESSION_NOT_FOUND, SESSION_INVALID, OVERLOADED or CANCELLED.
   */
  readonly tiles: Promise<readonly (readonly Tile[])[]>;
  /** Makes the job as urgent as `lane`, if it is less so. */
  promote(lane: Lane): void;
  /** For when nobody wants the tiles any more. */
  cancel(): void;
}

/** Decodes tiles of sessions on the native pool. */
export class TileDecoder {
  constructor(
    private readonly store: SessionStore,
    private readonly sources: DataSources,
    private readonly pool: DecodePool,
    private readonly observer: DecodeObserver,
    private readonly now: () => number,
  ) {}

  decode(job: TileJob, lane: Lane): TileDecoding {
    const control = new JobControl(this.pool, lane);
    return {
      tiles: this.#run(job, control),
      promote: (wanted) => {
        control.promote(wanted);
      },
      cancel: () => {
        control.cancel();
      },
    };
  }

  async #run(job: TileJob, control: JobControl): Promise<readonly (readonly Tile[])[]> {
    const session = await this.store.reopen(job.sessionPath, control.signal);
    const channelRuns = job.runs.map((run) => ({ run, channel: channelOf(session, run) }));
    const { sources, release } = await this.sources.open(session, channelRuns, control.signal);
    try {
      const runs = channelRuns.map(({ run, channel }, i) =>
        nativeRun(job.kind, run, channel, itemAt(sources, i)),
      );
      const outcomes = await this.#decode(runs, control);
      const channels = channelRuns.map(({ channel }) => channel);
      const again = await this.#decodeEncrypted(runs, outcomes, channels, control);
      return runs.map((run, i) => tilesOf(run, itemAt(again, i)));
    } finally {
      release();
    }
  }

  /** Splits the runs into tasks and waits for all of them. */
  async #decode(
    runs: readonly NativeRun[],
    control: JobControl,
  ): Promise<readonly NativeRunOutcome[]> {
    const startedAt = this.now();
    const tasks = splitIntoTasks(runs);
    const results = await Promise.all(tasks.map((task) => control.submit(task)));
    const seconds = (this.now() - startedAt) / 1000;
    for (const result of results) this.observer.decoded(result, seconds);
    if (results.some((result) => result.status !== "OK")) {
      throw new SignalError("CANCELLED", "decoding was cancelled");
    }
    return results.flatMap((result) => result.outcomes);
  }

  /**
   * Decodes runs with encrypted blocks a second time, with their statistics in
   * plain. In two passes, so that no key and no cipher enters the native code;
   * hardly any writer encrypts blocks.
   */
  async #decodeEncrypted(
    runs: readonly NativeRun[],
    outcomes: readonly NativeRunOutcome[],
    channels: readonly OpenChannel[],
    control: JobControl,
  ): Promise<readonly NativeRunOutcome[]> {
    const merged = [...outcomes];
    for (const [i, outcome] of outcomes.entries()) {
      const statistics = plainStatistics(outcome.encrypted, itemAt(channels, i));
      if (statistics.length === 0) continue;
      const [again] = await this.#decode([{ ...itemAt(runs, i), statistics }], control);
      if (again !== undefined) merged[i] = again;
    }
    return merged;
  }
}

/** Lane and cancellation of a job whose tasks may not be submitted yet. */
class JobControl {
  readonly #abort = new AbortController();
  readonly #ids = new Set<number>();

  constructor(
    private readonly pool: DecodePool,
    private lane: Lane,
  ) {}

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  submit(runs: readonly NativeRun[]): Promise<NativeJobResult> {
    if (this.signal.aborted) throw new SignalError("CANCELLED", "decoding was cancelled");
    return new Promise((resolve) => {
      const id = this.pool.submit(this.lane, runs, (result) => {
        this.#ids.delete(id);
        resolve(result);
      });
      this.#ids.add(id);
    });
  }

  promote(lane: Lane): void {
    if (LANES.indexOf(lane) < LANES.indexOf(this.lane)) this.lane = lane;
    for (const id of this.#ids) this.pool.promote(id, lane);
  }

  cancel(): void {
    this.#abort.abort();
    for (const id of this.#ids) this.pool.cancel(id);
  }
}

function channelOf(session: OpenSession, run: TileRun): OpenChannel {
  const channel = session.channels.get(run.channel);
  const { identity, edgeIdentity } = channel?.description ?? {};
  const isSame = identity === run.identity && edgeIdentity === (run.edgeIdentity ?? edgeIdentity);
  if (channel === undefined || !isSame) {
    throw new SignalError("SESSION_CHANGED", "the recording changed while it was read", {
      channel: run.channel,
    });
  }
  return channel;
}

function nativeRun(
  kind: TileJob["kind"],
  run: TileRun,
  channel: OpenChannel,
  sources: readonly DataSource[],
): NativeRun {
  return {
    index: channel.index.handle,
    sources,
    kind,
    firstSlot: run.firstTile * run.slotsPerTile,
    slotsPerTile: run.slotsPerTile,
    tiles: Array.from({ length: run.nTiles }, () => unfilled(kind, run.slotsPerTile)),
  };
}

/**
 * An array whose memory is not cleared: decoding writes every slot, and clearing
 * first costs a sixth of a whole read (measured).
 */
function unfilled(kind: TileJob["kind"], length: number): Float32Array | Int32Array {
  const { buffer } = Buffer.allocUnsafeSlow(length * 4);
  return kind === "f32" ? new Float32Array(buffer) : new Int32Array(buffer);
}

function splitIntoTasks(runs: readonly NativeRun[]): NativeRun[][] {
  const tasks: NativeRun[][] = [];
  let room = 0;
  for (const run of runs) {
    const task = room > 0 ? tasks.at(-1) : undefined;
    if (task === undefined) {
      tasks.push([run]);
      room = SAMPLES_PER_TASK;
    } else {
      task.push(run);
    }
    room -= run.slotsPerTile * run.tiles.length;
  }
  return tasks;
}

function plainStatistics(
  encrypted: readonly EncryptedBlock[],
  channel: OpenChannel,
): PlainStatistics[] {
  return encrypted.flatMap(({ rank, level, ciphertext }) => {
    const key = keyOf(channel, level);
    return key === undefined ? [] : [{ rank, bytes: decryptBlocks(ciphertext, key) }];
  });
}

/** Segments without encrypted metadata or blocks have no keys; the others have the same ones. */
function keyOf(channel: OpenChannel, level: 1 | 2): Uint8Array | undefined {
  const name = `level${level}` as const;
  return channel.segments.find((segment) => segment?.keys[name] !== undefined)?.keys[name];
}

function tilesOf(run: NativeRun, outcome: NativeRunOutcome): Tile[] {
  return run.tiles.map((samples, i) => {
    const first = run.firstSlot + i * run.slotsPerTile;
    const end = first + run.slotsPerTile;
    const damage = within(outcome.damage, first, end);
    return samples instanceof Float32Array
      ? { kind: "f32", samples, damage }
      : { kind: "i32", samples, damage, factorRuns: within(outcome.factorRuns, first, end) };
  });
}

/** The parts of spans that lie in slots `[first, end)`. */
function within<T extends { readonly firstSlot: number; readonly nSlots: number }>(
  spans: readonly T[],
  first: number,
  end: number,
): T[] {
  return spans.flatMap((span) => {
    const from = Math.max(span.firstSlot, first);
    const to = Math.min(span.firstSlot + span.nSlots, end);
    return from < to ? [{ ...span, firstSlot: from, nSlots: to - from }] : [];
  });
}

function itemAt<T>(items: readonly T[], i: number): T {
  const item = items[i];
  if (item === undefined) throw new RangeError(`no item ${i}`);
  return item;
}
