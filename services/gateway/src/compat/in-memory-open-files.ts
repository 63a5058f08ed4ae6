import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import type { ClientIdentity } from "../calls/client-identity";
import type { OpenFiles, OpenFileSettings, OpenFileUse } from "./open-files";

export interface InMemoryOpenFilesOptions {
  /** Leases held at once, of all clients together. */
  readonly maxLeases: number;
  /** How long a lease lasts without use; 0 means forever. */
  readonly idleMs: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Called when nobody has a recording open any more. */
  readonly onUnused: (session: SessionDescription) => void;
}

/**
 * `opened` keeps the recording open; `shared` uses what another client of the
 * host opened; `closed` remembers that this client gave it up, so that it does
 * not go on sharing.
 */
type LeaseState = "opened" | "shared" | "closed";

interface Lease {
  readonly session: SessionDescription;
  state: LeaseState;
  settings: OpenFileSettings;
  lastUsedMs: number;
  uses: number;
}

/** The leases of one host for one path, by client id; at least one is `opened`. */
interface LeaseGroup {
  readonly host: string;
  readonly path: string;
  readonly leases: Map<string, Lease>;
}

const NO_SETTINGS: OpenFileSettings = { segmentSeconds: undefined, activeChannels: undefined };

/** Leases in the memory of this process: for one gateway that serves alone. */
export class InMemoryOpenFiles implements OpenFiles {
  readonly #options: InMemoryOpenFilesOptions;
  readonly #groups = new Map<string, LeaseGroup>();
  #leaseCount = 0;

  constructor(options: InMemoryOpenFilesOptions) {
    this.#options = options;
  }

  open(
    client: ClientIdentity,
    path: string,
    session: SessionDescription,
  ): Promise<"opened" | "already-open"> {
    return settle(() => {
      const own = this.#findGroup(client, path)?.leases.get(client.id);
      if (own?.state === "opened") {
        own.lastUsedMs = this.#options.now();
        return "already-open";
      }
      if (own === undefined) this.#makeRoom();
      const group = this.#findGroup(client, path) ?? this.#newGroup(client, path);
      this.#put(group, client.id, this.#newLease(session, "opened"));
      return "opened";
    });
  }

  use(client: ClientIdentity, path: string): Promise<OpenFileUse | undefined> {
    return settle(() => {
      const lease = this.#find(client, path);
      if (lease === undefined) return undefined;
      lease.uses += 1;
      let used = true;
      return {
        settings: lease.settings,
        done: () => {
          if (!used) return;
          used = false;
          lease.uses -= 1;
          lease.lastUsedMs = this.#options.now();
        },
      };
    });
  }

  change(
    client: ClientIdentity,
    path: string,
    changed: Partial<OpenFileSettings>,
  ): Promise<boolean> {
    return settle(() => {
      const lease = this.#find(client, path);
      if (lease === undefined) return false;
      lease.settings = { ...lease.settings, ...changed };
      return true;
    });
  }

  close(client: ClientIdentity, path: string): Promise<void> {
    return settle(() => {
      const group = this.#findGroup(client, path);
      if (group === undefined) return;
      const own = group.leases.get(client.id);
      const othersKeepIt = [...group.leases].some(
        ([id, lease]) => id !== client.id && lease.state === "opened",
      );
      if (!othersKeepIt) {
        this.#dropGroup(group);
      } else if (own !== undefined) {
        this.#put(group, client.id, this.#newLease(own.session, "closed"));
        if (own.state === "opened") this.#releaseIfUnused(own.session);
      }
    });
  }

