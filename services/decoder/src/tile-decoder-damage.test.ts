import type { DamagedSpan, DamageReason } from "@mef3-cluster/contracts/session-description";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { type DecoderParts, decoderParts, decodeRun, forever } from "./testing/decoder-parts";
import {
  blockRange,
  resealBlock,
  resealFile,
  segmentFile,
  type SegmentBytes,
  type Tamper,
  writeChannelFiles,
} from "./testing/recording-files";
import { ramp, smallChannel, smallSegment } from "./testing/small-recording";
import { useTemporaryFolder } from "./testing/temporary-folder";

const folder = useTemporaryFolder();
/** Four blocks of 100 samples and a second segment of as many. */
const CHANNEL = smallChannel([smallSegment(0), smallSegment(1, { firstSlot: 400 })]);
const ALL = { firstTile: 0, nTiles: 8, slotsPerTile: 100 };
let parts: DecoderParts;
let root: string;

beforeEach(() => {
  root = `${folder.path}/x.mefd`;
  parts = decoderParts(folder.path);
});
afterEach(() => {
  parts.close();
});

function span(firstSlot: number, nSlots: number, reason: DamageReason): DamagedSpan {
  return { firstSlot, nSlots, reason };
}

/** Writes the recording with its first segment tampered with. */
async function write(tamper: (files: SegmentBytes) => ReturnType<Tamper>): Promise<void> {
  await writeChannelFiles(root, CHANNEL, undefined, (files, segment) =>
    segment.number === 0 ? { ...files, ...tamper(files) } : files,
  );
}

/** Reads everything: exactly the given spans are NaN and named, the rest is as put in. */
async function expectDamage(expected: readonly DamagedSpan[]): Promise<void> {
  const tiles = await decodeRun(parts, root, "A", ALL);
  // Tiles cut spans at their edges; every span here is a multiple of a tile's length.
  const cut = expected.flatMap(({ firstSlot, nSlots, reason }) =>
    ramp(nSlots / 100).map((i) => span(firstSlot + i * 100, 100, reason)),
  );
  expect(tiles.flatMap((tile) => tile.damage)).toEqual(cut);
  const isLost = (slot: number): boolean =>
    expected.some((lost) => slot >= lost.firstSlot && slot < lost.firstSlot + lost.nSlots);
  expect(tiles.flatMap((tile) => [...tile.samples])).toEqual(
    ramp(800).map((slot) => (isLost(slot) ? NaN : (slot + 1) * 0.5)),
  );
  const counts = await decodeRun(parts, root, "A", ALL, { kind: "i32" });
  expect(counts.flatMap((tile) => [...tile.samples])).toEqual(
    ramp(800).map((slot) => (isLost(slot) ? -2147483648 : slot + 1)),
  );
}

/** Changes the second block of the `.tdat`. */
function inBlock(change: (block: Buffer) => unknown, reseal = false) {
  return (files: SegmentBytes): SegmentBytes => {
    const { start, end } = blockRange(files, 1);
    change(files.tdat.subarray(start, end));
    if (reseal) resealBlock(files, 1);
    return files;
  };
}

/** Changes the second entry of the `.tidx`, whose CRC is then right again. */
function inEntry(change: (entry: Buffer) => unknown) {
  return (files: SegmentBytes): SegmentBytes => {
    change(files.tidx.subarray(1024 + 56, 1024 + 2 * 56));
    resealFile(files.tidx);
    return files;
  };
}

function cutIndex(nBytes: number, reseal = false) {
  return ({ tidx }: SegmentBytes) => {
    const cut = Buffer.from(tidx.subarray(0, nBytes));
    return { tidx: reseal ? resealFile(cut) : cut };
  };
}

const NOTHING: readonly DamagedSpan[] = [];
const SECOND = (reason: DamageReason): DamagedSpan[] => [span(100, 100, reason)];
const WHOLE_SEGMENT = [span(0, 400, "SEGMENT_UNREADABLE")];

