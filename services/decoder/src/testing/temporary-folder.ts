import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** A folder of its own for each test of a file; removed afterwards. */
export interface TemporaryFolder {
  /** Canonical path of the running test's folder. */
  readonly path: string;
}

/** Registers the hooks; call it in a `describe` or at the top of a test file. */
export function useTemporaryFolder(): TemporaryFolder {
  const folder = { path: "" };
  beforeEach(async () => {
    folder.path = await realpath(await mkdtemp(path.join(tmpdir(), "decoder-")));
  });
  afterEach(async () => {
    await rm(folder.path, { recursive: true, force: true });
  });
  return folder;
}
