import type { ChannelDescription } from "@mef3-cluster/contracts/session-description";
import { rename } from "node:fs/promises";
import path from "node:path";
import { DirectoryFiles } from "../sources/directory-files";
import { forever } from "../testing/decoder-parts";
import {
  blockRange,
  segmentBytes,
  segmentFile,
  type Tamper,
  writeChannelFiles,
} from "../testing/recording-files";
import type { SegmentSpec } from "../testing/recording-spec";
import { smallChannel, smallSegment } from "../testing/small-recording";
import { useTemporaryFolder } from "../testing/temporary-folder";
import type { ChannelState } from "./open-channel";
import { openSession, type OpenSession } from "./open-session";

const folder = useTemporaryFolder();

/** Writes the channel as it is now and opens it, knowing it as it was. */
async function open(
  segments: readonly SegmentSpec[],
  before?: OpenSession,
  tamper?: Tamper,
): Promise<OpenSession> {
  await writeChannelFiles(folder.path, smallChannel(segments), undefined, tamper);
  const states = new Map<string, ChannelState>();
  for (const [name, { identity }] of before?.channels ?? []) states.set(name, identity);
  return openSession(new DirectoryFiles(folder.path), [], states, forever);
}

function channelOf(session: OpenSession): ChannelDescription {
  return session.channels.get("A")!.description;
}

const TWO = [smallSegment(0), smallSegment(1, { firstSlot: 400 })];
const APPENDED = [smallSegment(0), smallSegment(1, { firstSlot: 400, nBlocks: 7 })];
const NEW_SEGMENT = [...APPENDED, smallSegment(2, { firstSlot: 1200 })];

describe("openChannel, as to identity", () => {
  it("keeps it and changes the edge when nothing but blocks are appended", async () => {
    const before = await open(TWO);
    const after = await open(APPENDED, before);
    expect(channelOf(after).identity).toBe(channelOf(before).identity);
    expect(channelOf(after).edgeIdentity).not.toBe(channelOf(before).edgeIdentity);
    expect([channelOf(before).sealedSlots, channelOf(after).sealedSlots]).toEqual([700, 1000]);
  });

  it("keeps it when a segment is appended", async () => {
    const before = await open(TWO);
    const after = await open([...TWO, NEW_SEGMENT[2]!], before);
    expect(channelOf(after).identity).toBe(channelOf(before).identity);
    expect(channelOf(after).edgeIdentity).not.toBe(channelOf(before).edgeIdentity);
  });

  it("keeps it over many growths, and when nothing changes", async () => {
    const first = await open(TWO);
    const second = await open(APPENDED, first);
    const third = await open(NEW_SEGMENT, second);
    const fourth = await open(NEW_SEGMENT, third);
    const { identity } = channelOf(first);
    expect([second, third, fourth].map((s) => channelOf(s).identity)).toEqual(
      new Array(3).fill(identity),
    );
    expect(channelOf(fourth).edgeIdentity).toBe(channelOf(third).edgeIdentity);
  });

  it.each<[string, readonly SegmentSpec[]]>([
    [
      "a sealed block holds something else",
      [smallSegment(0, { factor: 0.5, blocks: other(1) }), APPENDED[1]!],
    ],
    ["the factor is another", [smallSegment(0, { factor: 0.25 }), APPENDED[1]!]],
    ["it is shorter", [smallSegment(0), smallSegment(1, { firstSlot: 400, nBlocks: 2 })]],
    ["the start is another", [smallSegment(0, { startUutc: 1577836800000000 }), APPENDED[1]!]],
    [
      "the last sealed block holds something else",
      [TWO[0]!, { ...APPENDED[1]!, blocks: lastBut(2) }],
    ],
  ])("is another one when %s", async (_case, segments) => {
    const before = await open(TWO);
    const after = await open(segments, before);
    expect(channelOf(after).identity).not.toBe(channelOf(before).identity);
    expect(channelOf(after).edgeIdentity).not.toBe(channelOf(before).edgeIdentity);
  });

  it("is another one when times of a segment have another offset", async () => {
    const before = await open(TWO);
    const shifted = {
      ...TWO[1]!,
      recordingTimeOffset: 50_000,
      endUutc: TWO[1]!.blocks[0]!.startUutc,
    };
    // Index and data still say the same: it is the metadata that gives them other times.
    const original = segmentBytes(smallChannel(), TWO[1]!);
    const after = await open([TWO[0]!, shifted], before, ({ tmet, ...files }, { number }) =>
      number === 1 ? { ...original, tmet } : { ...files, tmet },
    );
    expect(channelOf(after).coverage).not.toEqual(channelOf(before).coverage);
    expect(channelOf(after).identity).not.toBe(channelOf(before).identity);
  });

  it("is another one at another path", async () => {
    const before = await open(TWO);
    const moved = path.join(folder.path, "moved");
    await writeChannelFiles(moved, smallChannel(TWO));
    const after = await openSession(new DirectoryFiles(moved), [], new Map(), forever);
    expect(channelOf(after).identity).not.toBe(channelOf(before).identity);
  });

  it("is another one for another channel with the same bytes", async () => {
    await writeChannelFiles(folder.path, smallChannel(TWO, "A"));
    await writeChannelFiles(folder.path, smallChannel(TWO, "B"));
    const { channels } = await open(TWO);
    const [a, b] = ["A", "B"].map((name) => channels.get(name)!.description.identity);
    expect(a).not.toBe(b);
  });
});

