import type { FolderEntry } from "../mef3/session-layout";

/** What tells whether a file is still the one that was read. */
export interface FileStamp {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly inode: number;
  /** Tells a file from an earlier one of the same inode; 0 where the file system does not say. */
  readonly createdMs: number;
}

/** A file's bytes, and what it was when they were read. */
export interface FileContent {
  readonly bytes: Uint8Array;
  readonly stamp: FileStamp;
}

/** An open file, or a range of one. */
export interface OpenFile {
  readonly fd: number;
  /** First byte of the range. */
  readonly base: number;
  readonly stamp: FileStamp;
  close(): Promise<void>;
}

/**
 * The files of one session, wherever they lie. Paths are relative to the
 * session's root; nothing outside it can be reached.
 *
 * Every method throws the operating system's error (`code` ENOENT, EACCES, …)
 * when there is no such regular file or folder.
 */
export interface SessionFiles {
  /** Canonical path of the session's root. */
  readonly root: string;
  list(folder: string): Promise<FolderEntry[]>;
  stamp(file: string): Promise<FileStamp>;
  /** When a folder's entries last changed, ms since 1970. */
  folderModifiedMs(folder: string): Promise<number>;
  /** @throws RangeError if the file is larger than `maxBytes` */
  read(file: string, maxBytes: number): Promise<FileContent>;
  open(file: string): Promise<OpenFile>;
}
