import { DirectoryFiles } from "../sources/directory-files";
import { forever } from "../testing/decoder-parts";
import { writeChannelFiles } from "../testing/recording-files";
import type { ChannelSpec, PasswordSpec } from "../testing/recording-spec";
import { smallChannel, smallSegment, START_UUTC } from "../testing/small-recording";
import { useTemporaryFolder } from "../testing/temporary-folder";
import { openSession, type OpenSession } from "./open-session";

const folder = useTemporaryFolder();
const BOTH = { password1: "pass1", password2: "pass2" };

function write(channel: ChannelSpec, passwords?: PasswordSpec): Promise<void> {
  return writeChannelFiles(folder.path, channel, passwords);
}

function open(...passwords: readonly string[]): Promise<OpenSession> {
  return openSession(new DirectoryFiles(folder.path), passwords, new Map(), forever);
}

/** Segments of 400 samples with a gap of 100 slots between them. */
function threeSegments(): ChannelSpec {
  return smallChannel([0, 1, 2].map((n) => smallSegment(n, { firstSlot: n * 500 })));
}

describe("openSession, as to who may see what", () => {
  it.each<[string, readonly string[]]>([
    ["no password", []],
    ["a wrong password", ["nope"]],
    ["an empty password", [""]],
  ])("asks for a password of an encrypted session when it gets %s", async (_case, passwords) => {
    await write(smallChannel(), BOTH);
    await expect(open(...passwords)).rejects.toMatchObject({ code: "PASSWORD_REQUIRED" });
  });

  it("gives relative times at level 1 and true ones at level 2, same slots", async () => {
    const recordingTimeOffset = 1577818800000000;
    const segments = [0, 1].map((number) =>
      smallSegment(number, { recordingTimeOffset, firstSlot: number * 500 }),
    );
    await write(smallChannel(segments), BOTH);
    const [level1, level2] = await Promise.all([open("pass1"), open("pass2")]);
    expect(level1.description).toMatchObject({
      timeBase: "RELATIVE",
      startUutc: START_UUTC - recordingTimeOffset,
    });
    expect(level2.description).toMatchObject({ timeBase: "ABSOLUTE", startUutc: START_UUTC });
    const [relative, absolute] = [level1, level2].map(({ description: d }) => d.channels[0]!);
    expect(relative!.coverage).toEqual(absolute!.coverage);
    expect(relative!.damage).toEqual([]);
  });

  it("is relative when one channel of several is", async () => {
    await write(smallChannel([smallSegment(0)], "A"), BOTH);
    await write(smallChannel([smallSegment(0)], "B"));
    expect((await open("pass1")).description.timeBase).toBe("RELATIVE");
  });

  it("places times of both forms and with an offset alike", async () => {
    const plain = threeSegments();
    await write({ ...plain, name: "plain" });
    const mixed = plain.segments.map((segment, i) => ({
      ...segment,
      otherTimes: "positive" as const,
      recordingTimeOffset: i === 1 ? 0 : 1577818800000000,
    }));
    await write({ ...plain, name: "mixed", segments: mixed });
    const [a, b] = (await open()).description.channels;
    expect({ ...a, identity: "", edgeIdentity: "", name: "" }).toEqual({
      ...b,
      identity: "",
      edgeIdentity: "",
      name: "",
    });
  });
});
