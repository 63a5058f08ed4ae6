import type { Lane } from "@mef3-cluster/contracts/lane";
import type { ChannelDescription } from "@mef3-cluster/contracts/session-description";
import type { TileJob, TileRun } from "@mef3-cluster/contracts/tile-job";
import type { Tile } from "@mef3-cluster/tiles/tile";
import { DataSources } from "../data-sources";
import { type OpenSession, openSession } from "../mef3/open-session";
import { DecodePool, type NativeJobResult } from "../native";
import { SessionStore } from "../session-store";
import { DirectoryFiles } from "../sources/directory-files";
import { OpenFileCache } from "../sources/open-file-cache";
import { RecordingPaths } from "../sources/recording-paths";
import type { OpenFile, SessionFiles } from "../sources/session-files";
import { TileDecoder, type TileDecoding } from "../tile-decoder";

/** Never aborted. */
export const forever: AbortSignal = new AbortController().signal;

export interface DecoderPartsOptions {
  /** Opens sessions with these; the store itself knows no passwords. */
  readonly passwords?: readonly string[];
  /** 1 by default. */
  readonly threads?: number;
  /** 8 by default. */
  readonly maxIdleFiles?: number;
  /** Opens data files instead of the session's own `open`. */
  readonly open?: (files: SessionFiles, file: string) => Promise<OpenFile>;
}

/** A tile decoder and what it is made of, over the sessions in one folder. */
export interface DecoderParts {
  readonly store: SessionStore;
  readonly pool: DecodePool;
  readonly tiles: TileDecoder;
  /** What the observer was told. */
  readonly results: NativeJobResult[];
  readonly closeErrors: unknown[];
  /** Data files opened and not closed. */
  readonly nOpenFiles: () => number;
  readonly close: () => void;
}

export function decoderParts(root: string, options: DecoderPartsOptions = {}): DecoderParts {
  let nOpenFiles = 0;
  const counting = (files: SessionFiles): SessionFiles =>
    new WatchedFiles(files, options.open ?? openDataFile, (change) => {
      nOpenFiles += change;
    });
  const store = new StoreOfWatchedSessions(root, options.passwords ?? [], counting);
  const closeErrors: unknown[] = [];
  const results: NativeJobResult[] = [];
  const files = new OpenFileCache(options.maxIdleFiles ?? 8, (error) => closeErrors.push(error));
  const pool = new DecodePool(options.threads ?? 1, 1);
  const observer = { decoded: (result: NativeJobResult) => results.push(result) };
  return {
    store,
    pool,
    tiles: new TileDecoder(store, new DataSources(store, files), pool, observer, () =>
      performance.now(),
    ),
    results,
    closeErrors,
    nOpenFiles: () => nOpenFiles,
    close: () => {
      pool.close();
      files.close();
    },
  };
}

/** A job for consecutive tiles of one channel. */
export function tileJob(
  sessionPath: string,
  channel: Pick<ChannelDescription, "name" | "identity">,
  run: Pick<TileRun, "firstTile" | "nTiles" | "slotsPerTile">,
  kind: TileJob["kind"] = "f32",
): TileJob {
  const { name, identity } = channel;
  return { sessionPath, accessTag: "plain", kind, runs: [{ channel: name, identity, ...run }] };
}

/** Tiles of a job's only run. */
export async function onlyRun(decoding: TileDecoding): Promise<readonly Tile[]> {
  const [tiles = []] = await decoding.tiles;
  return tiles;
}

/** The samples of tiles one after the other. */
export function joinedSamples(tiles: readonly Tile[]): number[] {
  return tiles.flatMap((tile) => [...tile.samples]);
}

/** Whether two arrays hold the same bytes, NaN included. */
export function sameBytes(a: NodeJS.ArrayBufferView, b: NodeJS.ArrayBufferView): boolean {
  const bytes = (view: NodeJS.ArrayBufferView): Buffer =>
    Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(a).equals(bytes(b));
}

/** Decodes one run of a channel as its description names it. */
export async function decodeRun(
  parts: DecoderParts,
  sessionPath: string,
  channelName: string,
  run: Pick<TileRun, "firstTile" | "nTiles" | "slotsPerTile">,
  options: { readonly kind?: TileJob["kind"]; readonly lane?: Lane } = {},
): Promise<readonly Tile[]> {
  const session = await parts.store.open(sessionPath, forever);
  const channel = session.channels.get(channelName);
  if (channel === undefined) throw new Error(`no channel ${channelName}`);
  const job = tileJob(session.files.root, channel.description, run, options.kind);
  return onlyRun(parts.tiles.decode(job, options.lane ?? "interactive"));
}

/**
 * The store with its sessions' files watched. The first opening goes through
 * `openSession` with passwords, which the product's store does not give yet.
 */
class StoreOfWatchedSessions extends SessionStore {
  readonly #sessions = new Map<string, OpenSession>();

  constructor(
    root: string,
    private readonly passwords: readonly string[],
    private readonly watch: (files: SessionFiles) => SessionFiles,
  ) {
    super({
      paths: new RecordingPaths({ roots: [root] }),
      freshMs: 5000,
      maxIndexBytes: 1 << 30,
      now: () => performance.now(),
    });
  }

  override async open(clientPath: string, signal: AbortSignal): Promise<OpenSession> {
    const known = this.#sessions.get(clientPath);
    if (known !== undefined) return known;
    const files = this.watch(new DirectoryFiles(clientPath));
    const session = await openSession(files, this.passwords, new Map(), signal);
    this.#sessions.set(clientPath, session);
    return session;
  }

  override reopen(canonicalPath: string, signal: AbortSignal): Promise<OpenSession> {
    if (signal.aborted) return super.reopen(canonicalPath, signal);
    return this.open(canonicalPath, signal);
  }

  override drop(canonicalPath: string): void {
    this.#sessions.delete(canonicalPath);
  }
}

function openDataFile(files: SessionFiles, file: string): Promise<OpenFile> {
  return files.open(file);
}

/** Counts the files that are open. */
class WatchedFiles implements SessionFiles {
  readonly root: string;

  constructor(
    private readonly files: SessionFiles,
    private readonly openData: (files: SessionFiles, file: string) => Promise<OpenFile>,
    private readonly onChange: (change: 1 | -1) => void,
  ) {
    this.root = files.root;
  }

  list(folder: string): ReturnType<SessionFiles["list"]> {
    return this.files.list(folder);
  }

  stamp(file: string): ReturnType<SessionFiles["stamp"]> {
    return this.files.stamp(file);
  }

  folderModifiedMs(folder: string): Promise<number> {
    return this.files.folderModifiedMs(folder);
  }

  read(file: string, maxBytes: number): ReturnType<SessionFiles["read"]> {
    return this.files.read(file, maxBytes);
  }

  async open(file: string): Promise<OpenFile> {
    const opened = await this.openData(this.files, file);
    this.onChange(1);
    return {
      ...opened,
      close: async () => {
        await opened.close();
        this.onChange(-1);
      },
    };
  }
}
