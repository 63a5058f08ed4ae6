import type { OpenFile, SessionFiles } from "./session-files";

/** A file held open for a while; give it back with `release`. */
export interface BorrowedFile {
  readonly file: OpenFile;
  release(): void;
}

interface Entry {
  readonly opening: Promise<OpenFile>;
  /** Set once `opening` is fulfilled. */
  opened: OpenFile | undefined;
  users: number;
  /** Closed as soon as nobody uses it. */
  dropped: boolean;
}

/**
 * Keeps data files open between jobs: opening one costs more than reading a
 * window from it, above all on network storage.
 *
 * At most `maxIdle` files are open without being used; the least recently used
 * are closed first. Files in use are never closed.
 */
export class OpenFileCache {
  /** Insertion order is order of use. */
  readonly #entries = new Map<string, Entry>();
  #idle = 0;

  /** @param onCloseError told when closing a file failed; the file is gone either way */
  constructor(
    private readonly maxIdle: number,
    private readonly onCloseError: (error: unknown) => void,
  ) {}

  /** The file if it is open already. */
  borrowNow(files: SessionFiles, file: string): BorrowedFile | undefined {
    const key = keyOf(files, file);
    const entry = this.#entries.get(key);
    if (entry?.opened === undefined) return undefined;
    this.#use(key, entry);
    return this.#lend(key, entry, entry.opened);
  }

  /** @throws the operating system's error if the file cannot be opened */
  async borrow(files: SessionFiles, file: string): Promise<BorrowedFile> {
    const key = keyOf(files, file);
    const entry = this.#entries.get(key) ?? {
      opening: files.open(file),
      opened: undefined,
      users: 0,
      dropped: false,
    };
    this.#use(key, entry);
    try {
      entry.opened = await entry.opening;
      return this.#lend(key, entry, entry.opened);
    } catch (error) {
      entry.users -= 1;
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  /** Forgets the files of a session; those in use are closed once they are released. */
  drop(root: string): void {
    for (const [key, entry] of this.#entries) {
      if (key.startsWith(`${root}\0`)) this.#drop(key, entry);
    }
  }

  /** Closes what is not in use. */
  close(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** Counts a user, and the use. */
  #use(key: string, entry: Entry): void {
    if (entry.users === 0 && this.#entries.has(key)) this.#idle -= 1;
    entry.users += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #lend(key: string, entry: Entry, file: OpenFile): BorrowedFile {
    let released = false;
    return {
      file,
      release: () => {
        if (released) return;
        released = true;
        this.#release(key, entry);
      },
    };
  }

  #release(key: string, entry: Entry): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (entry.dropped) {
      this.#close(entry);
      return;
    }
    this.#idle += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const [idleKey, idle] of this.#entries) {
      if (this.#idle <= this.maxIdle) break;
      if (idle.users === 0) this.#drop(idleKey, idle);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    if (entry.users === 0) {
      this.#idle -= 1;
      this.#close(entry);
    } else {
      entry.dropped = true;
    }
  }

  #close(entry: Entry): void {
    entry.opening.then((file) => file.close()).catch(this.onCloseError);
  }
}

function keyOf(files: SessionFiles, file: string): string {
  return `${files.root}\0${file}`;
}
