import { execFile } from "node:child_process";
import { close, constants, fstat, open as openFd } from "node:fs";
import {
  appendFile,
  mkdir,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { untilFileClockTicks } from "../testing/file-clock";
import { useTemporaryFolder } from "../testing/temporary-folder";
import { DirectoryFiles } from "./directory-files";

const folder = useTemporaryFolder();
let root: string;
let outside: string;
let files: DirectoryFiles;

beforeEach(async () => {
  root = path.join(folder.path, "x.mefd");
  outside = path.join(folder.path, "outside");
  await mkdir(path.join(root, "A.timd"), { recursive: true });
  await mkdir(outside);
  await writeFile(path.join(root, "A.timd", "f"), "inside");
  await writeFile(path.join(outside, "f"), "outside");
  files = new DirectoryFiles(root);
});

function text({ bytes }: { readonly bytes: Uint8Array }): string {
  return Buffer.from(bytes).toString();
}

async function contentOf(fd: number): Promise<{ size: number }> {
  return promisify(fstat)(fd);
}

describe("DirectoryFiles", () => {
  it("lists what a folder holds and of which kind it is", async () => {
    await symlink(outside, path.join(root, "link.timd"));
    await promisify(execFile)("mkfifo", [path.join(root, "pipe")]);
    await writeFile(path.join(root, "._x"), "");
    const entries = await files.list("");
    expect(new Map(entries.map(({ name, kind }) => [name, kind]))).toEqual(
      new Map([
        ["A.timd", "folder"],
        ["link.timd", "other"],
        ["pipe", "other"],
        ["._x", "file"],
      ]),
    );
  });

  it("reads a file with the stamp it had", async () => {
    const content = await files.read("A.timd/f", 6);
    const stats = await stat(path.join(root, "A.timd", "f"));
    expect(text(content)).toBe("inside");
    expect(content.stamp).toEqual({
      bytes: 6,
      modifiedMs: stats.mtimeMs,
      inode: stats.ino,
      createdMs: stats.birthtimeMs,
    });
    await expect(files.stamp("A.timd/f")).resolves.toEqual(content.stamp);
  });

  it("reads an empty file, and one of several megabytes whole", async () => {
    await writeFile(path.join(root, "empty"), "");
    const large = Buffer.alloc(5_000_000, "0123456789");
    await writeFile(path.join(root, "large"), large);
    expect(text(await files.read("empty", 10))).toBe("");
    expect(large.equals((await files.read("large", large.length)).bytes)).toBe(true);
  });

  it("refuses a file that is larger than it may be, before it reads it", async () => {
    await expect(files.read("A.timd/f", 5)).rejects.toThrow(RangeError);
  });

  it("opens a file from its first byte on and closes it when asked", async () => {
    const opened = await files.open("A.timd/f");
    expect(opened).toMatchObject({ base: 0, stamp: { bytes: 6 } });
    await expect(contentOf(opened.fd)).resolves.toMatchObject({ size: 6 });
    await opened.close();
    await expect(contentOf(opened.fd)).rejects.toMatchObject({ code: "EBADF" });
  });

  it("says when a folder's entries last changed", async () => {
    await utimes(path.join(root, "A.timd"), 1000, 1000);
    await expect(files.folderModifiedMs("A.timd")).resolves.toBe(1_000_000);
    await writeFile(path.join(root, "A.timd", "g"), "");
    await expect(files.folderModifiedMs("A.timd")).resolves.toBeGreaterThan(1_000_000);
  });

  it("tells a file from the one before it, though both have one inode", async () => {
    const before = await files.stamp("A.timd/f");
    await untilFileClockTicks(folder.path);
    await rm(path.join(root, "A.timd", "f"));
    await writeFile(path.join(root, "A.timd", "f"), "inside");
    await utimes(path.join(root, "A.timd", "f"), 1000, 1000);
    const { inode, createdMs } = await files.stamp("A.timd/f");
    expect([inode, createdMs]).not.toEqual([before.inode, before.createdMs]);
  });

  it("keeps giving the file it opened after that is deleted", async () => {
    const opened = await files.open("A.timd/f");
    await unlink(path.join(root, "A.timd", "f"));
    await expect(contentOf(opened.fd)).resolves.toMatchObject({ size: 6 });
    await opened.close();
  });

  it.each([
    ["a missing file", "A.timd/missing", "ENOENT"],
    ["a missing folder", "B.timd/f", "ENOENT"],
    ["a path through a file", "A.timd/f/g", "ENOTDIR"],
    ["a folder", "A.timd", "EINVAL"],
    ["a name of 300 characters", "a".repeat(300), "ENAMETOOLONG"],
  ])("throws the system's error for %s", async (_case, file, code) => {
    await expect(files.read(file, 100)).rejects.toMatchObject({ code });
    await expect(files.open(file)).rejects.toMatchObject({ code });
    await expect(files.stamp(file)).rejects.toMatchObject({ code });
  });

  it.each([
    ["a link to a file outside", () => symlink(path.join(outside, "f"), path.join(root, "link"))],
    ["a link to a file inside", () => symlink("A.timd/f", path.join(root, "link"))],
    ["a link that leads nowhere", () => symlink("missing", path.join(root, "link"))],
    ["a link to a device", () => symlink("/dev/zero", path.join(root, "link"))],
  ])("does not follow %s", async (_case, make) => {
    await make();
    await expect(files.read("link", 100)).rejects.toMatchObject({ code: "ELOOP" });
    await expect(files.open("link")).rejects.toMatchObject({ code: "ELOOP" });
    await expect(files.stamp("link")).rejects.toMatchObject({ code: "EINVAL" });
  });

  it.each([
    ["outside", () => outside],
    ["inside", () => path.join(root, "A.timd")],
  ])("gives no byte through a folder that is a link to one %s", async (_case, target) => {
    await symlink(target(), path.join(root, "B.timd"));
    await expect(files.read("B.timd/f", 100)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(files.open("B.timd/f")).rejects.toMatchObject({ code: "EINVAL" });
  });

  it.each(["../outside/f", "A.timd/../../outside/f", "../x.mefd-other/f"])(
    "reaches nothing outside by %s",
    async (file) => {
      await mkdir(`${root}-other`);
      await writeFile(`${root}-other/f`, "outside");
      await expect(files.read(file, 100)).rejects.toMatchObject({ code: "EINVAL" });
      await expect(files.open(file)).rejects.toMatchObject({ code: "EINVAL" });
      await expect(files.stamp(file)).rejects.toMatchObject({ code: "EINVAL" });
      await expect(files.list(path.dirname(file))).rejects.toMatchObject({ code: "EINVAL" });
    },
  );

  it("gives no byte when the root itself became a link", async () => {
    await rename(root, path.join(folder.path, "moved"));
    await symlink(path.join(folder.path, "moved"), root);
    await expect(files.read("A.timd/f", 100)).rejects.toMatchObject({ code: "EINVAL" });
  });

  it("refuses a FIFO at once though nobody writes to it", async () => {
    await promisify(execFile)("mkfifo", [path.join(root, "pipe")]);
    await expect(files.read("pipe", 100)).rejects.toMatchObject({ code: "EINVAL" });
    await expect(files.open("pipe")).rejects.toMatchObject({ code: "EINVAL" });
    await expect(files.stamp("pipe")).rejects.toMatchObject({ code: "EINVAL" });
  });

  it("refuses a socket", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path.join(root, "socket"), resolve));
    await expect(files.read("socket", 100)).rejects.toMatchObject({ code: "ENXIO" });
    await expect(files.stamp("socket")).rejects.toMatchObject({ code: "EINVAL" });
    await new Promise((resolve) => server.close(resolve));
  });

  it("leaves no file open after a refusal", async () => {
    await symlink(outside, path.join(root, "B.timd"));
    const lowestFree = async (): Promise<number> => {
      const fd = await promisify(openFd)(root, constants.O_RDONLY);
      await promisify(close)(fd);
      return fd;
    };
    const before = await lowestFree();
    for (const file of ["B.timd/f", "A.timd", "A.timd/f"]) {
      await expect(files.read(file, 1)).rejects.toThrow();
    }
    for (const file of ["B.timd/f", "A.timd"]) await expect(files.open(file)).rejects.toThrow();
    await expect(lowestFree()).resolves.toBe(before);
  });

  it("never gives a byte from outside while a folder is swapped for a link and back", async () => {
    const [inside, hidden, link] = ["A.timd", "hidden", "link"].map((name) =>
      path.join(root, name),
    ) as [string, string, string];
    await symlink(outside, link);
    const seen = new Set<string>();
    let isReading = true;
    const swap = async (): Promise<void> => {
      while (isReading) {
        await rename(inside, hidden);
        await rename(link, inside);
        await rename(inside, link);
        await rename(hidden, inside);
      }
    };
    const read = async (): Promise<void> => {
      for (let i = 0; i < 1500; i += 1) {
        seen.add(await files.read("A.timd/f", 100).then(text, (error: unknown) => codeOf(error)));
      }
    };
    const swapping = swap();
    await Promise.all([read(), read()]);
    isReading = false;
    await swapping;
    expect(seen).toContain("inside");
    expect(seen).not.toContain("outside");
  });

  it("gives whole bytes of a file that grows while it is read, up to the stamped size", async () => {
    const file = path.join(root, "growing");
    await writeFile(file, "");
    const growing = (async () => {
      for (let i = 0; i < 300; i += 1) await appendFile(file, "0123456789");
    })();
    for (let i = 0; i < 300; i += 1) {
      const { bytes, stamp } = await files.read("growing", 1 << 20);
      expect(bytes.length).toBe(stamp.bytes);
      expect(text({ bytes }).replaceAll("0123456789", "")).toBe("");
    }
    await growing;
  });

  it("says that a session is gone", async () => {
    await rm(root, { recursive: true });
    await expect(files.list("")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(files.folderModifiedMs("")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "?";
}
