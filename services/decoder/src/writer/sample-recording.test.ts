import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readMetadata } from "../native";
import { SAMPLE_RECORDING, writeSampleRecording } from "./sample-recording";

describe("writeSampleRecording", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "sample-recording-"));
    const options = { ...SAMPLE_RECORDING, durationSeconds: 100 };
    await writeSampleRecording(directory, options, () => undefined, new AbortController().signal);
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function nSamples(channel: string): Promise<number[]> {
    const folder = path.join(directory, "sample.mefd", `${channel}.timd`);
    const segments = (await readdir(folder)).sort().map(async (segment) => {
      const file = path.join(folder, segment, `${path.parse(segment).name}.tmet`);
      return readMetadata(await readFile(file)).metadata!.nSamples;
    });
    return Promise.all(segments);
  }

  it("has 32 channels, named by the contacts of a grid and two strips", async () => {
    const channels = await readdir(path.join(directory, "sample.mefd"));
    expect(channels).toHaveLength(32);
    expect(channels).toEqual(expect.arrayContaining(["LG16.timd", "LAT01.timd", "LPT08.timd"]));
  });

  it("has two segments, gaps in all channels and gaps in single ones", async () => {
    // Seconds without data: 0.5 before and 1.25 between the segments, 0.2 after.
    const seconds = [50 - 0.5, 48.75 - 0.2];
    const all = seconds.map((s) => Math.round(s * 512));
    expect(await nSamples("LG01")).toEqual(all);
    expect(await nSamples("LG06")).toEqual([all[0]! - Math.round(0.6 * 512), all[1]!]);
    expect(await nSamples("LAT05")).toEqual([all[0]!, all[1]! - 4 * 512]);
  });
});
