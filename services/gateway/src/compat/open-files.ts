import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import type { ClientIdentity } from "../calls/client-identity";

/** What a client has set for a recording it has open. */
export interface OpenFileSettings {
  /** Length of the numbered segments; `undefined` until the client sets one. */
  readonly segmentSeconds: number | undefined;
  /** Rows of numbered segments, in the order served; `undefined` means all channels. */
  readonly activeChannels: readonly string[] | undefined;
}

/** An open recording that is being used; it does not expire before `done`. */
export interface OpenFileUse {
  readonly settings: OpenFileSettings;
  done(): void;
}

/**
 * Who has which recording open: leases per client and path as the client names
 * it. A lease that is not used for long enough ends by itself.
 *
 * A client that sent an id may also use what another client of the same host
 * has open, as tools that share one opened file do; that does not keep it open,
 * and ends when the client itself closes the file. Settings are each client's own.
 */
export interface OpenFiles {
  /**
   * Opens a recording for a client, or renews its lease.
   *
   * @throws SignalError LIMIT_EXCEEDED if as many as allowed are open
   */
  open(
    client: ClientIdentity,
    path: string,
    session: SessionDescription,
  ): Promise<"opened" | "already-open">;

  /**
   * Begins to use a recording, and renews its lease; `undefined` if it is not open.
   *
   * @throws SignalError LIMIT_EXCEEDED as `open`, where another client's open is shared
   */
  use(client: ClientIdentity, path: string): Promise<OpenFileUse | undefined>;

  /** Changes what is given and leaves the rest; false if the recording is not open. */
  change(
    client: ClientIdentity,
    path: string,
    changed: Partial<OpenFileSettings>,
  ): Promise<boolean>;

  /** Ends this client's own use, also where there is none. */
  close(client: ClientIdentity, path: string): Promise<void>;

  /** Paths that `use` would find open for this client. */
  list(client: ClientIdentity): Promise<readonly string[]>;
}
