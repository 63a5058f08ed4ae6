import { lstat } from "node:fs/promises";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { hasErrorCode } from "@mef3-cluster/runtime/error-code";
import { untilAborted } from "@mef3-cluster/runtime/until-aborted";
import type { ChannelState } from "./mef3/open-channel";
import { openSession, type OpenSession } from "./mef3/open-session";
import { mapBounded } from "./map-bounded";
import { DirectoryFiles } from "./sources/directory-files";
import type { RecordingPaths } from "./sources/recording-paths";

/** Files looked at at once when a session is checked for change. */
const STAMPS_AT_ONCE = 64;
/** The newest segments of a channel are where it grows; older ones are checked when they are read. */
const WATCHED_PER_CHANNEL = 3;

/** Chosen: more recordings than anybody pages through within `freshMs`. */
const MAX_RESOLVED_PATHS = 10_000;

/** Shared work belongs to nobody who could cancel it. */
const NEVER = new AbortController().signal;

export interface SessionStoreOptions {
  readonly paths: RecordingPaths;
  /** How long a session is trusted before its files are looked at again. */
  readonly freshMs: number;
  /** Budget for indexes; the least recently used sessions go first. */
  readonly maxIndexBytes: number;
  /** ms, monotonic. */
  readonly now: () => number;
}

interface Entry {
  session: OpenSession;
  checkedAt: number;
  checking: Promise<OpenSession> | undefined;
}

/**
 * Open sessions by canonical path: opens them once, keeps them while they fit
 * the budget, and notices when their files change or grow.
 */
export class SessionStore {
  /** Insertion order is order of use. */
  readonly #entries = new Map<string, Entry>();
  readonly #opening = new Map<string, Promise<OpenSession>>();
  /** What clients' paths came to, in order of resolution; trusted as long as sessions are. */
  readonly #resolved = new Map<string, { readonly root: string; readonly at: number }>();

  constructor(private readonly options: SessionStoreOptions) {}

