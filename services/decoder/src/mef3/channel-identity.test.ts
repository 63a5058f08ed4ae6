import type { DamagedSpan } from "@mef3-cluster/contracts/session-description";
import { segmentBytes } from "../testing/recording-files";
import { smallChannel, smallSegment, START_UUTC } from "../testing/small-recording";
import { type ChannelIdentity, channelIdentity, type IdentityInput } from "./channel-identity";

/** A `.tidx` of that many blocks. */
function indexFile(nBlocks: number): Uint8Array {
  const { tidx } = segmentBytes(smallChannel(), smallSegment(0, { nBlocks: nBlocks + 1 }));
  return tidx.subarray(0, 1024 + nBlocks * 56);
}

function input(...nBlocks: readonly number[]): IdentityInput {
  return {
    sessionPath: "/data/x.mefd",
    channel: "A",
    samplingRate: 1000,
    startUutc: START_UUTC,
    segments: nBlocks.map((n, number) => ({
      number,
      recordingTimeOffset: 0,
      unitsConversionFactor: 0.5,
      indexFile: indexFile(n),
    })),
    damage: [],
    sealedSlots: 1000,
  };
}

/** The digest that a longer state gives for what a shorter one had sealed. */
function recomputed(longer: IdentityInput, shorter: ChannelIdentity): Promise<ChannelIdentity> {
  return channelIdentity(longer, shorter.extent);
}

describe("channelIdentity", () => {
  it("is the same for the same channel, in 22 characters fit for a key", async () => {
    const [a, b] = await Promise.all([channelIdentity(input(3, 4)), channelIdentity(input(3, 4))]);
    expect(a).toEqual(b);
    expect([a.sealed, a.edge]).toEqual([
      expect.stringMatching(/^[\w-]{22}$/),
      expect.stringMatching(/^[\w-]{22}$/),
    ]);
  });

  it("seals all blocks but the last, and the whole of earlier segments", async () => {
    await expect(channelIdentity(input(3, 4))).resolves.toMatchObject({ extent: { nEntries: 3 } });
    await expect(channelIdentity(input(3, 1))).resolves.toMatchObject({ extent: { nEntries: 0 } });
    await expect(channelIdentity(input(3, 0))).resolves.toMatchObject({ extent: { nEntries: 0 } });
  });

  it("recognises what was sealed before blocks were appended", async () => {
    const before = await channelIdentity(input(3, 4));
    const after = input(3, 9);
    expect((await recomputed(after, before)).sealed).toBe(before.sealed);
    expect((await channelIdentity(after)).sealed).not.toBe(before.sealed);
  });

  it("has another edge after every block", async () => {
    const edges = await Promise.all([1, 2, 3, 4].map((n) => channelIdentity(input(n))));
    expect(new Set(edges.map(({ edge }) => edge)).size).toBe(4);
  });

  it.each<[string, (given: IdentityInput) => IdentityInput]>([
    ["session", (given) => ({ ...given, sessionPath: "/data/y.mefd" })],
    ["channel", (given) => ({ ...given, channel: "B" })],
    ["rate", (given) => ({ ...given, samplingRate: 1000.0000001 })],
    ["start", (given) => ({ ...given, startUutc: START_UUTC + 1 })],
    ["factor", (given) => withSegment(given, 0, { unitsConversionFactor: -0.5 })],
    ["factor of the last segment", (given) => withSegment(given, 1, { unitsConversionFactor: 1 })],
    ["offset", (given) => withSegment(given, 0, { recordingTimeOffset: 1 })],
    ["damage", (given) => ({ ...given, damage: [damaged(100, 10)] })],
    ["damage that reaches into it", (given) => ({ ...given, damage: [damaged(990, 50)] })],
    ["segment number", (given) => withSegment(given, 1, { number: 2 })],
    ["entry of an earlier segment", (given) => withByte(given, 0, 1024 + 8)],
    ["last entry of an earlier segment", (given) => withByte(given, 0, 1024 + 2 * 56 + 8)],
    ["sealed entry of the last segment", (given) => withByte(given, 1, 1024 + 2 * 56 + 30)],
    [
      "segment that can no longer be read",
      (given) => withSegment(given, 0, { indexFile: undefined }),
    ],
    ["number of segments", ({ segments, ...given }) => ({ ...given, segments: segments.slice(1) })],
  ])("is another one for another %s", async (_case, change) => {
    const before = await channelIdentity(input(3, 4));
    const after = await channelIdentity(change(input(3, 4)));
    expect(after.sealed).not.toBe(before.sealed);
    expect(after.edge).not.toBe(before.edge);
  });

  it("has another edge, and the same seal, for other damage behind the sealed slots", async () => {
    const before = await channelIdentity(input(3, 4));
    const after = await channelIdentity({ ...input(3, 4), damage: [damaged(1000, 10)] });
    expect(after.sealed).toBe(before.sealed);
    expect(after.edge).not.toBe(before.edge);
  });

  it("knows how far damage was sealed, not how far it reaches", async () => {
    const one = await channelIdentity({ ...input(4), damage: [damaged(900, 200)] });
    const two = await channelIdentity({ ...input(4), damage: [damaged(900, 300)] });
    expect(two.sealed).toBe(one.sealed);
    expect(two.edge).not.toBe(one.edge);
  });

  it("has another edge, and the same seal, for another last block", async () => {
    const before = await channelIdentity(input(3, 4));
    const after = await channelIdentity(withByte(input(3, 4), 1, 1024 + 3 * 56 + 30));
    expect(after.sealed).toBe(before.sealed);
    expect(after.edge).not.toBe(before.edge);
  });

  it.each([
    [
      "session and channel",
      { sessionPath: '/a","b', channel: "c" },
      { sessionPath: "/a", channel: 'b","c' },
    ],
    ["channel and rate", { channel: "A", samplingRate: 1 }, { channel: "A,1", samplingRate: 1 }],
  ])("does not mix up %s", async (_case, one, other) => {
    const [a, b] = await Promise.all(
      [one, other].map((fields) => channelIdentity({ ...input(2), ...fields })),
    );
    expect(a!.sealed).not.toBe(b!.sealed);
  });

  it("ignores bytes of a half-written entry, and what the header says", async () => {
    const before = await channelIdentity(input(4));
    const half = withSegment(input(4), 0, {
      indexFile: Buffer.concat([indexFile(4), Buffer.from("half an entry")]),
    });
    expect((await channelIdentity(half)).sealed).toBe(before.sealed);
    expect((await channelIdentity(withByte(input(4), 0, 100))).sealed).toBe(before.sealed);
  });

  it("takes a channel without segments or entries", async () => {
    const none = await channelIdentity(input());
    const empty = await channelIdentity(input(0));
    const unreadable = await channelIdentity(withSegment(input(0), 0, { indexFile: undefined }));
    expect(new Set([none, empty, unreadable].map(({ sealed }) => sealed)).size).toBe(3);
  });
});

function damaged(firstSlot: number, nSlots: number): DamagedSpan {
  return { firstSlot, nSlots, reason: "INDEX_ENTRY" };
}

function withSegment(
  given: IdentityInput,
  i: number,
  change: Partial<IdentityInput["segments"][number]>,
): IdentityInput {
  const segments = given.segments.map((segment, k) =>
    k === i ? { ...segment, ...change } : segment,
  );
  return { ...given, segments };
}

function withByte(given: IdentityInput, i: number, offset: number): IdentityInput {
  const indexFile = Uint8Array.from(given.segments[i]!.indexFile!);
  indexFile[offset]! ^= 1;
  return withSegment(given, i, { indexFile });
}
