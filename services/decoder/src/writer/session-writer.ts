import { randomUUID } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { SignalError } from "@mef3-cluster/contracts/signal-error";
import { hasErrorCode } from "@mef3-cluster/runtime/error-code";
import { accessForWriting } from "../mef3/password";
import { type SegmentContext, writeSegment } from "./segment-writer";
import {
  type ChannelPlan,
  checkSessionPlan,
  plannedSamples,
  samplesPerBlock,
  type SessionPlan,
} from "./session-plan";

export interface WriteProgress {
  readonly nSamplesWritten: number;
  readonly nSamples: number;
}

export interface WrittenSession {
  /** Of the `.mefd` directory. */
  readonly path: string;
  readonly nChannels: number;
  readonly nSegments: number;
  readonly nBlocks: number;
  readonly nSamples: number;
  /** Of all files. */
  readonly nBytes: number;
  /** µs */
  readonly startUutc: number;
  /** µs, exclusive. */
  readonly endUutc: number;
}

/**
 * Writes a session as `NAME.mefd` into a directory, losslessly. Holds one block
 * of samples at a time. The session appears whole, by a rename, or not at all.
 *
 * @param directory   exists already
 * @param onProgress  called after each RED block
 * @throws SignalError INVALID_ARGUMENT if the plan is impossible or the session
 *   exists, CANCELLED, DEADLINE_EXCEEDED; errors of the file system as they are
 */
export async function writeSession(
  directory: string,
  plan: SessionPlan,
  onProgress: (progress: WriteProgress) => void,
  signal: AbortSignal,
): Promise<WrittenSession> {
  checkSessionPlan(plan);
  const target = path.resolve(directory, `${plan.name}.mefd`);
  const temporary = path.join(directory, `.${plan.name}.${randomUUID()}.part`);
  await mkdir(temporary);
  try {
    const totals = await writeChannels(temporary, plan, onProgress, signal);
    await publish(temporary, target);
    return { path: target, ...totals };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function writeChannels(
  directory: string,
  plan: SessionPlan,
  onProgress: (progress: WriteProgress) => void,
  signal: AbortSignal,
): Promise<Omit<WrittenSession, "path">> {
  const access = accessForWriting(plan.password1, plan.password2);
  const nSamples = plannedSamples(plan);
  let nSamplesWritten = 0;
  const common = {
    sessionName: plan.name,
    ...access,
    encryptBlocks: plan.encryptBlocks,
    recordingTimeOffset: plan.recordingTimeOffset ?? 0,
    onSamples: (n: number) => {
      nSamplesWritten += n;
      onProgress({ nSamplesWritten, nSamples });
    },
  };
  let [nSegments, nBlocks, nBytes, startUutc, endUutc] = [0, 0, 0, Infinity, -Infinity];
  for (const [i, channel] of plan.channels.entries()) {
    const blockSamples = samplesPerBlock(plan, channel.samplingRate);
    const context = { ...common, channel, channelNumber: i + 1, blockSamples };
    for (const segment of await writeChannel(directory, channel, context, signal)) {
      nSegments += 1;
      nBlocks += segment.nBlocks;
      nBytes += segment.nBytes;
      startUutc = Math.min(startUutc, segment.startUutc);
      endUutc = Math.max(endUutc, segment.endUutc);
    }
  }
  const nChannels = plan.channels.length;
  return { nChannels, nSegments, nBlocks, nSamples: nSamplesWritten, nBytes, startUutc, endUutc };
}

async function writeChannel(
  directory: string,
  channel: ChannelPlan,
  context: Omit<SegmentContext, "startSample">,
  signal: AbortSignal,
) {
  const channelDirectory = path.join(directory, `${channel.name}.timd`);
  await mkdir(channelDirectory);
  const written = [];
  let startSample = 0;
  for (const segment of channel.segments) {
    const outcome = await writeSegment(
      channelDirectory,
      segment,
      { ...context, startSample },
      signal,
    );
    startSample += outcome.nSamples;
    written.push(outcome);
  }
  return written;
}

/** A rename replaces an empty directory and nothing else. */
async function publish(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    const exists = ["ENOTEMPTY", "EEXIST", "ENOTDIR"].some((code) => hasErrorCode(error, code));
    if (!exists) throw error;
    throw new SignalError("INVALID_ARGUMENT", "the session exists already", {}, { cause: error });
  }
}
