import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { TileRun } from "@mef3-cluster/contracts/tile-job";
import { mapBounded } from "./map-bounded";
import type { OpenChannel, OpenSegment } from "./mef3/open-channel";
import type { OpenSession } from "./mef3/open-session";
import { readFailure } from "./mef3/read-failure";
import type { DataSource } from "./native";
import type { SessionStore } from "./session-store";
import type { BorrowedFile, OpenFileCache } from "./sources/open-file-cache";

const FILES_OPENED_AT_ONCE = 64;

/** A run of tiles with the channel it is of. */
export interface ChannelRun {
  readonly channel: OpenChannel;
  readonly run: TileRun;
}

/** The data files of a job, held open until `release`. */
export interface OpenSources {
  /** Per run. A file that cannot be opened is left out: native code reports its blocks. */
  readonly sources: readonly (readonly DataSource[])[];
  readonly release: () => void;
}

/** A data file that a run needs. */
interface Need {
  readonly run: number;
  /** Position in the channel's index. */
  readonly position: number;
  readonly segment: OpenSegment;
}

/** Opens the data files that runs of tiles need. */
export class DataSources {
  constructor(
    private readonly store: SessionStore,
    private readonly files: OpenFileCache,
  ) {}

  /** @throws SignalError SESSION_CHANGED if a file was replaced since its index was read, OVERLOADED */
  async open(
    session: OpenSession,
    runs: readonly ChannelRun[],
    signal: AbortSignal,
  ): Promise<OpenSources> {
    const sources: DataSource[][] = runs.map(() => []);
    const borrowed: BorrowedFile[] = [];
    const release = (): void => {
      for (const file of borrowed) file.release();
    };
    const keep = ({ run, position, segment }: Need, file: BorrowedFile): void => {
      borrowed.push(file);
      const { fd, base } = file.file;
      sources[run]?.push({ segment: position, fd, base, size: segment.dataStamp.bytes });
    };
    // Nearly always every file is open already, and no promise is needed.
    const missing: Need[] = [];
    for (const need of needsOf(runs)) {
      const file = this.files.borrowNow(session.files, need.segment.dataFile);
      if (file !== undefined && isSame(file, need.segment)) keep(need, file);
      else missing.push(need);
      if (file !== undefined && !isSame(file, need.segment)) file.release();
    }
    try {
      const open = async (need: Need): Promise<void> => {
        const file = await this.#borrow(session, need.segment);
        if (file !== undefined) keep(need, file);
      };
      if (missing.length > 0) await mapBounded(missing, FILES_OPENED_AT_ONCE, open, signal);
      return { sources, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @returns undefined if the file cannot be opened */
  async #borrow(session: OpenSession, segment: OpenSegment): Promise<BorrowedFile | undefined> {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      let file: BorrowedFile;
      try {
        file = await this.files.borrow(session.files, segment.dataFile);
      } catch (error) {
        // Damage, not an error, unless it says nothing about the file.
        readFailure(error);
        return undefined;
      }
      if (isSame(file, segment)) return file;
      // The file kept open may be the one from before; look at what is there now.
      file.release();
      this.files.drop(session.files.root);
    }
    this.store.drop(session.files.root);
    throw new SignalError("SESSION_CHANGED", "the recording changed while it was read");
  }
}

/** Whether it is the file that the index was read for, however much it has grown. */
function isSame(file: BorrowedFile, segment: OpenSegment): boolean {
  const { stamp } = file.file;
  const { dataStamp } = segment;
  return stamp.inode === dataStamp.inode && stamp.createdMs === dataStamp.createdMs;
}

function needsOf(runs: readonly ChannelRun[]): Need[] {
  return runs.flatMap(({ channel, run }, i) => {
    const first = run.firstTile * run.slotsPerTile;
    const end = first + run.nTiles * run.slotsPerTile;
    const needs: Need[] = [];
    for (const [position, segment] of channel.segments.entries()) {
      if (segment === undefined || segment.firstSlot >= end || segment.endSlot <= first) continue;
      needs.push({ run: i, position, segment });
    }
    return needs;
  });
}
