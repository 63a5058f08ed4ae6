import { readdirSync, readlinkSync } from "node:fs";
import type { TileJob } from "@mef3-cluster/contracts/tile-job";
import { Decoder } from "./decoder";
import { forever } from "./testing/decoder-parts";
import { eventually } from "./testing/eventually";
import { writeChannelFiles } from "./testing/recording-files";
import { ramp, smallChannel, smallSegment } from "./testing/small-recording";
import { useTemporaryFolder } from "./testing/temporary-folder";

const folder = useTemporaryFolder();
let decoder: Decoder;
let decodedSamples: number;
let root: string;

beforeEach(async () => {
  root = `${folder.path}/x.mefd`;
  await writeChannelFiles(root, smallChannel());
  decodedSamples = 0;
  decoder = new Decoder({
    roots: [folder.path],
    threads: 1,
    prefetchThreads: 1,
    freshMs: 5000,
    maxIndexBytes: 1 << 20,
    maxIdleFiles: 4,
    now: () => 0,
    observer: {
      decoded: ({ samplesPlaced }) => {
        decodedSamples += samplesPlaced;
      },
    },
    onCloseError: (error) => {
      throw error;
    },
  });
});
afterEach(() => {
  decoder.close();
});

/** The job that a description asks for when the whole of its channel is wanted. */
async function wholeChannel(): Promise<TileJob> {
  const { path, accessTag, channels } = await decoder.describe(root, forever);
  const { name, identity, edgeIdentity, nSlots } = channels[0]!;
  const run = { channel: name, identity, edgeIdentity, slotsPerTile: nSlots };
  return { sessionPath: path, accessTag, kind: "f32", runs: [{ ...run, firstTile: 0, nTiles: 1 }] };
}

/** Files of the recording that this process has open. */
function nOpenFiles(): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "closed meanwhile";
    }
  });
  return links.filter((link) => link.startsWith(root)).length;
}

describe("Decoder", () => {
  it("describes a recording and decodes what the description names", async () => {
    const [[tile] = []] = await decoder.decode(await wholeChannel(), "interactive").tiles;
    expect([...tile!.samples]).toEqual(ramp(400, 1).map((count) => count * 0.5));
    expect(decodedSamples).toBe(400);
  });

  it("refuses what lies outside its roots", async () => {
    await expect(decoder.describe("/etc", forever)).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
  });

  it("refuses a job for a recording that changed, and describes it anew", async () => {
    const job = await wholeChannel();
    await writeChannelFiles(root, smallChannel([smallSegment(0, { factor: 1 })]));
    const { channels } = await decoder.describeCanonical(root, forever);
    expect(channels[0]!.identity).not.toBe(job.runs[0]!.identity);
    await expect(decoder.decode(job, "batch").tiles).rejects.toMatchObject({
      code: "SESSION_CHANGED",
    });
  });

  it("lets go of a session, and opens it again when tiles of it are wanted", async () => {
    const job = await wholeChannel();
    await decoder.decode(job, "batch").tiles;
    expect(nOpenFiles()).toBe(1);
    expect(decoder.indexBytes).toBeGreaterThan(0);
    decoder.release(root);
    expect(decoder.indexBytes).toBe(0);
    await eventually(() => nOpenFiles() === 0);
    await expect(decoder.decode(job, "prefetch").tiles).resolves.toHaveLength(1);
  });

  it("refuses jobs after it was closed, without harm", async () => {
    const job = await wholeChannel();
    decoder.close();
    await expect(decoder.decode(job, "interactive").tiles).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(decoder.waiting("interactive")).toBe(0);
  });
});
