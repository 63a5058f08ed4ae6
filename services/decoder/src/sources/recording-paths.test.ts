import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { useTemporaryFolder } from "../testing/temporary-folder";
import { withoutPrivileges } from "../testing/without-privileges";
import { RecordingPaths, type RecordingRoots } from "./recording-paths";

const NOT_FOUND = { code: "SESSION_NOT_FOUND", message: "no such recording", context: {} };

const folder = useTemporaryFolder();
let root: string;
let outside: string;

beforeEach(async () => {
  root = path.join(folder.path, "data");
  outside = path.join(folder.path, "elsewhere");
  await mkdir(path.join(root, "study", "x.mefd"), { recursive: true });
  await mkdir(path.join(outside, "y.mefd"), { recursive: true });
});

function resolve(clientPath: string, options: Partial<RecordingRoots> = {}): Promise<string> {
  return new RecordingPaths({ roots: [root], ...options }).resolve(clientPath);
}

describe("RecordingPaths", () => {
  it("gives the canonical path of a recording below a root", async () => {
    const canonical = path.join(root, "study", "x.mefd");
    await expect(resolve(canonical)).resolves.toBe(canonical);
    await expect(resolve(`${root}//study/./x.mefd/`)).resolves.toBe(canonical);
    await expect(resolve(`${root}/study/../study/x.mefd`)).resolves.toBe(canonical);
  });

  it("gives one path to all names of a recording", async () => {
    await symlink(path.join(root, "study"), path.join(root, "alias"));
    const canonical = path.join(root, "study", "x.mefd");
    await expect(resolve(path.join(root, "alias", "x.mefd"))).resolves.toBe(canonical);
  });

  it("serves from each of several roots, also through a root that is a link itself", async () => {
    await symlink(root, path.join(folder.path, "link"));
    const roots = [path.join(folder.path, "missing"), path.join(folder.path, "link"), outside];
    const recordings = [path.join(root, "study", "x.mefd"), path.join(outside, "y.mefd")];
    for (const recording of recordings) {
      await expect(resolve(recording, { roots })).resolves.toBe(recording);
    }
    await expect(resolve(path.join(folder.path, "link/study/x.mefd"), { roots })).resolves.toBe(
      recordings[0],
    );
  });

  it("puts the host root before what the client names", async () => {
    const recording = path.join(root, "study", "x.mefd");
    await expect(resolve("/study/x.mefd", { hostRoot: root })).resolves.toBe(recording);
    await expect(resolve(recording, { hostRoot: root })).rejects.toMatchObject(NOT_FOUND);
  });

  it("takes a name that begins with two dots for a name", async () => {
    const recording = path.join(root, "..x.mefd");
    await mkdir(recording);
    await expect(resolve(recording)).resolves.toBe(recording);
  });

  it.each<[string, () => string]>([
    ["what is not there", () => path.join(root, "z.mefd")],
    ["the root itself", () => root],
    ["the root by another name", () => `${root}/study/..`],
    ["the folder above the root", () => folder.path],
    ["a recording outside", () => path.join(outside, "y.mefd")],
    ["a folder whose name starts like the root's", () => `${root}-other/x.mefd`],
    ["a way out by ..", () => `${root}/../elsewhere/y.mefd`],
    ["a way far out by ..", () => `${root}${"/..".repeat(100)}/etc`],
    ["a relative path", () => path.relative(process.cwd(), path.join(root, "study/x.mefd"))],
    ["a file URL", () => `file://${root}/study/x.mefd`],
    ["the empty path", () => ""],
    ["a NUL", () => `${root}/study/x.mefd\0`],
    ["a NUL in the middle", () => `${root}\0/study/x.mefd`],
    ["5000 characters", () => `${root}/${"a/".repeat(2500)}`],
    ["5000 characters that mean the recording", () => `${root}${"/.".repeat(2500)}/study/x.mefd`],
    ["a component of 300 characters", () => `${root}/${"a".repeat(300)}`],
    ["half a surrogate pair", () => `${root}/\ud800`],
    ["a path through a file", () => `${root}/file/x.mefd`],
    ["a link that leads to itself", () => `${root}/loop`],
    ["a link that leads nowhere", () => `${root}/dangling`],
    ["a link to a recording outside", () => `${root}/out.mefd`],
    ["a link to a folder outside", () => `${root}/out/y.mefd`],
    ["a link to the root", () => `${root}/self`],
  ])("answers %s as it answers what is not there", async (_case, clientPath) => {
    await writeFile(path.join(root, "file"), "");
    await mkdir(`${root}-other/x.mefd`, { recursive: true });
    await symlink(path.join(root, "loop"), path.join(root, "loop"));
    await symlink(path.join(root, "missing"), path.join(root, "dangling"));
    await symlink(path.join(outside, "y.mefd"), path.join(root, "out.mefd"));
    await symlink(outside, path.join(root, "out"));
    await symlink(root, path.join(root, "self"));
    await expect(resolve(clientPath())).rejects.toMatchObject(NOT_FOUND);
  });

  it.each([
    ["..", "/../elsewhere/y.mefd"],
    ["many ..", "/../../../../../../../../etc/passwd"],
    ["a link", "/out/y.mefd"],
  ])("does not leave the host root by %s", async (_case, clientPath) => {
    await symlink(outside, path.join(root, "out"));
    const error = resolve(clientPath, { hostRoot: root });
    await expect(error).rejects.toMatchObject(NOT_FOUND);
  });

  it("answers what it may not look into as it answers what is not there", async () => {
    await chmod(folder.path, 0o755);
    await chmod(path.join(root, "study"), 0);
    const error = withoutPrivileges(() => resolve(path.join(root, "study", "x.mefd")));
    await expect(error).rejects.toMatchObject(NOT_FOUND);
  });

  it("serves nothing without roots", async () => {
    const recording = path.join(root, "study", "x.mefd");
    await expect(resolve(recording, { roots: [] })).rejects.toMatchObject(NOT_FOUND);
  });
});
