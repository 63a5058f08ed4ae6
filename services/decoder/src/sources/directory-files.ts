import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import type { FolderEntry } from "../mef3/session-layout";
import type { FileContent, FileStamp, OpenFile, SessionFiles } from "./session-files";

/**
 * A session as a directory tree.
 *
 * Confinement: symbolic links are not followed, and after opening, the place the
 * kernel really opened is held against the root, so that a folder swapped for a
 * link in between gives an error, not somebody else's bytes.
 */
export class DirectoryFiles implements SessionFiles {
  /** @param root canonical path of the `.mefd` directory */
  constructor(readonly root: string) {}

  async list(folder: string): Promise<FolderEntry[]> {
    const entries = await readdir(this.#path(folder), { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  }

  async stamp(file: string): Promise<FileStamp> {
    const stats = await lstat(this.#path(file));
    if (!stats.isFile()) throw notARegularFile(file);
    return stampOf(stats);
  }

  async folderModifiedMs(folder: string): Promise<number> {
    return (await lstat(this.#path(folder))).mtimeMs;
  }

  async read(file: string, maxBytes: number): Promise<FileContent> {
    const handle = await this.#openRegular(file);
    try {
      const stats = await handle.stat();
      if (stats.size > maxBytes) throw new RangeError(`${file} is larger than ${maxBytes} bytes`);
      const bytes = Buffer.allocUnsafeSlow(stats.size);
      let length = 0;
      while (length < stats.size) {
        const { bytesRead } = await handle.read(bytes, length, stats.size - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return { bytes: bytes.subarray(0, length), stamp: stampOf(stats) };
    } finally {
      await handle.close();
    }
  }

  async open(file: string): Promise<OpenFile> {
    const handle = await this.#openRegular(file);
    try {
      const stamp = stampOf(await handle.stat());
      return { fd: handle.fd, base: 0, stamp, close: () => handle.close() };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #path(relative: string): string {
    const wanted = path.join(this.root, relative);
    const isInside = wanted === this.root || wanted.startsWith(`${this.root}${path.sep}`);
    if (!isInside) throw notARegularFile(relative);
    return wanted;
  }

  async #openRegular(file: string): Promise<FileHandle> {
    const wanted = this.#path(file);
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(wanted, flags);
    try {
      if (!(await handle.stat()).isFile()) throw notARegularFile(file);
      if (process.platform === "linux") {
        const opened = await readlink(`/proc/self/fd/${handle.fd}`);
        // A file deleted since it was opened is named "PATH (deleted)".
        if (opened !== wanted && opened !== `${wanted} (deleted)`) throw notARegularFile(file);
      }
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

function kindOf(entry: Dirent): FolderEntry["kind"] {
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : "other";
}

function stampOf(stats: Stats): FileStamp {
  return {
    bytes: stats.size,
    modifiedMs: stats.mtimeMs,
    inode: stats.ino,
    createdMs: stats.birthtimeMs,
  };
}

function notARegularFile(file: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${file} is not a regular file of the session`);
  error.code = "EINVAL";
  return error;
}