  /**
   * The session at a path as clients name it, no older than `freshMs`.
   *
   * @throws SignalError SESSION_NOT_FOUND, SESSION_INVALID, PASSWORD_REQUIRED, OVERLOADED,
   *   CANCELLED
   */
  async open(clientPath: string, signal: AbortSignal): Promise<OpenSession> {
    const known = this.#resolved.get(clientPath);
    if (known !== undefined && this.options.now() - known.at < this.options.freshMs) {
      return untilAborted(this.#fresh(known.root), signal);
    }
    const at = this.options.now();
    const root = await untilAborted(this.options.paths.resolve(clientPath), signal);
    this.#remember(clientPath, { root, at });
    return untilAborted(this.#fresh(root), signal);
  }

  /** The session at a canonical path, opened again if it was given up meanwhile. */
  async reopen(canonicalPath: string, signal: AbortSignal): Promise<OpenSession> {
    const entry = this.#entries.get(canonicalPath);
    if (entry === undefined) return untilAborted(this.#fresh(canonicalPath), signal);
    this.#use(canonicalPath, entry);
    return entry.session;
  }

  /** The session as its files are now, however recently it was looked at. */
  async recheck(canonicalPath: string, signal: AbortSignal): Promise<OpenSession> {
    // A look that is under way may have passed what has changed since.
    const underWay = this.#entries.get(canonicalPath)?.checking ?? this.#opening.get(canonicalPath);
    if (underWay !== undefined) {
      const ended = underWay.then(
        () => undefined,
        () => undefined,
      );
      await untilAborted(ended, signal);
    }
    const entry = this.#entries.get(canonicalPath);
    if (entry !== undefined) entry.checkedAt = -Infinity;
    return untilAborted(this.#fresh(canonicalPath), signal);
  }

  drop(canonicalPath: string): void {
    this.#entries.delete(canonicalPath);
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const { session } of this.#entries.values()) bytes += session.memoryBytes;
    return bytes;
  }

  #remember(clientPath: string, resolved: { readonly root: string; readonly at: number }): void {
    this.#resolved.delete(clientPath);
    this.#resolved.set(clientPath, resolved);
    const [oldest] = this.#resolved.keys();
    if (this.#resolved.size > MAX_RESOLVED_PATHS && oldest !== undefined) {
      this.#resolved.delete(oldest);
    }
  }

  #use(root: string, entry: Entry): void {
    this.#entries.delete(root);
    this.#entries.set(root, entry);
  }

  async #fresh(root: string): Promise<OpenSession> {
    const entry = this.#entries.get(root);
    if (entry === undefined) return this.#openOnce(root, new Map());
    this.#use(root, entry);
    const age = this.options.now() - entry.checkedAt;
    if (age < this.options.freshMs / 2) return entry.session;
    // Looking early, in the background, spares readers the wait later.
    entry.checking ??= this.#check(root, entry).finally(() => {
      entry.checking = undefined;
    });
    if (age >= this.options.freshMs) return entry.checking;
    entry.checking.catch(() => {
      // Whoever needs the session after `freshMs` checks again and gets the error.
    });
    return entry.session;
  }

  async #check(root: string, entry: Entry): Promise<OpenSession> {
    const startedAt = this.options.now();
    if (!(await isUnchanged(entry.session))) {
      if (this.#entries.get(root) === entry) this.#entries.delete(root);
      const states = new Map<string, ChannelState>();
      for (const [name, channel] of entry.session.channels) states.set(name, channel.identity);
      return this.#openOnce(root, states);
    }
    entry.checkedAt = startedAt;
    return entry.session;
  }

  /** Concurrent openers share one opening, which no single caller's cancellation ends. */
  #openOnce(root: string, before: ReadonlyMap<string, ChannelState>): Promise<OpenSession> {
    const running = this.#opening.get(root);
    if (running !== undefined) return running;
    const opening = this.#open(root, before).finally(() => {
      this.#opening.delete(root);
    });
    this.#opening.set(root, opening);
    return opening;
  }

  async #open(root: string, before: ReadonlyMap<string, ChannelState>): Promise<OpenSession> {
    const startedAt = this.options.now();
    const session = await openExisting(root, before);
    this.#entries.set(root, { session, checkedAt: startedAt, checking: undefined });
    for (const [other, { session: old }] of this.#entries) {
      if (this.memoryBytes <= this.options.maxIndexBytes) break;
      if (old !== session) this.#entries.delete(other);
    }
    return session;
  }
}

async function openExisting(
  root: string,
  before: ReadonlyMap<string, ChannelState>,
): Promise<OpenSession> {
  try {
    if (!(await lstat(root)).isDirectory()) {
      throw new SignalError("SESSION_INVALID", "not a MEF 3.0 session: not a folder");
    }
    return await openSession(new DirectoryFiles(root), [], before, NEVER);
  } catch (error) {
    if (error instanceof SignalError) throw error;
    if (hasErrorCode(error, "ENOENT") || hasErrorCode(error, "EACCES")) {
      throw new SignalError("SESSION_NOT_FOUND", "no such recording", {}, { cause: error });
    }
    throw error;
  }
}

/** Looks at the folders and at the newest files of each channel. */
async function isUnchanged(session: OpenSession): Promise<boolean> {
  const checks: (() => Promise<boolean>)[] = [];
  for (const [folder, modifiedMs] of session.folders) {
    checks.push(async () => (await session.files.folderModifiedMs(folder)) === modifiedMs);
  }
  for (const channel of session.channels.values()) {
    for (const { file, stamp } of channel.watched.slice(-WATCHED_PER_CHANNEL)) {
      checks.push(async () => {
        const now = await session.files.stamp(file);
        return (
          now.bytes === stamp.bytes &&
          now.modifiedMs === stamp.modifiedMs &&
          now.inode === stamp.inode &&
          now.createdMs === stamp.createdMs
        );
      });
    }
  }
  try {
    const results = await mapBounded(checks, STAMPS_AT_ONCE, (check) => check(), NEVER);
    return results.every(Boolean);
  } catch (error) {
    // A file that is gone is a change; opening again says what became of it.
    if (error instanceof SignalError) throw error;
    return false;
  }
}
