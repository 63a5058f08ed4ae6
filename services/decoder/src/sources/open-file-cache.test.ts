import { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import { OpenFileCache } from "./open-file-cache";
import type { OpenFile, SessionFiles } from "./session-files";

/** Files of which it is known how often they were opened and closed. */
class FilesInMemory implements SessionFiles {
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  /** Rejects the next openings with it. */
  failure: Error | undefined;
  closeFailure: Error | undefined;

  constructor(readonly root = "/session") {}

  /** Opened and not closed. */
  get nOpen(): number {
    return this.opened.length - this.closed.length;
  }

  async open(file: string): Promise<OpenFile> {
    this.opened.push(file);
    const { failure } = this;
    await Promise.resolve();
    if (failure !== undefined) {
      this.opened.pop();
      throw failure;
    }
    return {
      fd: 1000 + this.opened.length,
      base: 0,
      stamp: { bytes: 0, modifiedMs: 0, inode: 0, createdMs: 0 },
      close: () => {
        this.closed.push(file);
        const { closeFailure } = this;
        return closeFailure === undefined ? Promise.resolve() : Promise.reject(closeFailure);
      },
    };
  }

  list = notUsed;
  stamp = notUsed;
  folderModifiedMs = notUsed;
  read = notUsed;
}

function notUsed(): never {
  throw new Error("only opens files");
}

/** Closing is not waited for by anybody; it needs nothing from outside, though. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

let errors: unknown[];
beforeEach(() => {
  errors = [];
});

function cacheOf(maxIdle: number): OpenFileCache {
  return new OpenFileCache(maxIdle, (error) => errors.push(error));
}

describe("OpenFileCache", () => {
  it("opens a file once for all who use it, at once or one after the other", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(2);
    const [a, b] = await Promise.all([cache.borrow(files, "f"), cache.borrow(files, "f")]);
    expect(a.file.fd).toBe(b.file.fd);
    a.release();
    b.release();
    (await cache.borrow(files, "f")).release();
    expect(files.opened).toEqual(["f"]);
  });

  it("tells files of one name in two sessions apart", async () => {
    const [one, two] = [new FilesInMemory("/one"), new FilesInMemory("/two")];
    const cache = cacheOf(2);
    (await cache.borrow(one, "f")).release();
    (await cache.borrow(two, "f")).release();
    expect([one.opened, two.opened]).toEqual([["f"], ["f"]]);
  });

  it("keeps at most `maxIdle` unused files open and closes the least recently used", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(2);
    for (const name of ["a", "b", "a", "c"]) (await cache.borrow(files, name)).release();
    await settle();
    expect(files.closed).toEqual(["b"]);
  });

  it("counts the release, not the borrowing, as the last use", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(1);
    const a = await cache.borrow(files, "a");
    const b = await cache.borrow(files, "b");
    b.release();
    a.release();
    await settle();
    expect(files.closed).toEqual(["b"]);
  });

  it("never closes a file in use, however many are", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(1);
    const names = ["a", "b", "c", "d"];
    const borrowed = await Promise.all(names.map((name) => cache.borrow(files, name)));
    await settle();
    expect(files.closed).toEqual([]);
    borrowed.forEach((file) => {
      file.release();
    });
    await settle();
    expect(files.closed).toEqual(["a", "b", "c"]);
  });

  it("closes a file at once when none may be idle", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(0);
    (await cache.borrow(files, "f")).release();
    await settle();
    expect(files.closed).toEqual(["f"]);
  });

  it("takes a second release of one borrowing for none", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(0);
    const first = await cache.borrow(files, "f");
    const second = await cache.borrow(files, "f");
    first.release();
    first.release();
    await settle();
    expect(files.closed).toEqual([]);
    second.release();
    await settle();
    expect(files.closed).toEqual(["f"]);
  });

  it("opens a dropped file anew and closes the old one once it is released", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(4);
    const old = await cache.borrow(files, "f");
    cache.drop("/session");
    await settle();
    expect(files.closed).toEqual([]);
    const fresh = await cache.borrow(files, "f");
    expect(fresh.file.fd).not.toBe(old.file.fd);
    old.release();
    await settle();
    expect(files.closed).toEqual(["f"]);
    fresh.release();
    await settle();
    expect(files.nOpen).toBe(1);
  });

  it("closes idle files of a dropped session at once, and no other session's", async () => {
    const [one, longer] = [new FilesInMemory("/one"), new FilesInMemory("/one/more")];
    const cache = cacheOf(4);
    (await cache.borrow(one, "f")).release();
    (await cache.borrow(longer, "f")).release();
    cache.drop("/one");
    await settle();
    expect([one.closed, longer.closed]).toEqual([["f"], []]);
  });

  it("closes a file that was dropped while it was being opened", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(4);
    const borrowing = cache.borrow(files, "f");
    cache.drop("/session");
    const borrowed = await borrowing;
    await settle();
    expect(files.closed).toEqual([]);
    borrowed.release();
    await settle();
    expect(files.closed).toEqual(["f"]);
  });

  it("fails all who wait for an opening that fails, and tries again for the next", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(1);
    files.failure = new Error("EMFILE");
    const outcomes = await Promise.allSettled([cache.borrow(files, "f"), cache.borrow(files, "f")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    files.failure = undefined;
    (await cache.borrow(files, "f")).release();
    (await cache.borrow(files, "g")).release();
    await settle();
    expect(files.closed).toEqual(["f"]);
    expect(errors).toEqual([]);
  });

  it("does not let a failed opening disturb the one that follows a drop", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(1);
    files.failure = new Error("EIO");
    const failing = cache.borrow(files, "f");
    files.failure = undefined;
    cache.drop("/session");
    const borrowed = await cache.borrow(files, "f");
    await expect(failing).rejects.toThrow("EIO");
    (await cache.borrow(files, "f")).release();
    borrowed.release();
    expect(files.opened).toEqual(["f"]);
  });

  it("closes idle files when it is closed, and those in use on release", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(4);
    (await cache.borrow(files, "idle")).release();
    const used = await cache.borrow(files, "used");
    cache.close();
    await settle();
    expect(files.closed).toEqual(["idle"]);
    used.release();
    await settle();
    expect(files.closed).toEqual(["idle", "used"]);
  });

  it("reports a file that fails to close, and goes on", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(0);
    files.closeFailure = new Error("EIO");
    (await cache.borrow(files, "f")).release();
    await settle();
    expect(errors).toEqual([files.closeFailure]);
    (await cache.borrow(files, "f")).release();
    await settle();
    expect(files.opened).toEqual(["f", "f"]);
  });

  it("lends a file without waiting if it is open already, and only then", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(1);
    expect(cache.borrowNow(files, "f")).toBeUndefined();
    const opening = cache.borrow(files, "f");
    expect(cache.borrowNow(files, "f")).toBeUndefined();
    const first = await opening;
    const second = cache.borrowNow(files, "f");
    expect(second?.file).toBe(first.file);
    expect(files.opened).toEqual(["f"]);
  });

  it("counts a file lent without waiting as in use, once", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(0);
    const first = await cache.borrow(files, "f");
    const second = cache.borrowNow(files, "f");
    first.release();
    await settle();
    expect(files.closed).toEqual([]);
    second?.release();
    second?.release();
    await settle();
    expect(files.closed).toEqual(["f"]);
    expect(cache.borrowNow(files, "f")).toBeUndefined();
  });

  it("counts lending an idle file as its last use", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(2);
    for (const name of ["a", "b"]) (await cache.borrow(files, name)).release();
    cache.borrowNow(files, "a")?.release();
    (await cache.borrow(files, "c")).release();
    await settle();
    expect(files.closed).toEqual(["b"]);
  });

  it("keeps to its limit over any sequence of borrowing, releasing and dropping", async () => {
    const files = new FilesInMemory();
    const cache = cacheOf(3);
    const borrowed: { readonly release: () => void }[] = [];
    const random = new SeededRandom(7);
    for (let step = 0; step < 3000; step += 1) {
      const choice = random.below(10);
      if (choice < 3) borrowed.push(await cache.borrow(files, `f${random.below(8)}`));
      else if (choice < 5)
        borrowed.push(...[cache.borrowNow(files, `f${random.below(8)}`) ?? []].flat());
      else if (choice < 9) borrowed.splice(random.below(borrowed.length + 1), 1)[0]?.release();
      else cache.drop("/session");
      await settle();
      expect(files.nOpen).toBeLessThanOrEqual(borrowed.length + 3);
    }
    borrowed.forEach((file) => {
      file.release();
    });
    cache.close();
    await settle();
    expect(files.nOpen).toBe(0);
  });
});
