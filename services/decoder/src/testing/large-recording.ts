import { writeChannelFiles } from "./recording-files";
import { ramp, smallChannel, START_UUTC } from "./small-recording";

/** Samples of the one block of `writeLargeRecording`. */
export const LARGE_SAMPLES = 200_000;

/** The count in a slot of the large recording. */
export function largeCount(slot: number): number {
  return ((slot * 7919) % 5003) - 2500;
}

/** A session whose channel `A` is one block that takes some milliseconds to decode. */
export async function writeLargeRecording(root: string): Promise<void> {
  const samples = ramp(LARGE_SAMPLES).map(largeCount);
  const blocks = [{ startUutc: START_UUTC, samples }];
  await writeChannelFiles(root, smallChannel([{ number: 0, blocks, factor: 1 }]));
}
