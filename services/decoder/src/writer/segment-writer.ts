import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { errorOfAbort } from "@mef3-cluster/contracts/signal-error";
import { roundHalfAway } from "@mef3-cluster/tiles/grid";
import type { AccessKeys, ValidationFields } from "../mef3/password";
import { BodyFile } from "./body-file";
import { INDEX_ENTRY_BYTES, indexEntry } from "./index-entry-writer";
import { metadataBody } from "./metadata-writer";
import {
  blockKey,
  type BlockEncryption,
  differenceBytes,
  redBlock,
  redBlockFlags,
} from "./red-block-writer";
import { TotalsCounter } from "./segment-totals";
import type { ChannelPlan, RunPlan, SegmentPlan } from "./session-plan";
import { storedTime } from "./stored-time";
import {
  type FileHeaderFields,
  type SegmentHeaderFields,
  universalHeader,
} from "./universal-header-writer";

/** What an extremum of an empty block is written as: no entry. */
const NO_COUNT_ENTRY = -2147483648;

/** What a segment needs to know of the session and channel around it. */
export interface SegmentContext {
  readonly sessionName: string;
  readonly channel: ChannelPlan;
  readonly channelNumber: number;
  /** Stored samples of the channel's earlier segments. */
  readonly startSample: number;
  readonly keys: AccessKeys;
  readonly validation: ValidationFields;
  readonly encryptBlocks: BlockEncryption | undefined;
  readonly blockSamples: number;
  /** µs */
  readonly recordingTimeOffset: number;
  /** Called after each block. */
  readonly onSamples: (nSamples: number) => void;
}

export interface WrittenSegment {
  readonly nBlocks: number;
  readonly nSamples: number;
  /** Of the three files together. */
  readonly nBytes: number;
  readonly startUutc: number;
  /** Exclusive. */
  readonly endUutc: number;
}

/**
 * Writes `CHANNEL-NNNNNN.segd` into a channel's directory, block by block.
 *
 * @throws SignalError CANCELLED, DEADLINE_EXCEEDED, INVALID_ARGUMENT
 */
export async function writeSegment(
  channelDirectory: string,
  segment: SegmentPlan,
  context: SegmentContext,
  signal: AbortSignal,
): Promise<WrittenSegment> {
  const stem = `${context.channel.name}-${String(segment.number).padStart(6, "0")}`;
  const directory = path.join(channelDirectory, `${stem}.segd`);
  await mkdir(directory);
  const file = (extension: string): string => path.join(directory, `${stem}.${extension}`);
  return BodyFile.with(file("tdat"), (data) =>
    BodyFile.with(file("tidx"), (index) =>
      BodyFile.with(file("tmet"), async (metadata) => {
        const blocks = new SegmentBlocks(data, index, context);
        for (const run of segment.runs) await blocks.writeRun(run, signal);
        await finishFiles({ data, index, metadata }, segment, context, blocks);
        return {
          nBlocks: blocks.counter.totals().numberOfBlocks,
          nSamples: blocks.counter.samples,
          nBytes: data.position + index.position + metadata.position,
          startUutc: blocks.startUutc,
          endUutc: blocks.endUutc,
        };
      }),
    ),
  );
}

/** The blocks of a segment on their way into data file and index. */
class SegmentBlocks {
  readonly counter = new TotalsCounter();
  startUutc = Infinity;
  endUutc = -Infinity;
  private readonly samples: Int32Array;

  constructor(
    private readonly data: BodyFile,
    private readonly index: BodyFile,
    private readonly context: SegmentContext,
  ) {
    this.samples = new Int32Array(context.blockSamples);
  }

  async writeRun(run: RunPlan, signal: AbortSignal): Promise<void> {
    const { blockSamples, channel, onSamples } = this.context;
    const nBlocks = Math.max(1, Math.ceil(run.nSamples / blockSamples));
    for (let block = 0; block < nBlocks; block += 1) {
      if (signal.aborted) throw errorOfAbort(signal);
      const first = block * blockSamples;
      const samples = this.samples.subarray(0, Math.min(blockSamples, run.nSamples - first));
      run.source.fill(samples);
      // From the run's start, so that no rounding adds up over a long run.
      const offsetUs = roundHalfAway((first * 1e6) / channel.samplingRate);
      const startUutc = run.blockStartUutc?.[block] ?? run.startUutc + offsetUs;
      await this.writeBlock(samples, startUutc, block === 0);
      onSamples(samples.length);
    }
  }

