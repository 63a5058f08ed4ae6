import { realpath } from "node:fs/promises";
import path from "node:path";
import { SignalError } from "@mef3-cluster/contracts/signal-error";

const MAX_PATH_BYTES = 4096;

export interface RecordingRoots {
  /** Folders that recordings are served from; absolute. */
  readonly roots: readonly string[];
  /** Put before the paths clients name, if set. */
  readonly hostRoot?: string | undefined;
}

/**
 * Turns the paths clients name into canonical paths below the roots.
 *
 * Whatever is wrong with a path (not there, outside, unreadable, nonsense), the
 * answer is the same SESSION_NOT_FOUND, so that nothing can be learnt about what
 * lies outside.
 */
export class RecordingPaths {
  constructor(private readonly options: RecordingRoots) {}

  /** @throws SignalError SESSION_NOT_FOUND */
  async resolve(clientPath: string): Promise<string> {
    const { roots, hostRoot } = this.options;
    const bytes = Buffer.byteLength(clientPath);
    if (bytes === 0 || bytes > MAX_PATH_BYTES || clientPath.includes("\0")) throw notFound();
    if (!path.isAbsolute(clientPath)) throw notFound();
    const wanted = hostRoot === undefined ? clientPath : path.join(hostRoot, clientPath);
    const canonical = await realpathOrNothing(wanted);
    if (canonical === undefined) throw notFound();
    for (const root of roots) {
      const canonicalRoot = await realpathOrNothing(root);
      if (canonicalRoot !== undefined && isBelow(canonical, canonicalRoot)) return canonical;
    }
    throw notFound();
  }
}

function isBelow(candidate: string, root: string): boolean {
  const relative = path.relative(root, candidate);
  return relative !== "" && relative.split(path.sep)[0] !== ".." && !path.isAbsolute(relative);
}

async function realpathOrNothing(wanted: string): Promise<string | undefined> {
  try {
    return await realpath(wanted);
  } catch {
    // Why it cannot be resolved is exactly what a client must not learn.
    return undefined;
  }
}

function notFound(): SignalError {
  return new SignalError("SESSION_NOT_FOUND", "no such recording");
}
