import { type ChannelIndex, buildChannelIndex, type SegmentInput } from "../native";
import { segmentBytes } from "./recording-files";
import { smallChannel, smallSegment, START_UUTC } from "./small-recording";

/** The files of a small recording's one segment. */
export const SMALL_FILES = segmentBytes(smallChannel(), smallSegment(0));

/** That segment, as the index is built from it. */
export function segmentInput(rest: Partial<SegmentInput> = {}): SegmentInput {
  return {
    indexFile: SMALL_FILES.tidx,
    dataBytes: SMALL_FILES.tdat.length,
    recordingTimeOffset: 0,
    unitsConversionFactor: 0.5,
    startUutc: START_UUTC,
    endUutc: START_UUTC + 400_000,
    nSamples: 400,
    ...rest,
  };
}

export async function builtIndex(
  segments: readonly SegmentInput[] = [segmentInput()],
): Promise<ChannelIndex> {
  const index = await buildChannelIndex(segments, 1000);
  if (typeof index === "string") throw new Error(index);
  return index;
}

/** Native errors come from another realm, so that `instanceof` does not know them. */
export function errorNamed(name: string): Error {
  return expect.objectContaining({ name, message: expect.stringMatching(/./) as string }) as Error;
}

/** The array after its memory was given away. */
export function detached<T extends NodeJS.TypedArray<ArrayBuffer>>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