  private async writeBlock(
    samples: Int32Array,
    startUutc: number,
    discontinuity: boolean,
  ): Promise<void> {
    const { keys, encryptBlocks, recordingTimeOffset, channel } = this.context;
    const startTime = storedTime(startUutc, recordingTimeOffset);
    const key = encryptBlocks === undefined ? undefined : blockKey(keys, encryptBlocks);
    const encryption =
      encryptBlocks === undefined || key === undefined ? undefined : { level: encryptBlocks, key };
    const block = redBlock(samples, { startTime, discontinuity }, encryption);
    const extrema = extremaOf(samples);
    const entry = indexEntry({
      fileOffset: this.data.position,
      startTime,
      startSample: this.counter.samples,
      numberOfSamples: samples.length,
      blockBytes: block.byteLength,
      maximumSampleValue: extrema?.maximum ?? NO_COUNT_ENTRY,
      minimumSampleValue: extrema?.minimum ?? NO_COUNT_ENTRY,
      redBlockFlags: redBlockFlags(block),
    });
    await this.data.append(block);
    await this.index.append(entry);
    this.counter.add({
      numberOfSamples: samples.length,
      blockBytes: block.byteLength,
      differenceBytes: differenceBytes(block),
      extrema,
      discontinuity,
    });
    const spanUs = roundHalfAway((samples.length * 1e6) / channel.samplingRate);
    this.startUutc = Math.min(this.startUutc, startUutc);
    this.endUutc = Math.max(this.endUutc, startUutc + spanUs);
  }
}

function extremaOf(samples: Int32Array): { minimum: number; maximum: number } | undefined {
  const [first] = samples;
  if (first === undefined) return undefined;
  let minimum = first;
  let maximum = first;
  for (const sample of samples) {
    if (sample < minimum) minimum = sample;
    else if (sample > maximum) maximum = sample;
  }
  return { minimum, maximum };
}

async function finishFiles(
  files: { readonly data: BodyFile; readonly index: BodyFile; readonly metadata: BodyFile },
  segment: SegmentPlan,
  context: SegmentContext,
  blocks: SegmentBlocks,
): Promise<void> {
  const { channel, channelNumber, startSample, recordingTimeOffset, keys } = context;
  const totals = blocks.counter.totals();
  const body = metadataBody(
    {
      samplingRate: channel.samplingRate,
      unitsConversionFactor: channel.unitsConversionFactor,
      unit: channel.unit,
      channelDescription: channel.name,
      recordingDuration: blocks.endUutc - blocks.startUutc,
      acquisitionChannelNumber: channelNumber,
      startSample,
      recordingTimeOffset,
      totals,
    },
    keys,
  );
  await files.metadata.append(body);
  const common: SegmentHeaderFields = {
    startTime: storedTime(blocks.startUutc, recordingTimeOffset),
    endTime: storedTime(blocks.endUutc, recordingTimeOffset),
    segmentNumber: segment.number,
    channelName: channel.name,
    sessionName: context.sessionName,
    levelUuid: randomBytes(16),
    validation: context.validation,
  };
  const { numberOfBlocks } = totals;
  const finish = (file: BodyFile, fields: Omit<FileHeaderFields, "fileUuid" | "bodyCrc">) =>
    file.finish(
      universalHeader(common, { ...fields, fileUuid: randomBytes(16), bodyCrc: file.bodyCrc }),
    );
  await finish(files.metadata, { fileType: "tmet", numberOfEntries: 1, maximumEntrySize: 16384 });
  await finish(files.index, {
    fileType: "tidx",
    numberOfEntries: numberOfBlocks,
    maximumEntrySize: INDEX_ENTRY_BYTES,
  });
  await finish(files.data, {
    fileType: "tdat",
    numberOfEntries: numberOfBlocks,
    maximumEntrySize: totals.maximumBlockSamples,
  });
}
