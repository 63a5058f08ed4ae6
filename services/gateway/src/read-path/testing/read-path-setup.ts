import type { SessionDescription } from "@mef3-cluster/contracts/session-description";
import { MemoryTileCache } from "@mef3-cluster/tiles/memory-tile-cache";
import { ByteBudget } from "../byte-budget";
import { Prefetcher } from "../prefetcher";
import { TileLoader, type TileOutcome } from "../tile-loader";
import { TiledWindowReader } from "../tiled-window-reader";
import {
  BYTES_PER_SAMPLE,
  type WindowPart,
  type WindowReader,
  type WindowRequest,
} from "../window-reader";
import { ScriptedTileMaker } from "./scripted-tile-maker";

const MIB = 1024 * 1024;

export interface ReadPathSettings {
  /** S of every channel whose rate asks for at least as much. */
  readonly tileMaxSamples?: number;
  readonly tileDurationSeconds?: number;
  readonly cacheBytes?: number;
  readonly budgetBytes?: number;
  readonly slabBytes?: number;
  readonly samplesPerJob?: number;
  readonly aheadWindows?: number;
  readonly behindWindows?: number;
  readonly prefetchBytes?: number;
  readonly pace?: "at once" | "when told";
}

/** A read path over a scripted tile maker, and what it reported. */
export function readPathOver(session: SessionDescription, settings: ReadPathSettings = {}) {
  const maker = new ScriptedTileMaker(session, settings.pace ?? "at once");
  const outcomes: Record<TileOutcome, number> = { memory: 0, shared: 0, decoded: 0, empty: 0 };
  const cache = new MemoryTileCache({
    maxBytes: settings.cacheBytes ?? 64 * MIB,
    ttlMs: 0,
    now: () => 0,
  });
  const loader = new TileLoader({
    cache,
    maker,
    samplesPerJob: settings.samplesPerJob ?? MIB,
    onTiles: (outcome, n) => {
      outcomes[outcome] += n;
    },
  });
  const tileLength = {
    tileDurationSeconds: settings.tileDurationSeconds ?? 60,
    tileMaxSamples: settings.tileMaxSamples ?? 16,
  };
  const prefetched: number[] = [];
  const prefetchErrors: unknown[] = [];
  const prefetcher = new Prefetcher({
    loader,
    tileLength,
    aheadWindows: settings.aheadWindows ?? 0,
    behindWindows: settings.behindWindows ?? 0,
    maxBytes: settings.prefetchBytes ?? MIB,
    onTiles: (n) => prefetched.push(n),
    onError: (error) => prefetchErrors.push(error),
  });
  const budget = new ByteBudget(settings.budgetBytes ?? 16 * MIB);
  /** How often a recording was described again. */
  const descriptions: string[] = [];
  const windows = new TiledWindowReader({
    tileLength,
    slabBytes: settings.slabBytes ?? MIB,
    budget,
    loader,
    prefetcher,
    describeAgain: ({ path }) => {
      descriptions.push(path);
      return Promise.resolve(maker.session);
    },
  });
  return {
    ...{ maker, cache, loader, budget, windows, tileLength },
    ...{ prefetcher, prefetched, prefetchErrors, outcomes, descriptions },
  };
}

export type ReadPathSetup = ReturnType<typeof readPathOver>;

/** A request for all channels of a session, each from the same slot on. */
export function windowOf(
  session: SessionDescription,
  firstSlot: number,
  nSamples: number,
  rest: Partial<WindowRequest> = {},
): WindowRequest {
  const rows = session.channels.map((channel) => ({ channel, firstSlot }));
  const how = { sampleType: "float32", lane: "interactive", damage: "error" } as const;
  return { session, rows, nSamples, ...how, ...rest };
}

/** The bytes of a part, written at an odd place to show that none need be aligned. */
export function bytesOf(part: WindowPart, request: WindowRequest): Uint8Array {
  const nBytes = request.rows.length * part.nSamples * BYTES_PER_SAMPLE[request.sampleType];
  const target = new Uint8Array(nBytes + 9).fill(0xa5);
  part.copyInto(target, 3);
  const around = [...target.subarray(0, 3), ...target.subarray(3 + nBytes)];
  if (around.some((byte) => byte !== 0xa5)) throw new RangeError("wrote beyond its bytes");
  return target.subarray(3, 3 + nBytes);
}

/** Joins parts, each row-major, to the row-major matrix of the whole window. */
export function joined(
  parts: readonly { readonly nSamples: number; readonly bytes: Uint8Array }[],
  request: WindowRequest,
): Uint8Array {
  const size = BYTES_PER_SAMPLE[request.sampleType];
  const { nSamples } = request;
  const whole = new Uint8Array(request.rows.length * nSamples * size);
  let column = 0;
  for (const part of parts) {
    const rowBytes = part.nSamples * size;
    for (let row = 0; row < request.rows.length; row += 1) {
      const bytes = part.bytes.subarray(row * rowBytes, (row + 1) * rowBytes);
      whole.set(bytes, (row * nSamples + column) * size);
    }
    column += part.nSamples;
  }
  return whole;
}

/** Where two matrices first differ, in bytes; undefined if they are the same. */
export function differenceOf(actual: Uint8Array, expected: Uint8Array): number | undefined {
  if (Buffer.compare(actual, expected) === 0) return undefined;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  return at < 0 ? Math.min(actual.length, expected.length) : at;
}

/** Everything a read delivered, copied out. */
export async function readAll(
  { windows }: { readonly windows: WindowReader },
  request: WindowRequest,
  maxPartBytes = MIB,
  signal: AbortSignal = new AbortController().signal,
) {
  const parts = [];
  for await (const part of windows.read(request, maxPartBytes, signal)) {
    const { offset, nSamples, damage } = part;
    parts.push({ offset, nSamples, damage, bytes: bytesOf(part, request) });
  }
  return parts;
}