describe("TileDecoder, about damage", () => {
  it.each<[string, (files: SegmentBytes) => ReturnType<Tamper>, readonly DamagedSpan[]]>([
    ["nothing", (files) => files, NOTHING],
    ["a flipped payload bit", inBlock((b) => (b[310]! ^= 4)), SECOND("BLOCK_CRC")],
    ["a flipped bit in the statistics", inBlock((b) => (b[50]! ^= 1)), SECOND("BLOCK_CRC")],
    ["a wrong stored CRC", inBlock((b) => (b[0]! ^= 1)), SECOND("BLOCK_CRC")],
    ["a block without a CRC", inBlock((b) => b.fill(0, 0, 4)), NOTHING],
    ["a header of 0xff", inBlock((b) => b.fill(0xff, 0, 304)), SECOND("BLOCK_CORRUPT")],
    ["a block of zeros", inBlock((b) => b.fill(0)), SECOND("BLOCK_CORRUPT")],
    [
      "another number of samples, well sealed",
      inBlock((b) => b.writeUInt32LE(99, 32), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "another length, well sealed",
      inBlock((b) => b.writeUInt32LE(b.length - 8, 36), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "another start, well sealed",
      inBlock((b) => b.writeBigInt64LE(b.readBigInt64LE(40) - 1n, 40), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "encryption at both levels, well sealed",
      inBlock((b) => b.writeUInt8(6, 4), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "statistics of zeros, well sealed",
      inBlock((b) => b.fill(0, 48, 304), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "a scale of NaN, well sealed",
      inBlock((b) => b.writeFloatLE(NaN, 24), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "more difference bytes than samples allow, well sealed",
      inBlock((b) => b.writeUInt32LE(501, 28), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "a stream that ends too early, well sealed",
      inBlock((b) => b.writeUInt32LE(b.readUInt32LE(28) + 1, 28), true),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "an entry without an offset",
      inEntry((e) => e.writeBigInt64LE(-1n, 0)),
      SECOND("INDEX_ENTRY"),
    ],
    [
      "an entry that lies in the header",
      inEntry((e) => e.writeBigInt64LE(8n, 0)),
      SECOND("INDEX_ENTRY"),
    ],
    [
      "an entry beyond the data",
      inEntry((e) => e.writeBigInt64LE(1n << 40n, 0)),
      SECOND("INDEX_ENTRY"),
    ],
    [
      "an entry without a time",
      inEntry((e) => e.writeBigInt64LE(-(1n << 63n), 8)),
      SECOND("INDEX_ENTRY"),
    ],
    [
      "an entry of a decompression bomb",
      inEntry((e) => e.writeUInt32LE(0xfffffffe, 24)),
      SECOND("INDEX_ENTRY"),
    ],
    [
      "an entry that points to its neighbour's block",
      inEntry((e) => e.writeBigInt64LE(1024n, 0)),
      SECOND("BLOCK_CORRUPT"),
    ],
    [
      "an index cut within an entry",
      cutIndex(1024 + 3 * 56 - 1),
      [span(200, 200, "INDEX_TRUNCATED")],
    ],
    [
      "an index cut between entries, well sealed",
      cutIndex(1024 + 2 * 56, true),
      [span(200, 200, "INDEX_TRUNCATED")],
    ],
    ["an index cut between entries", cutIndex(1024 + 2 * 56), WHOLE_SEGMENT],
    ["an index cut within its header", cutIndex(500), WHOLE_SEGMENT],
    ["an empty index", cutIndex(0), WHOLE_SEGMENT],
    ["an index without entries", cutIndex(1024, true), [span(0, 400, "INDEX_TRUNCATED")]],
    [
      "a flipped index bit",
      ({ tidx }) => ({ tidx: tidx.fill(tidx[1030]! ^ 1, 1030, 1031) }),
      WHOLE_SEGMENT,
    ],
    ["no data file", () => ({ tdat: undefined }), WHOLE_SEGMENT],
    ["no index", () => ({ tidx: undefined }), WHOLE_SEGMENT],
    [
      "data cut within a block",
      (files) => ({ tdat: files.tdat.subarray(0, blockRange(files, 2).end - 1) }),
      [span(200, 200, "INDEX_ENTRY")],
    ],
    ["an empty data file", () => ({ tdat: Buffer.alloc(0) }), [span(0, 400, "INDEX_ENTRY")]],
  ])("names what %s loses, and reads the rest", async (_case, tamper, expected) => {
    await write(tamper);
    await expectDamage(expected);
  });

  it.each<[string, (file: string) => Promise<unknown>, readonly DamagedSpan[]]>([
    ["deleted", (file) => rm(file), [span(0, 400, "BLOCK_UNREADABLE")]],
    ["emptied", (file) => truncate(file), [span(0, 400, "BLOCK_TRUNCATED")]],
    [
      "cut within a block",
      async (file) => {
        const files = await tidxAndTdat();
        await truncate(file, blockRange(files, 2).start + 310);
      },
      [span(200, 200, "BLOCK_TRUNCATED")],
    ],
    [
      "overwritten in one place",
      async (file) => {
        const files = await tidxAndTdat();
        inBlock((b) => (b[310]! ^= 1))(files);
        await writeFile(file, files.tdat);
      },
      SECOND("BLOCK_CRC"),
    ],
  ])("names what is lost in a data file %s after it was opened", async (_case, change, lost) => {
    await write((files) => files);
    await parts.store.open(root, forever);
    await change(`${root}/${segmentFile("A", 0, "tdat")}`);
    await expectDamage(lost);
  });

  it("keeps reading a data file that is deleted while it is kept open", async () => {
    await write((files) => files);
    await decodeRun(parts, root, "A", ALL);
    await rm(`${root}/${segmentFile("A", 0, "tdat")}`);
    await expectDamage(NOTHING);
  });

  it("says nothing of damage that the tiles asked for do not touch", async () => {
    await write(inBlock((b) => (b[310]! ^= 4)));
    for (const firstTile of [0, 2, 3, 7]) {
      const run = { firstTile, nTiles: 1, slotsPerTile: 100 };
      const [tile] = await decodeRun(parts, root, "A", run);
      expect(tile!.damage).toEqual([]);
    }
  });

  it("cuts a damaged span at the edges of tiles and joins its blocks within them", async () => {
    await write((files) => {
      inBlock((b) => b.fill(0xff, 0, 304))(files);
      const { start, end } = blockRange(files, 2);
      files.tdat.subarray(start, end).fill(0xff, 0, 304);
      return files;
    });
    const run = { firstTile: 0, nTiles: 2, slotsPerTile: 150 };
    const tiles = await decodeRun(parts, root, "A", run);
    expect(tiles.map((tile) => tile.damage)).toEqual([
      [span(100, 50, "BLOCK_CORRUPT")],
      [span(150, 150, "BLOCK_CORRUPT")],
    ]);
  });

  it("loses no sample of a sound block that covers a damaged one", async () => {
    const { blocks } = smallSegment(0);
    const again = { ...blocks[1]!, samples: blocks[1]!.samples.map((count) => count + 1000) };
    const segment = smallSegment(0, { blocks: [...blocks, again] });
    await writeChannelFiles(root, smallChannel([segment]), undefined, (files) =>
      inBlock((b) => (b[310]! ^= 4))(files),
    );
    const [tile] = await decodeRun(parts, root, "A", { ...ALL, firstTile: 1, nTiles: 1 });
    expect(tile!.damage).toEqual([]);
    expect([...tile!.samples]).toEqual(again.samples.map((count) => count * 0.5));
  });
});

async function tidxAndTdat(): Promise<SegmentBytes> {
  const [tidx, tdat] = await Promise.all(
    (["tidx", "tdat"] as const).map((extension) =>
      readFile(`${root}/${segmentFile("A", 0, extension)}`),
    ),
  );
  return { tmet: Buffer.alloc(0), tidx: tidx!, tdat: tdat! };
}
