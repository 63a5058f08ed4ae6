import { createInterface } from "node:readline";
import { performance } from "node:perf_hooks";
import type {
  ChannelDescription,
  SessionDescription,
} from "@mef3-cluster/contracts/session-description";
import { Decoder } from "@mef3-cluster/decoder/decoder";

/** Slots of a tile; decoding does not depend on it, only memory does. */
const SLOTS_PER_TILE = 32_768;
const TILES_PER_JOB = 4;

/**
 * A contender that decodes with our decoder on one thread. Requests:
 *
 *   {"session": path}                                     all samples of all channels
 *   {"session": path, "windows": [[first, nSlots], ...]}  windows over all channels
 */
async function main(): Promise<void> {
  let samplesDecoded = 0;
  const decoder = new Decoder({
    roots: ["/"],
    threads: 1,
    prefetchThreads: 0,
    freshMs: 60_000,
    maxIndexBytes: 2 ** 30,
    maxIdleFiles: 1024,
    now: () => performance.now(),
    observer: {
      decoded: (result) => {
        samplesDecoded += result.samplesDecoded;
      },
    },
    onCloseError: (error) => {
      throw error;
    },
  });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    const session = await decoder.describe(request.session, new AbortController().signal);
    samplesDecoded = 0;
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    const samples =
      request.windows === undefined
        ? await readEverything(decoder, session)
        : await readWindows(decoder, session, request.windows);
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const cpuSeconds = (user + system) / 1e6;
    process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds, samples, samplesDecoded })}\n`);
  }
  decoder.close();
}

interface Request {
  readonly session: string;
  readonly windows?: readonly (readonly [firstSlot: number, nSlots: number])[];
}

async function readEverything(decoder: Decoder, session: SessionDescription): Promise<number> {
  const longest = Math.max(...session.channels.map((channel) => channel.nSlots));
  const nTiles = Math.ceil(longest / SLOTS_PER_TILE);
  // One job waits while another runs, so that the decode thread is never idle.
  let previous: Promise<unknown> = Promise.resolve();
  for (let firstTile = 0; firstTile < nTiles; firstTile += TILES_PER_JOB) {
    const count = Math.min(TILES_PER_JOB, nTiles - firstTile);
    const job = decode(decoder, session, SLOTS_PER_TILE, firstTile, count);
    await previous;
    previous = job;
  }
  await previous;
  return session.channels.reduce((sum, channel) => sum + channel.nSamples, 0);
}

/** Each window as one tile that starts where the window does. */
async function readWindows(
  decoder: Decoder,
  session: SessionDescription,
  windows: readonly (readonly [number, number])[],
): Promise<number> {
  let samples = 0;
  for (const [firstSlot, nSlots] of windows) {
    if (firstSlot % nSlots !== 0)
      throw new RangeError("windows start at multiples of their length");
    await decode(decoder, session, nSlots, firstSlot / nSlots, 1);
    samples += nSlots * session.channels.length;
  }
  return samples;
}

function decode(
  decoder: Decoder,
  session: SessionDescription,
  slotsPerTile: number,
  firstTile: number,
  nTiles: number,
): Promise<unknown> {
  const { path, accessTag, channels } = session;
  const runs = channels.map(({ name, identity }: ChannelDescription) => ({
    channel: name,
    identity,
    slotsPerTile,
    firstTile,
    nTiles,
  }));
  return decoder.decode({ sessionPath: path, accessTag, kind: "f32", runs }, "batch").tiles;
}

void main();