  list(client: ClientIdentity): Promise<readonly string[]> {
    return settle(() => {
      this.expireIdle();
      return [...this.#groups.values()]
        .filter(({ host, leases }) => {
          return host === client.host && leases.get(client.id)?.state !== "closed";
        })
        .map(({ path }) => path);
    });
  }

  /** Ends leases that were not used for too long; to be called now and then. */
  expireIdle(): void {
    for (const group of [...this.#groups.values()]) this.#expireIdleIn(group);
  }

  #find(client: ClientIdentity, path: string): Lease | undefined {
    const group = this.#findGroup(client, path);
    if (group === undefined) return undefined;
    let own = group.leases.get(client.id);
    if (own?.state === "closed") return undefined;
    const [any] = group.leases.values();
    if (own === undefined && any !== undefined) {
      this.#makeRoom();
      own = this.#newLease(any.session, "shared");
      this.#put(group, client.id, own);
    }
    if (own !== undefined) this.#renew(group, own);
    return own;
  }

  /** Whoever shares keeps alive what it shares. */
  #renew(group: LeaseGroup, used: Lease): void {
    const now = this.#options.now();
    used.lastUsedMs = now;
    if (used.state !== "shared") return;
    for (const lease of group.leases.values()) {
      if (lease.state === "opened") lease.lastUsedMs = now;
    }
  }

  #findGroup(client: ClientIdentity, path: string): LeaseGroup | undefined {
    const key = groupKey(client, path);
    const group = this.#groups.get(key);
    if (group === undefined) return undefined;
    this.#expireIdleIn(group);
    return this.#groups.get(key);
  }

  #expireIdleIn(group: LeaseGroup): void {
    const { idleMs, now } = this.#options;
    if (idleMs === 0) return;
    const oldest = now() - idleMs;
    const inUse = [...group.leases.values()].some((lease) => lease.uses > 0);
    if (inUse) return;
    for (const [id, lease] of [...group.leases]) {
      if (lease.lastUsedMs >= oldest) continue;
      this.#remove(group, id);
      if (lease.state === "opened") this.#releaseIfUnused(lease.session);
    }
    if (![...group.leases.values()].some(isOpened)) this.#dropGroup(group);
  }

  #dropGroup(group: LeaseGroup): void {
    this.#groups.delete(groupKey(group, group.path));
    const opened = [...group.leases.values()].filter(isOpened);
    this.#leaseCount -= group.leases.size;
    group.leases.clear();
    for (const { session } of opened) this.#releaseIfUnused(session);
  }

  /** Paths may be aliases: what counts is whether anybody has the same recording open. */
  #releaseIfUnused(session: SessionDescription): void {
    for (const { leases } of this.#groups.values()) {
      for (const lease of leases.values()) {
        if (isOpened(lease) && lease.session.path === session.path) return;
      }
    }
    this.#options.onUnused(session);
  }

  /** Leases that keep nothing open give way first. */
  #makeRoom(): void {
    if (this.#leaseCount < this.#options.maxLeases) return;
    this.expireIdle();
    for (const group of this.#groups.values()) {
      if (this.#leaseCount < this.#options.maxLeases) return;
      const spare = [...group.leases].find(([, lease]) => !isOpened(lease) && lease.uses === 0);
      if (spare !== undefined) this.#remove(group, spare[0]);
    }
    if (this.#leaseCount < this.#options.maxLeases) return;
    const message = `${this.#leaseCount} recordings are open, which is the limit; close some first`;
    throw new SignalError("LIMIT_EXCEEDED", message);
  }

  #newGroup(client: ClientIdentity, path: string): LeaseGroup {
    const group: LeaseGroup = { host: client.host, path, leases: new Map() };
    this.#groups.set(groupKey(client, path), group);
    return group;
  }

  #newLease(session: SessionDescription, state: LeaseState): Lease {
    const lastUsedMs = this.#options.now();
    return { session, state, settings: NO_SETTINGS, lastUsedMs, uses: 0 };
  }

  #put(group: LeaseGroup, id: string, lease: Lease): void {
    if (!group.leases.has(id)) this.#leaseCount += 1;
    group.leases.set(id, lease);
  }

  #remove(group: LeaseGroup, id: string): void {
    if (group.leases.delete(id)) this.#leaseCount -= 1;
  }
}

function isOpened(lease: Lease): boolean {
  return lease.state === "opened";
}

function groupKey({ host }: { readonly host: string }, path: string): string {
  return JSON.stringify([host, path]);
}

/** The port is asynchronous because other implementations are; errors reject here, too. */
async function settle<T>(work: () => T): Promise<T> {
  return Promise.resolve(work());
}
