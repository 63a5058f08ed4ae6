import { SeededRandom } from "@mef3-cluster/tiles/seeded-random";
import type { I32Tile, Tile } from "@mef3-cluster/tiles/tile";
import { ChannelModel } from "./testing/channel-model";
import {
  type DecoderParts,
  decoderParts,
  decodeRun,
  forever,
  joinedSamples,
  sameBytes,
  tileJob,
} from "./testing/decoder-parts";
import { randomChannel } from "./testing/random-channel";
import { writeChannelFiles } from "./testing/recording-files";
import type { ChannelSpec, PasswordSpec } from "./testing/recording-spec";
import { ramp, smallChannel, smallSegment } from "./testing/small-recording";
import { useTemporaryFolder } from "./testing/temporary-folder";

const folder = useTemporaryFolder();
let parts: DecoderParts;
let root: string;

beforeEach(() => {
  root = `${folder.path}/x.mefd`;
  parts = decoderParts(folder.path);
});
afterEach(() => {
  parts.close();
});

const RATES = [256, 249.75, 512.5, 255.99966850705994, 399.5, 1000, 32000, 0.5];
const TILE_LENGTHS = [1, 7, 64, 1000, 4096, 32768];
const NO_COUNT = -2147483648;

/** Holds tiles of one run against the model, bit for bit. */
function expectModel(tiles: readonly Tile[], model: ChannelModel, firstTile: number): void {
  for (const [i, tile] of tiles.entries()) {
    const nSlots = tile.samples.length;
    const first = (firstTile + i) * nSlots;
    const expected = tile.kind === "f32" ? model.f32(first, nSlots) : model.i32(first, nSlots);
    // Bytes first: NaN has many forms, and a diff of thousands of numbers helps nobody.
    if (!sameBytes(tile.samples, expected)) expect([...tile.samples]).toEqual([...expected]);
    expect(sameBytes(tile.samples, expected)).toBe(true);
    expect(tile.damage).toEqual([]);
    if (tile.kind === "i32") expectFactors(tile, model, first);
  }
}

/** Every slot that a block covers has its block's factor, and no run leaves the tile. */
function expectFactors({ samples, factorRuns }: I32Tile, model: ChannelModel, first: number): void {
  const factors = new Array<number | undefined>(samples.length);
  let at = first;
  for (const { firstSlot, nSlots, factor } of factorRuns) {
    expect(firstSlot).toBeGreaterThanOrEqual(at);
    at = firstSlot + nSlots;
    factors.fill(factor, firstSlot - first, at - first);
  }
  expect(at).toBeLessThanOrEqual(first + samples.length);
  const wrong = [...samples.keys()].filter((i) => {
    const wanted = model.factorAt(first + i);
    return wanted !== undefined && wanted !== factors[i];
  });
  expect(wrong).toEqual([]);
}

function samplesIn({ segments }: ChannelSpec): number {
  const blocks = segments.flatMap((segment) => segment.blocks);
  return blocks.reduce((n, block) => n + block.samples.length, 0);
}

