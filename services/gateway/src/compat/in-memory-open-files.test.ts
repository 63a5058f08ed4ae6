import type { ClientIdentity } from "../calls/client-identity";
import { syntheticSession } from "../testing/synthetic-recording";
import { InMemoryOpenFiles } from "./in-memory-open-files";

const PATH = "/data/a.mefd";
const IDLE_MS = 1000;
const session = syntheticSession(PATH, [{ name: "A", fs: 1, startUutc: 0, nSlots: 1 }]);

let nowMs: number;
let released: string[];

beforeEach(() => {
  nowMs = 0;
  released = [];
});

function create(options: { maxLeases?: number; idleMs?: number } = {}): InMemoryOpenFiles {
  return new InMemoryOpenFiles({
    maxLeases: options.maxLeases ?? 100,
    idleMs: options.idleMs ?? IDLE_MS,
    now: () => nowMs,
    onUnused: ({ path }) => released.push(path),
  });
}

function client(id: string, host = "10.0.0.1"): ClientIdentity {
  return { host, id };
}

async function isOpen(files: InMemoryOpenFiles, who: ClientIdentity): Promise<boolean> {
  const use = await files.use(who, PATH);
  use?.done();
  return use !== undefined;
}

describe("InMemoryOpenFiles", () => {
  it("tells the first open of a client from the next ones", async () => {
    const files = create();
    expect(await files.open(client("a"), PATH, session)).toBe("opened");
    expect(await files.open(client("a"), PATH, session)).toBe("already-open");
    expect(await files.open(client("b"), PATH, session)).toBe("opened");
  });

  it("opens a file for its own host only", async () => {
    const files = create();
    await files.open(client("", "10.0.0.1"), PATH, session);
    expect(await isOpen(files, client("", "10.0.0.2"))).toBe(false);
    expect(await files.list(client("", "10.0.0.2"))).toEqual([]);
  });

  it("lets another client of the host share an open file without keeping it open", async () => {
    const files = create();
    await files.open(client("opener"), PATH, session);
    expect(await isOpen(files, client("worker"))).toBe(true);
    await files.close(client("opener"), PATH);
    expect(await isOpen(files, client("worker"))).toBe(false);
    expect(released).toEqual([PATH]);
  });

  it("keeps a file that one client shared and closed closed for it", async () => {
    const files = create();
    await files.open(client("opener"), PATH, session);
    await isOpen(files, client("worker"));
    await files.close(client("worker"), PATH);
    expect(await isOpen(files, client("worker"))).toBe(false);
    expect(await isOpen(files, client("opener"))).toBe(true);
    expect(await files.open(client("worker"), PATH, session)).toBe("opened");
  });

  it("releases a recording only when no alias of it is open, on any host", async () => {
    const files = create();
    await files.open(client("", "10.0.0.1"), PATH, session);
    await files.open(client("", "10.0.0.2"), "/data/./a.mefd", session);
    await files.close(client("", "10.0.0.1"), PATH);
    expect(released).toEqual([]);
    await files.close(client("", "10.0.0.2"), "/data/./a.mefd");
    expect(released).toEqual([PATH]);
  });

  it("ends a lease that is not used for longer than the idle time", async () => {
    const files = create();
    await files.open(client("a"), PATH, session);
    nowMs = IDLE_MS;
    expect(await isOpen(files, client("a"))).toBe(true);
    nowMs = 2 * IDLE_MS;
    expect(await isOpen(files, client("a"))).toBe(true);
    nowMs = 3 * IDLE_MS + 1;
    files.expireIdle();
    expect(released).toEqual([PATH]);
    expect(await isOpen(files, client("a"))).toBe(false);
  });

  it("never ends a lease while the file is being used", async () => {
    const files = create();
    await files.open(client("a"), PATH, session);
    const use = await files.use(client("a"), PATH);
    nowMs = 100 * IDLE_MS;
    files.expireIdle();
    expect(released).toEqual([]);
    use!.done();
    nowMs += IDLE_MS;
    expect(await isOpen(files, client("a"))).toBe(true);
  });

  it("renews the lease of the opener when another client shares its file", async () => {
    const files = create();
    await files.open(client("opener"), PATH, session);
    for (nowMs = 500; nowMs < 5000; nowMs += 500) await isOpen(files, client("worker"));
    expect(await isOpen(files, client("opener"))).toBe(true);
  });

  it("never ends idle leases when the idle time is 0", async () => {
    const files = create({ idleMs: 0 });
    await files.open(client("a"), PATH, session);
    nowMs = Number.MAX_SAFE_INTEGER;
    files.expireIdle();
    expect(await isOpen(files, client("a"))).toBe(true);
  });

  it("holds no more leases than allowed, and drops those that keep nothing open first", async () => {
    const files = create({ maxLeases: 2, idleMs: 0 });
    await files.open(client("a"), PATH, session);
    await isOpen(files, client("sharer"));
    expect(await files.open(client("b"), PATH, session)).toBe("opened");
    await expect(files.open(client("c"), PATH, session)).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    await files.close(client("b"), PATH);
    expect(await files.open(client("c"), PATH, session)).toBe("opened");
  });

  it("makes room by ending idle leases", async () => {
    const files = create({ maxLeases: 1 });
    await files.open(client("gone"), PATH, session);
    nowMs = IDLE_MS + 1;
    expect(await files.open(client("new"), PATH, session)).toBe("opened");
  });

  it("keeps settings per client and forgets them with the lease", async () => {
    const files = create();
    await files.open(client("a"), PATH, session);
    await files.open(client("b"), PATH, session);
    await files.change(client("a"), PATH, { segmentSeconds: 10 });
    await files.change(client("a"), PATH, { activeChannels: ["A"] });
    const settings = async (id: string): Promise<unknown> => {
      return (await files.use(client(id), PATH))?.settings;
    };
    expect(await settings("a")).toEqual({ segmentSeconds: 10, activeChannels: ["A"] });
    expect(await settings("b")).toEqual({ segmentSeconds: undefined, activeChannels: undefined });
    await files.close(client("a"), PATH);
    expect(await files.change(client("a"), PATH, { segmentSeconds: 5 })).toBe(false);
    await files.open(client("a"), PATH, session);
    expect(await settings("a")).toEqual({ segmentSeconds: undefined, activeChannels: undefined });
  });

  it("lists what a client could read", async () => {
    const files = create();
    await files.open(client("a"), PATH, session);
    await files.open(client("b"), "/data/b.mefd", session);
    expect(await files.list(client("a"))).toEqual([PATH, "/data/b.mefd"]);
    await files.open(client("b"), PATH, session);
    await files.close(client("a"), PATH);
    expect(await files.list(client("a"))).toEqual(["/data/b.mefd"]);
    expect(await files.list(client("b"))).toEqual([PATH, "/data/b.mefd"]);
  });
});
