import type { Lane } from "@mef3-cluster/contracts/lane";
import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { TileJob, TileRun } from "@mef3-cluster/contracts/tile-job";
import type { Tile } from "@mef3-cluster/tiles/tile";
import type { TileMaker, TileMaking } from "../tile-maker";
import { modelledTile } from "./modelled-recording";

type MadeTiles = readonly (readonly Tile[])[];

/** A job that was asked for, and what became of it. */
export class ScriptedJob implements TileMaking {
  readonly tiles: Promise<MadeTiles>;
  readonly promotions: Lane[] = [];
  state: "running" | "done" | "failed" | "cancelled" = "running";
  #resolve: (tiles: MadeTiles) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(
    readonly job: TileJob,
    readonly lane: Lane,
    private readonly make: (job: TileJob) => MadeTiles,
  ) {
    this.tiles = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The tiles it makes, as `channel/index`. */
  get names(): string[] {
    return this.job.runs.flatMap(namesOf);
  }

  /** Delivers what a decoder would: tiles of the model, or why there are none. */
  complete(): void {
    try {
      this.completeWith(this.make(this.job));
    } catch (error) {
      this.fail(error instanceof Error ? error : new TypeError(String(error)));
    }
  }

  completeWith(tiles: MadeTiles): void {
    if (this.state !== "running") return;
    this.state = "done";
    this.#resolve(tiles);
  }

  fail(error: Error): void {
    if (this.state !== "running") return;
    this.state = "failed";
    this.#reject(error);
  }

  promote(lane: Lane): void {
    this.promotions.push(lane);
  }

  /** As with threads, the end comes some time after the cancellation. */
  cancel(): void {
    if (this.state !== "running") return;
    this.state = "cancelled";
    setImmediate(() => {
      this.#reject(new SignalError("CANCELLED", "decoding was cancelled"));
    });
  }
}

/**
 * Makes tiles of a modelled session, at once or when told, and remembers what
 * was asked of it. Refuses runs that name another state of a channel, as a
 * decoder does.
 */
export class ScriptedTileMaker implements TileMaker {
  readonly jobs: ScriptedJob[] = [];

  constructor(
    /** The recording as it is now; replace it to let it grow or change. */
    public session: SessionDescription,
    private readonly pace: "at once" | "when told",
  ) {}

  decode(job: TileJob, lane: Lane): TileMaking {
    const scripted = new ScriptedJob(job, lane, (asked) => this.#make(asked));
    this.jobs.push(scripted);
    if (this.pace === "at once") scripted.complete();
    return scripted;
  }

  /** Jobs neither done nor failed nor cancelled. */
  get running(): ScriptedJob[] {
    return this.jobs.filter(({ state }) => state === "running");
  }

  /** Every tile asked for so far, as `channel/index`, in order. */
  get requested(): string[] {
    return this.jobs.flatMap(({ names }) => names);
  }

  completeAll(): void {
    for (const job of this.running) job.complete();
  }

  #make(job: TileJob): MadeTiles {
    return job.runs.map((run) => {
      const channel = this.session.channels.find(({ name }) => name === run.channel);
      const isSame =
        channel?.identity === run.identity &&
        channel.edgeIdentity === (run.edgeIdentity ?? channel.edgeIdentity);
      if (channel === undefined || !isSame) {
        throw new SignalError("SESSION_CHANGED", "the recording changed while it was read");
      }
      return indicesOf(run).map((index) =>
        modelledTile(channel, job.kind, run.slotsPerTile, index),
      );
    });
  }
}

/** Lets everything go on that waits for nothing outside the process. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Takes a step at every turn until the work has settled. */
export async function drive<T>(work: Promise<T>, step: () => void): Promise<T> {
  const progress = { isSettled: false };
  const settle = (): void => {
    progress.isSettled = true;
  };
  work.then(settle, settle);
  for (let turns = 0; turns < 20_000 && !progress.isSettled; turns += 1) {
    await turn();
    step();
  }
  return work;
}

function namesOf(run: TileRun): string[] {
  return indicesOf(run).map((index) => `${run.channel}/${index}`);
}

function indicesOf({ firstTile, nTiles }: TileRun): number[] {
  return Array.from({ length: nTiles }, (_, i) => firstTile + i);
}
