import { chmod, mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { DirectoryFiles } from "../sources/directory-files";
import { forever } from "../testing/decoder-parts";
import {
  resealFile,
  segmentFile,
  segmentFolder,
  type Tamper,
  writeChannelFiles,
} from "../testing/recording-files";
import type { ChannelSpec } from "../testing/recording-spec";
import { smallChannel, smallSegment, START_UUTC } from "../testing/small-recording";
import { useTemporaryFolder } from "../testing/temporary-folder";
import { withoutPrivileges } from "../testing/without-privileges";
import { openSession, type OpenSession } from "./open-session";

const folder = useTemporaryFolder();

function write(channel: ChannelSpec, tamper?: Tamper): Promise<void> {
  return writeChannelFiles(folder.path, channel, undefined, tamper);
}

function open(): Promise<OpenSession> {
  return openSession(new DirectoryFiles(folder.path), [], new Map(), forever);
}

function at(...parts: readonly string[]): string {
  return path.join(folder.path, ...parts);
}

/** Three segments of 400 samples; the middle one has a gap of 100 slots on both sides. */
function threeSegments(name = "A"): ChannelSpec {
  return smallChannel(
    [smallSegment(0), smallSegment(1, { firstSlot: 500 }), smallSegment(2, { firstSlot: 1000 })],
    name,
  );
}

describe("openSession", () => {
  it("describes what blocks hold", async () => {
    await write(threeSegments());
    const { description } = await open();
    expect(description).toMatchObject({
      path: folder.path,
      accessTag: "plain",
      timeBase: "ABSOLUTE",
      startUutc: START_UUTC,
      endUutc: START_UUTC + 1_400_000,
      warnings: [],
      channels: [
        {
          name: "A",
          samplingRate: 1000,
          startUutc: START_UUTC,
          endUutc: START_UUTC + 1_400_000,
          nSlots: 1400,
          nSamples: 1200,
          nOverlapped: 0,
          unit: "uV",
          unitsConversionFactor: 0.5,
          sealedSlots: 1300,
          coverage: [
            { firstSlot: 0, nSlots: 400 },
            { firstSlot: 500, nSlots: 400 },
            { firstSlot: 1000, nSlots: 400 },
          ],
          damage: [],
        },
      ],
    });
  });

  it("spans from the earliest start of a channel to the latest end", async () => {
    await write(smallChannel([smallSegment(0, { firstSlot: 300 })], "late"));
    await write(smallChannel([smallSegment(0, { nBlocks: 1 })], "short"));
    const { description } = await open();
    expect(description).toMatchObject({
      startUutc: START_UUTC,
      endUutc: START_UUTC + 700_000,
      channels: [{ name: "late", nSlots: 400 }, { name: "short" }],
    });
  });

  it.each(["EEG.A1-ref", "B-000001", " Fp 1 ", "Größe 脳 🧠", "a.timd", "%2e%2e", "'\"`$(x)"])(
    "takes the channel's name from its folder: %s",
    async (name) => {
      await write(smallChannel([smallSegment(0)], name));
      const { channels, description } = await open();
      expect([...channels.keys()]).toEqual([name]);
      expect(description.channels.map((channel) => channel.name)).toEqual([name]);
    },
  );

  it("sorts channels by code point", async () => {
    const names = ["b", "\u{1f9e0}", "B", "\uff21", "a10", "a2"];
    for (const name of names) await write(smallChannel([smallSegment(0)], name));
    const { channels } = await open();
    expect([...channels.keys()]).toEqual(["B", "a10", "a2", "b", "\uff21", "\u{1f9e0}"]);
  });

  it("ignores what does not belong to a session", async () => {
    await write(smallChannel());
    await mkdir(at("._A.timd"));
    await mkdir(at("V.vidd"));
    await mkdir(at("A.timd", "A-0000000001.segd"));
    await mkdir(at("A.timd", "B-000001.segd"));
    await mkdir(at("A.timd", "._A-000001.segd"));
    await writeFile(at("A.timd", "A-000002.segd"), "a file");
    await writeFile(at("A.timd", "A.rdat"), "");
    await writeFile(at(".DS_Store"), "");
    const { description } = await open();
    expect(description.warnings).toEqual([]);
    expect(description.channels).toHaveLength(1);
    expect(description.channels[0]).toMatchObject({ nSamples: 400, damage: [] });
  });

  it("does not mind holes in the segment numbers", async () => {
    const segments = [3, 17, 999_999].map((number, i) =>
      smallSegment(number, { firstSlot: i * 400 }),
    );
    await write(smallChannel(segments));
    const { description } = await open();
    expect(description.warnings).toEqual([]);
    expect(description.channels[0]!.coverage).toEqual([{ firstSlot: 0, nSlots: 1200 }]);
  });

  it.each([
    // Without metadata nobody knows its start and end: it is lost between its neighbours.
    ["tmet", [400, 600]],
    ["tidx", [500, 400]],
    ["tdat", [500, 400]],
  ] as const)("calls a segment without its .%s damage", async (extension, [first, n]) => {
    await write(threeSegments());
    await rm(at(segmentFile("A", 1, extension)));
    const { description } = await open();
    expect(description.warnings).toEqual(["channel A, segment 1: cannot be read: ENOENT"]);
    expect(description.channels[0]).toMatchObject({
      nSlots: 1400,
      nSamples: 800,
      coverage: [
        { firstSlot: 0, nSlots: 400 },
        { firstSlot: 1000, nSlots: 400 },
      ],
      damage: [{ firstSlot: first, nSlots: n, reason: "SEGMENT_UNREADABLE" }],
    });
  });

  it("calls a segment whose folder is a link no segment of it", async () => {
    await write(threeSegments());
    await rename(at(segmentFolder("A", 1)), at("elsewhere"));
    await symlink(at("elsewhere"), at(segmentFolder("A", 1)));
    expect((await open()).description.channels[0]).toMatchObject({ nSamples: 800 });
  });

  it.each<[string, Tamper, string]>([
    ["metadata", (f) => ({ ...f, tmet: flipped(f.tmet, 9000) }), "metadata refused: CRC_MISMATCH"],
    ["index", (f) => ({ ...f, tidx: flipped(f.tidx, 1100) }), "index refused: CRC_MISMATCH"],
  ])("opens the others when the %s of one channel is damaged", async (_file, tamper, reason) => {
    await write(smallChannel([smallSegment(0)], "A"));
    await write(smallChannel([smallSegment(0)], "B"), tamper);
    await write(smallChannel([smallSegment(0)], "C"));
    const { description } = await open();
    const whole = description.channels.filter(({ damage }) => damage.length === 0);
    expect(whole.map(({ name }) => name)).toEqual(["A", "C"]);
    expect(description.warnings).toHaveLength(1);
    expect(description.warnings[0]).toMatch(/channel B/);
    expect(description.warnings[0]).toContain(reason);
  });

  it.each<[string, string, (channel: ChannelSpec) => Promise<void>]>([
    [
      "has several sampling rates",
      "several sampling rates",
      ({ segments: [first, ...rest], ...channel }) =>
        write({ ...channel, segments: [{ ...first!, samplingRate: 999.75 }, ...rest] }),
    ],
    [
      "claims two centuries",
      "LIMIT_EXCEEDED",
      ({ segments: [first, ...rest], ...channel }) =>
        write({ ...channel, segments: [{ ...first!, endUutc: START_UUTC * 5 }, ...rest] }),
    ],
    [
      "ends before it starts",
      "LIMIT_EXCEEDED",
      ({ segments, ...channel }) =>
        write({ ...channel, segments: segments.map((s) => ({ ...s, endUutc: 1000 })) }),
    ],
    [
      "has two segments of one number",
      "two segments have number 1",
      async (channel) => {
        await write(channel);
        await mkdir(at("B.timd", "B-1.segd"));
      },
    ],
    ["is an empty folder", "no segments", () => mkdir(at("B.timd")).then(() => undefined)],
  ])("leaves out a channel that %s and opens the others", async (_case, reason, make) => {
    await write(smallChannel());
    await make(threeSegments("B"));
    const { description } = await open();
    expect(description.channels.map(({ name }) => name)).toEqual(["A"]);
    expect(description.warnings).toEqual([
      expect.stringContaining("channel B is left out") as string,
    ]);
    expect(description.warnings[0]).toContain(reason);
  });

  it("leaves out a channel whose folder may not be read and opens the others", async () => {
    await chmod(folder.path, 0o755);
    await write(smallChannel());
    await write(smallChannel([smallSegment(0)], "B"));
    await chmod(at("B.timd"), 0);
    const { description } = await withoutPrivileges(() => open());
    expect(description.channels.map(({ name }) => name)).toEqual(["A"]);
    expect(description.warnings).toEqual(["channel B is left out: cannot be read: EACCES"]);
  });

  it.each(["EMFILE", "ENFILE", "ENOMEM"])(
    "does not take %s for damage: it says nothing about the files",
    async (code) => {
      await write(smallChannel());
      for (const method of ["read", "list", "stamp"] as const) {
        const files = new DirectoryFiles(folder.path);
        const original = files[method].bind(files) as () => Promise<never>;
        let nCalls = 0;
        Object.assign(files, {
          [method]: (...given: readonly []) => {
            nCalls += 1;
            // The session's own folder can be listed, so that the channel's is what fails.
            if (method === "list" && nCalls === 1) return original(...given);
            return Promise.reject(Object.assign(new Error(code), { code }));
          },
        });
        const opening = openSession(files, [], new Map(), forever);
        await expect(opening).rejects.toMatchObject({ code: "OVERLOADED" });
      }
    },
  );

  it("calls a segment whose files may not be read damage", async () => {
    await chmod(folder.path, 0o755);
    await write(threeSegments());
    await chmod(at(segmentFile("A", 1, "tidx")), 0);
    const { description } = await withoutPrivileges(() => open());
    expect(description.warnings).toEqual(["channel A, segment 1: cannot be read: EACCES"]);
    expect(description.channels[0]!.damage).toEqual([
      { firstSlot: 500, nSlots: 400, reason: "SEGMENT_UNREADABLE" },
    ]);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ["an empty folder", () => Promise.resolve(), /no \.timd channels/],
    ["a folder of other things", () => mkdir(at("x.vidd")), /no \.timd channels/],
    ["channels without segments", () => mkdir(at("A.timd")), /no channel can be read/],
    [
      "nothing but damage",
      () => write(smallChannel(), (f) => ({ ...f, tmet: flipped(f.tmet, 9000) })),
      /no channel can be read: channel A .*CRC_MISMATCH/,
    ],
    [
      "MEF 2 files",
      () => write(smallChannel(), (f) => ({ ...f, tmet: version2(f.tmet) })),
      /no channel can be read: channel A .*UNSUPPORTED_VERSION/,
    ],
    [
      "segments of several rates",
      () => write(smallChannel([smallSegment(0), smallSegment(1, { samplingRate: 500 })])),
      /several sampling rates: 1000, 500 Hz/,
    ],
  ])("refuses %s", async (_case, make, message) => {
    await make();
    await expect(open()).rejects.toMatchObject({
      code: "SESSION_INVALID",
      message: expect.stringMatching(message) as string,
    });
  });

  it("throws the system's error when there is no session", async () => {
    const files = new DirectoryFiles(at("missing.mefd"));
    const opening = openSession(files, [], new Map(), forever);
    await expect(opening).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("opens nothing more after an abort", async () => {
    await write(smallChannel());
    const stop = new AbortController();
    stop.abort();
    const opening = openSession(new DirectoryFiles(folder.path), [], new Map(), stop.signal);
    await expect(opening).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("reports an index that was cut within an entry, and what is missing", async () => {
    await write(smallChannel());
    await truncate(at(segmentFile("A", 0, "tidx")), 1024 + 2 * 56 + 10);
    const { description } = await open();
    expect(description.warnings).toEqual(["channel A, segment 0: the index ends within an entry"]);
    expect(description.channels[0]).toMatchObject({
      nSlots: 400,
      coverage: [{ firstSlot: 0, nSlots: 200 }],
      damage: [{ firstSlot: 200, nSlots: 200, reason: "INDEX_TRUNCATED" }],
    });
  });

  it("refuses an index that was cut between entries: its CRC is wrong", async () => {
    await write(threeSegments());
    await truncate(at(segmentFile("A", 1, "tidx")), 1024 + 2 * 56);
    expect((await open()).description.channels[0]!.damage).toEqual([
      { firstSlot: 500, nSlots: 400, reason: "SEGMENT_UNREADABLE" },
    ]);
  });

  it("calls index entries damage whose blocks lie beyond the end of the data", async () => {
    await write(smallChannel(), (files) => ({
      ...files,
      tdat: files.tdat.subarray(0, Number(files.tidx.readBigInt64LE(1024 + 2 * 56)) + 10),
    }));
    const { description } = await open();
    expect(description.warnings).toEqual(["channel A, segment 0: 2 impossible index entries"]);
    expect(description.channels[0]!.damage).toEqual([
      { firstSlot: 200, nSlots: 100, reason: "INDEX_ENTRY" },
      { firstSlot: 300, nSlots: 100, reason: "INDEX_ENTRY" },
    ]);
  });

  it("remembers when its folders last changed, and the files to watch", async () => {
    await write(smallChannel());
    const { folders, channels } = await open();
    expect([...folders.keys()].sort()).toEqual(["", "A.timd"]);
    expect(channels.get("A")!.watched.map(({ file }) => file)).toEqual(
      (["tmet", "tidx", "tdat"] as const).map((extension) => segmentFile("A", 0, extension)),
    );
  });

  it("opens many channels of many segments", async () => {
    for (let c = 0; c < 70; c += 1) {
      const segments = [0, 1, 2].map((n) => smallSegment(n, { nBlocks: 1, firstSlot: n * 100 }));
      await write(smallChannel(segments, `C${c}`));
    }
    const { description } = await open();
    expect(description.channels).toHaveLength(70);
    expect(description.channels.every(({ nSamples }) => nSamples === 300)).toBe(true);
  });
});

function flipped(file: Buffer, offset: number): Buffer {
  file.writeUInt8(file.readUInt8(offset) ^ 1, offset);
  return file;
}

function version2(file: Buffer): Buffer {
  file.writeUInt8(2, 13);
  return resealFile(file);
}
