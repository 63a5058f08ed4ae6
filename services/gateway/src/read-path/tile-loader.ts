import { LANES, type Lane } from "@mef3-cluster/contracts/lane";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { TileJob, TileRun } from "@mef3-cluster/contracts/tile-job";
import { untilAborted } from "@mef3-cluster/runtime/until-aborted";
import type { MemoryTileCache } from "@mef3-cluster/tiles/memory-tile-cache";
import type { Tile } from "@mef3-cluster/tiles/tile";
import { isSealed } from "@mef3-cluster/tiles/tile-key";
import { EMPTY_TILE, type TileNeed, type TileOrEmpty } from "./plan";
import type { TileMaker, TileMaking } from "./tile-maker";

/** Where tiles were found, for metrics. */
export const TILE_OUTCOMES = ["memory", "shared", "decoded", "empty"] as const;
export type TileOutcome = (typeof TILE_OUTCOMES)[number];

export interface TileLoaderOptions {
  readonly cache: MemoryTileCache;
  readonly maker: TileMaker;
  /**
   * Samples per job at most (at least one tile). Many channels in one job are
   * cheap to dispatch; several jobs can be cancelled and promoted one by one.
   */
  readonly samplesPerJob: number;
  /** Tiles that a read needs; those that are prefetched do not count. */
  readonly onTiles: (outcome: TileOutcome, n: number) => void;
}

/** Tiles being made, and how many readers wait for any of them. */
interface Job {
  readonly making: TileMaking;
  lane: Lane;
  waiting: number;
  readonly keys: readonly string[];
}

interface UnderWay {
  readonly job: Job;
  readonly tile: Promise<Tile>;
}

/**
 * Gets tiles: from memory, from a decode that is under way, or by starting one.
 * A tile is never decoded twice at the same time, and a decode goes on exactly
 * as long as somebody waits for it.
 */
export class TileLoader {
  readonly #underWay = new Map<string, UnderWay>();

  constructor(private readonly options: TileLoaderOptions) {}

  /** Tiles being made. */
  get nUnderWay(): number {
    return this.#underWay.size;
  }

  /** Whether `load` would have to start decoding for this tile. */
  isMissing(need: TileNeed): boolean {
    const { key, isEmpty } = need;
    return !isEmpty && !this.options.cache.hasNow(key) && !this.#underWay.has(key);
  }

  /**
   * @returns the tiles in the order of `needs`
   * @throws SignalError CANCELLED or DEADLINE_EXCEEDED by `signal`, and what the
   *   tile maker throws
   */
  async load(
    needs: readonly TileNeed[],
    lane: Lane,
    signal: AbortSignal,
  ): Promise<readonly TileOrEmpty[]> {
    const found = needs.map((need) => this.#findNow(need));
    const jobs = this.#joinOrStart(needs, found, lane);
    if (jobs.size === 0) return found.map(settled);
    const waits = found.map((tile) => Promise.resolve(isUnderWay(tile) ? tile.tile : tile));
    try {
      return (await untilAborted(Promise.all(waits), signal)).map(settled);
    } finally {
      for (const job of jobs) this.#leave(job);
    }
  }

  #findNow(need: TileNeed): TileOrEmpty | UnderWay | undefined {
    if (need.isEmpty) return EMPTY_TILE;
    return this.options.cache.getNow(need.key) ?? this.#underWay.get(need.key);
  }

