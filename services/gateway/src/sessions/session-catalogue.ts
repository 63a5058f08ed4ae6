import type { SessionDescription } from "@mef3-cluster/contracts/session-description";

/** Knows the recordings. */
export interface SessionCatalogue {
  /**
   * Describes the recording at a path as clients name it. Descriptions are
   * cached for a few seconds and then checked against the files, so call this
   * for every request.
   *
   * @throws SignalError SESSION_NOT_FOUND (also for paths outside the roots),
   *   SESSION_INVALID, PASSWORD_REQUIRED, CANCELLED
   */
  describe(clientPath: string, signal: AbortSignal): Promise<SessionDescription>;

  /** Drops what is held for a recording: its description, open files and tiles. */
  release(session: SessionDescription): void;
}