/** A segment's data without what lies behind its n-th block. */
function cutAfter(number: number, nBlocks: number): Tamper {
  return (files, segment) =>
    segment.number === number
      ? { ...files, tdat: files.tdat.subarray(0, blockRange(files, nBlocks).start) }
      : files;
}

describe("openChannel, as to identity and damage", () => {
  it("is another one once a file that was being copied is whole", async () => {
    const before = await open(TWO, undefined, cutAfter(0, 2));
    expect(channelOf(before).damage).toHaveLength(2);
    const after = await open(TWO, before);
    expect(channelOf(after).damage).toEqual([]);
    expect(channelOf(after).identity).not.toBe(channelOf(before).identity);
  });

  it("has another edge once data arrives that the index knew of already", async () => {
    const before = await open(TWO, undefined, cutAfter(1, 3));
    const after = await open(TWO, before);
    expect(channelOf(before).damage).toEqual([
      { firstSlot: 700, nSlots: 100, reason: "INDEX_ENTRY" },
    ]);
    expect(channelOf(after).edgeIdentity).not.toBe(channelOf(before).edgeIdentity);
  });

  it("is another one once a refused index is put right", async () => {
    const before = await open(TWO, undefined, (files, { number }) =>
      number === 0 ? { ...files, tidx: flipped(files.tidx, 600) } : files,
    );
    const after = await open(TWO, before);
    expect(channelOf(after).identity).not.toBe(channelOf(before).identity);
  });

  it("is another one once a missing file is there", async () => {
    await open(TWO);
    const file = path.join(folder.path, segmentFile("A", 0, "tdat"));
    await rename(file, `${file}.away`);
    const files = new DirectoryFiles(folder.path);
    const before = await openSession(files, [], new Map(), forever);
    const after = await open(TWO, before);
    expect(channelOf(after).identity).not.toBe(channelOf(before).identity);
  });

  it("stays while blocks are appended behind damage", async () => {
    const before = await open(TWO, undefined, cutAfter(0, 2));
    const after = await open(APPENDED, before, cutAfter(0, 2));
    expect(channelOf(after).damage).toEqual(channelOf(before).damage);
    expect(channelOf(after).identity).toBe(channelOf(before).identity);
  });

  it("stays when the end that the metadata promises moves before the index does", async () => {
    const before = await open(TWO);
    const promising = { ...TWO[1]!, nSamples: 700, endUutc: APPENDED[1]!.blocks[6]!.startUutc };
    const after = await open([TWO[0]!, promising], before);
    expect(channelOf(after).damage).toEqual([
      { firstSlot: 800, nSlots: 200, reason: "INDEX_TRUNCATED" },
    ]);
    expect(channelOf(after).identity).toBe(channelOf(before).identity);
    expect(channelOf(after).edgeIdentity).not.toBe(channelOf(before).edgeIdentity);
  });
});

/** Blocks of the first segment, one of them with other samples. */
function other(changed: number): SegmentSpec["blocks"] {
  return smallSegment(0).blocks.map((block, i) => (i === changed ? reversed(block) : block));
}

function lastBut(n: number): SegmentSpec["blocks"] {
  const { blocks } = TWO[1]!;
  return blocks.map((block, i) => (i === blocks.length - n ? reversed(block) : block));
}

function reversed(block: SegmentSpec["blocks"][number]): SegmentSpec["blocks"][number] {
  return { ...block, samples: block.samples.map((count) => count + 1_000_000) };
}

function flipped(file: Buffer, offset: number): Buffer {
  file.writeUInt8(file.readUInt8(offset) ^ 1, offset);
  return file;
}