  /** Fills the holes in `found` and registers interest; each job is counted once. */
  #joinOrStart(
    needs: readonly TileNeed[],
    found: (TileOrEmpty | UnderWay | undefined)[],
    lane: Lane,
  ): Set<Job> {
    const counts: Record<TileOutcome, number> = { memory: 0, shared: 0, decoded: 0, empty: 0 };
    // By key: a request may name a channel twice.
    const missing = new Map<string, TileNeed>();
    for (const [i, tile] of found.entries()) {
      const need = needs[i];
      if (tile === undefined && need !== undefined) missing.set(need.key, need);
      counts[outcomeOf(tile)] += 1;
    }
    for (const part of groupIntoJobs([...missing.values()], this.options.samplesPerJob))
      this.#start(part, lane);
    const jobs = new Set<Job>();
    for (const [i, need] of needs.entries()) {
      found[i] ??= this.#underWay.get(need.key);
      const tile = found[i];
      if (isUnderWay(tile)) jobs.add(tile.job);
    }
    for (const job of jobs) {
      job.waiting += 1;
      if (LANES.indexOf(lane) < LANES.indexOf(job.lane)) {
        job.lane = lane;
        job.making.promote(lane);
      }
    }
    for (const outcome of TILE_OUTCOMES) {
      // What is prefetched is not yet needed by anybody.
      if (lane !== "prefetch" && counts[outcome] > 0)
        this.options.onTiles(outcome, counts[outcome]);
    }
    return jobs;
  }

  #start(part: readonly TileNeed[], lane: Lane): void {
    const [first] = part;
    if (first === undefined) return;
    const runs = runsOf(part);
    const job: Job = {
      making: this.options.maker.decode(jobOf(first, runs), lane),
      lane,
      waiting: 0,
      keys: part.map((need) => need.key),
    };
    const flat = job.making.tiles.then((tiles) => {
      const made = tiles.flat();
      return part.map((_, i) => tileAt(made, i));
    });
    flat.then(
      (tiles) => {
        this.#keep(part, tiles);
        this.#forget(job);
      },
      () => {
        // Whoever waits gets the error; the next one to ask starts anew.
        this.#forget(job);
      },
    );
    for (const [i, need] of part.entries()) {
      const tile = flat.then((tiles) => tileAt(tiles, i));
      // Nobody may be waiting any more when it fails.
      tile.catch(() => undefined);
      this.#underWay.set(need.key, { job, tile });
    }
  }

  #keep(part: readonly TileNeed[], tiles: readonly Tile[]): void {
    for (const [i, need] of part.entries()) {
      const tile = tileAt(tiles, i);
      // A repaired file reads right at once if its damage is not remembered.
      if (tile.damage.length === 0) this.options.cache.putNow(need.key, tile);
    }
  }

  #leave(job: Job): void {
    job.waiting -= 1;
    if (job.waiting > 0) return;
    // Done, or nobody wants it any more. Forgotten first, so that nobody joins
    // what is being cancelled.
    this.#forget(job);
    job.making.cancel();
  }

  #forget(job: Job): void {
    for (const key of job.keys) {
      if (this.#underWay.get(key)?.job === job) this.#underWay.delete(key);
    }
  }
}

function isUnderWay(tile: TileOrEmpty | UnderWay | undefined): tile is UnderWay {
  return tile !== undefined && "job" in tile;
}

function outcomeOf(tile: TileOrEmpty | UnderWay | undefined): TileOutcome {
  if (tile === undefined) return "decoded";
  if (isUnderWay(tile)) return "shared";
  return tile.kind === "empty" ? "empty" : "memory";
}

function settled(tile: TileOrEmpty | UnderWay | undefined): TileOrEmpty {
  if (tile === undefined || isUnderWay(tile)) {
    throw new SignalError("INTERNAL", "a tile was neither found nor started");
  }
  return tile;
}

function tileAt(tiles: readonly Tile[], i: number): Tile {
  const tile = tiles[i];
  if (tile === undefined) throw new SignalError("INTERNAL", "a decoder made too few tiles");
  return tile;
}

/** Cuts the needs into jobs of about `samplesPerJob`; all are of one session and kind. */
function groupIntoJobs(missing: readonly TileNeed[], samplesPerJob: number): TileNeed[][] {
  const jobs: TileNeed[][] = [];
  let room = 0;
  for (const need of missing) {
    const job = room >= need.slotsPerTile ? jobs.at(-1) : undefined;
    if (job === undefined) {
      jobs.push([need]);
      room = samplesPerJob;
    } else {
      job.push(need);
    }
    room -= need.slotsPerTile;
  }
  return jobs;
}

function jobOf(need: TileNeed, runs: readonly TileRun[]): TileJob {
  const { path, accessTag } = need.session;
  return { sessionPath: path, accessTag, kind: need.kind, runs };
}

/** Joins neighbouring tiles of a channel, so that blocks on their edges are decoded once. */
function runsOf(part: readonly TileNeed[]): TileRun[] {
  const runs: { -readonly [K in keyof TileRun]: TileRun[K] }[] = [];
  for (const { channel, index, slotsPerTile } of part) {
    const { name, identity } = channel;
    let run = runs.at(-1);
    if (run?.channel === name && run.firstTile + run.nTiles === index) {
      run.nTiles += 1;
    } else {
      run = { channel: name, identity, slotsPerTile, firstTile: index, nTiles: 1 };
      runs.push(run);
    }
    if (!isSealed(channel, index, slotsPerTile)) run.edgeIdentity = channel.edgeIdentity;
  }
  return runs;
}