describe("TileDecoder", () => {
  it.each(RATES)("gives the samples that were put in at %d Hz", async (samplingRate) => {
    const random = new SeededRandom(Math.round(samplingRate * 1000));
    for (let round = 0; round < 5; round += 1) {
      const session = `${folder.path}/s${round}.mefd`;
      const channel = randomChannel(random, samplingRate, "A");
      await writeChannelFiles(session, channel);
      const model = new ChannelModel(channel);
      const { description } = (await parts.store.open(session, forever)).channels.get("A")!;
      const { coverage } = description;
      expect(description).toMatchObject({
        startUutc: model.startUutc,
        nSamples: samplesIn(channel),
        damage: [],
      });
      expect(coverage.reduce((n, run) => n + run.nSlots, 0)).toBe(model.nCovered);
      for (const slotsPerTile of TILE_LENGTHS) {
        const nAll = Math.ceil(model.endSlot / slotsPerTile);
        const firstTile = random.below(nAll + 3) - 2;
        const nTiles = 1 + random.below(Math.min(nAll + 2, 30));
        const run = { firstTile, nTiles, slotsPerTile };
        for (const kind of ["f32", "i32"] as const) {
          const tiles = await decodeRun(parts, session, "A", run, { kind });
          expect(tiles).toHaveLength(nTiles);
          expectModel(tiles, model, firstTile);
        }
      }
    }
  });

  it("gives the same whatever the tile's length", async () => {
    const channel = randomChannel(new SeededRandom(5), 249.75, "A");
    await writeChannelFiles(root, channel);
    const whole = new ChannelModel(channel).f32(0, 4200);
    for (const slotsPerTile of [7, 60, 700, 4200]) {
      const run = { firstTile: 0, nTiles: 4200 / slotsPerTile, slotsPerTile };
      const samples = joinedSamples(await decodeRun(parts, root, "A", run));
      expect(sameBytes(Float32Array.from(samples), whole)).toBe(true);
    }
  });

  it.each([
    ["f32", NaN],
    ["i32", NO_COUNT],
  ] as const)("fills %s tiles before the start, past the end and far away", async (kind, none) => {
    await writeChannelFiles(root, smallChannel());
    for (const firstTile of [-1, 4, -(2 ** 35), 2 ** 35]) {
      const run = { firstTile, nTiles: 1, slotsPerTile: 100 };
      const [tile] = await decodeRun(parts, root, "A", run, { kind });
      expect([...tile!.samples]).toEqual(new Array(100).fill(none));
      expect(tile).toMatchObject(kind === "i32" ? { factorRuns: [] } : { damage: [] });
    }
  });

  it("scales each segment with its own factor, and says which in tiles of counts", async () => {
    const segments = [2, -0.5, 2].map((factor, i) =>
      smallSegment(i, { firstSlot: i * 100, nBlocks: 1, factor }),
    );
    await writeChannelFiles(root, smallChannel(segments));
    const run = { firstTile: 0, nTiles: 2, slotsPerTile: 150 };
    const scaled = joinedSamples(await decodeRun(parts, root, "A", run));
    expect(scaled).toEqual(ramp(300, 1).map((count) => count * (inMiddle(count - 1) ? -0.5 : 2)));
    const tiles = await decodeRun(parts, root, "A", run, { kind: "i32" });
    expect(joinedSamples(tiles)).toEqual(ramp(300, 1));
    expect(tiles.map((tile) => tile.kind === "i32" && tile.factorRuns)).toEqual([
      [
        { firstSlot: 0, nSlots: 100, factor: 2 },
        { firstSlot: 100, nSlots: 50, factor: -0.5 },
      ],
      [
        { firstSlot: 150, nSlots: 50, factor: -0.5 },
        { firstSlot: 200, nSlots: 100, factor: 2 },
      ],
    ]);
  });

  it("answers runs of several channels in their order, the same channel twice, too", async () => {
    await writeChannelFiles(root, smallChannel([smallSegment(0)], "A"));
    await writeChannelFiles(root, smallChannel([smallSegment(0, { factor: -1 })], "B"));
    const { channels, files } = await parts.store.open(root, forever);
    const runs = ["B", "A", "B"].flatMap((name, i) => {
      const run = { firstTile: i, nTiles: 1 + i, slotsPerTile: 50 };
      return tileJob(files.root, channels.get(name)!.description, run).runs;
    });
    const job = { sessionPath: files.root, accessTag: "plain", kind: "f32", runs } as const;
    const tiles = await parts.tiles.decode(job, "batch").tiles;
    expect(tiles.map(joinedSamples)).toEqual([
      ramp(50, 1).map((count) => -count),
      ramp(100, 51).map((count) => count * 0.5),
      ramp(150, 101).map((count) => -count),
    ]);
    await expect(parts.tiles.decode({ ...job, runs: [] }, "batch").tiles).resolves.toEqual([]);
  });

  it("splits a large job into tasks and puts their tiles together again", async () => {
    await writeChannelFiles(root, smallChannel());
    const { channels, files } = await parts.store.open(root, forever);
    const { description } = channels.get("A")!;
    const run = { firstTile: 0, nTiles: 1, slotsPerTile: 400_000 };
    const { runs } = tileJob(files.root, description, run);
    const job = { ...tileJob(files.root, description, run), runs: Array(5).fill(runs).flat() };
    const tiles = await parts.tiles.decode(job, "interactive").tiles;
    expect(tiles).toHaveLength(5);
    for (const [tile] of tiles) {
      expect([...tile!.samples.subarray(0, 400)]).toEqual(ramp(400, 1).map((c) => c * 0.5));
    }
    expect(parts.results.length).toBeGreaterThan(1);
    expect(parts.results.reduce((n, result) => n + result.samplesPlaced, 0)).toBe(2000);
  });

  it("tells its observer what was decoded and how much of it was of use", async () => {
    await writeChannelFiles(root, smallChannel());
    await decodeRun(parts, root, "A", { firstTile: 1, nTiles: 1, slotsPerTile: 100 });
    expect(parts.results).toEqual([
      expect.objectContaining({ status: "OK", nBlocks: 1, samplesPlaced: 100 }),
    ]);
    expect(parts.results[0]!.samplesDecoded).toBeGreaterThanOrEqual(100);
    expect(parts.results[0]!.bytesRead).toBeGreaterThan(304);
  });

  const BOTH = { password1: "pass1", password2: "pass2" };

  it.each<[string, PasswordSpec, readonly string[]]>([
    ["level 1 with the level-1 password", { ...BOTH, blockLevel: 1 }, ["pass1"]],
    ["level 1 with the level-2 password", { ...BOTH, blockLevel: 1 }, ["pass2"]],
    ["level 2 with the level-2 password", { ...BOTH, blockLevel: 2 }, ["pass2"]],
    ["level 1 of a session with one password", { password1: "p", blockLevel: 1 }, ["p"]],
    ["level 2 where only blocks are", { ...BOTH, blockLevel: 2, plainMetadata: true }, ["pass2"]],
  ])("decodes blocks encrypted at %s", async (_case, session, passwords) => {
    const channel = randomChannel(new SeededRandom(11), 512.5, "A");
    // Offsets stay hidden at level 1, and segments of different ones cannot be placed then.
    const segments = channel.segments.map((segment) => ({ ...segment, recordingTimeOffset: 0 }));
    await writeChannelFiles(root, { ...channel, segments }, session);
    parts.close();
    parts = decoderParts(folder.path, { passwords });
    const model = new ChannelModel({ ...channel, segments });
    for (const kind of ["f32", "i32"] as const) {
      const nTiles = Math.ceil(model.endSlot / 333) + 2;
      const run = { firstTile: -1, nTiles, slotsPerTile: 333 };
      expectModel(await decodeRun(parts, root, "A", run, { kind }), model, -1);
    }
  });

  it.each<[string, PasswordSpec, readonly string[]]>([
    ["at level 2 with the level-1 password", { ...BOTH, blockLevel: 2 }, ["pass1"]],
    ["without any", { ...BOTH, blockLevel: 1, plainMetadata: true }, []],
    ["with a wrong one", { ...BOTH, blockLevel: 1, plainMetadata: true }, ["wrong"]],
  ])("calls encrypted blocks damage %s", async (_case, session, passwords) => {
    await writeChannelFiles(root, smallChannel(), session);
    parts.close();
    parts = decoderParts(folder.path, { passwords });
    const run = { firstTile: 0, nTiles: 2, slotsPerTile: 150 };
    const tiles = await decodeRun(parts, root, "A", run);
    expect(tiles.map((tile) => tile.damage)).toEqual([
      [{ firstSlot: 0, nSlots: 150, reason: "BLOCK_ENCRYPTED" }],
      [{ firstSlot: 150, nSlots: 150, reason: "BLOCK_ENCRYPTED" }],
    ]);
    expect(joinedSamples(tiles).every(Number.isNaN)).toBe(true);
  });

  it("decodes encrypted segments beside plain ones", async () => {
    await writeChannelFiles(root, smallChannel([smallSegment(0)]));
    const encrypted = smallSegment(1, { firstSlot: 400 });
    await writeChannelFiles(root, smallChannel([encrypted]), { ...BOTH, blockLevel: 1 });
    parts.close();
    parts = decoderParts(folder.path, { passwords: ["pass2"] });
    const run = { firstTile: 0, nTiles: 1, slotsPerTile: 800 };
    const [tile] = await decodeRun(parts, root, "A", run);
    expect(tile!.damage).toEqual([]);
    expect([...tile!.samples]).toEqual(ramp(800, 1).map((count) => count * 0.5));
  });
});

function inMiddle(slot: number): boolean {
  return slot >= 100 && slot < 200;
}
