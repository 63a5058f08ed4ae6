import {
  channelTileKeys,
  recordingPrefix,
  recordingPrefixOf,
  tileKey,
  type TileKeyParts,
} from "./tile-key";

const PARTS: TileKeyParts = {
  session: { path: "/data/sub-01 é/rec.mefd", accessTag: "plain" },
  channel: {
    name: "LTP 1",
    identity: "a".repeat(64),
    edgeIdentity: "e".repeat(64),
    sealedSlots: 1e15,
  },
  slotsPerTile: 15360,
  kind: "f32",
  index: 35,
};

describe("tileKey", () => {
  it("is the same in every process and version of the code", () => {
    // Computed with Python's hashlib and base64 after docs/tile-frame.md.
    expect(tileKey(PARTS)).toBe("t1.SolBpumIdXScJMnKb495og.YkaQAKRo5262tf3Thr1ymg.f32.buo.z");
  });

  it("is short ASCII without separators that Redis or job ids give a meaning", () => {
    for (const index of [35, -1, -82944000000, 82944000000]) {
      expect(tileKey({ ...PARTS, index })).toMatch(/^[A-Za-z0-9._-]{1,80}$/);
    }
  });

  it.each<[string, TileKeyParts]>([
    ["access tag", { ...PARTS, session: { ...PARTS.session, accessTag: "other" } }],
    ["path", { ...PARTS, session: { ...PARTS.session, path: "/data/other.mefd" } }],
    ["channel name", { ...PARTS, channel: { ...PARTS.channel, name: "LTP 2" } }],
    ["channel identity", { ...PARTS, channel: { ...PARTS.channel, identity: "b".repeat(64) } }],
    ["tile length", { ...PARTS, slotsPerTile: 15361 }],
    ["kind", { ...PARTS, kind: "i32" }],
    ["index", { ...PARTS, index: 36 }],
    ["sign of the index", { ...PARTS, index: -35 }],
  ])("differs when the %s differs", (_name, other) => {
    expect(tileKey(other)).not.toBe(tileKey(PARTS));
  });

  it("keeps apart neighbours in a digest whose texts join to the same", () => {
    const one = { ...PARTS, channel: { ...PARTS.channel, name: "A1", identity: "2b" } };
    const two = { ...PARTS, channel: { ...PARTS.channel, name: "A", identity: "12b" } };
    expect(tileKey(one)).not.toBe(tileKey(two));
  });
});

describe("channelTileKeys", () => {
  it("builds the same keys as tileKey", () => {
    const keys = channelTileKeys(PARTS);
    for (const index of [-3, 0, 35, 1e9]) expect(keys(index)).toBe(tileKey({ ...PARTS, index }));
  });
});

describe("growth of a recording", () => {
  const before = { ...PARTS.channel, sealedSlots: 5 * 15360 };
  const after = { ...before, edgeIdentity: "f".repeat(64), sealedSlots: 7 * 15360 };
  const keyIn = (channel: TileKeyParts["channel"], index: number): string =>
    tileKey({ ...PARTS, channel, index });

  it("keeps the keys of sealed tiles", () => {
    for (const index of [-1, 0, 4]) expect(keyIn(after, index)).toBe(keyIn(before, index));
  });

  it("changes the keys of tiles that reached beyond what was sealed", () => {
    for (const index of [5, 6, 7]) expect(keyIn(after, index)).not.toBe(keyIn(before, index));
  });
});

describe("recordingPrefix", () => {
  it("starts every key of the recording, and can be had back from the key", () => {
    const prefix = recordingPrefix(PARTS.session);
    expect(tileKey(PARTS).startsWith(prefix)).toBe(true);
    expect(recordingPrefixOf(tileKey(PARTS))).toBe(prefix);
  });

  it("is no beginning of another recording's prefix", () => {
    const prefix = recordingPrefix(PARTS.session);
    const other = recordingPrefix({ ...PARTS.session, path: `${PARTS.session.path}2` });
    expect(other.startsWith(prefix)).toBe(false);
  });
});
