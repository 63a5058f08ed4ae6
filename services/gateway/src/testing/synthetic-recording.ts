import type {
  ChannelDescription,
  SessionDescription,
} from "@mef3-cluster/contracts/session-description";
import { errorOfAbort, SignalError } from "@mef3-cluster/contracts/signal-error";
import { toUutc } from "@mef3-cluster/contracts/uutc";
import {
  BYTES_PER_SAMPLE,
  type WindowPart,
  type WindowReader,
  type WindowRequest,
  type WindowRow,
} from "../read-path/window-reader";
import type { SessionCatalogue } from "../sessions/session-catalogue";

export interface SyntheticChannel {
  readonly name: string;
  readonly fs: number;
  readonly startUutc: number;
  readonly nSlots: number;
}

/** Describes a session of channels without gaps; its end is exclusive. */
export function syntheticSession(
  path: string,
  channels: readonly SyntheticChannel[],
): SessionDescription {
  const described = channels.map(describeChannel);
  return {
    path,
    accessTag: "plain",
    timeBase: "ABSOLUTE",
    channels: described,
    startUutc: toUutc(Math.min(...described.map(({ startUutc }) => startUutc))),
    endUutc: toUutc(Math.max(...described.map(({ endUutc }) => endUutc))),
    warnings: [],
  };
}

function describeChannel({ name, fs, startUutc, nSlots }: SyntheticChannel): ChannelDescription {
  return {
    name,
    samplingRate: fs,
    startUutc: toUutc(startUutc),
    endUutc: toUutc(startUutc + Math.round((nSlots * 1e6) / fs)),
    nSlots,
    nSamples: nSlots,
    nOverlapped: 0,
    unit: "uV",
    unitsConversionFactor: 1,
    identity: name,
    edgeIdentity: name,
    sealedSlots: nSlots,
    coverage: [{ firstSlot: 0, nSlots }],
    damage: [],
  };
}

/** The value of a slot: differs between channels and slots, and is no float32. */
export function syntheticValue(channel: ChannelDescription, slot: number): number {
  if (slot < 0 || slot >= channel.nSlots) return NaN;
  return slot + channel.name.charCodeAt(channel.name.length - 1) / 1000;
}

/** Serves sessions made by `syntheticSession` and remembers what was released. */
export class SyntheticCatalogue implements SessionCatalogue {
  readonly sessions: Map<string, SessionDescription>;
  readonly released: string[] = [];
  /** Thrown instead of answering, where set. */
  failure: Error | undefined;

  constructor(sessions: readonly SessionDescription[]) {
    this.sessions = new Map(sessions.map((session) => [session.path, session]));
  }

  async describe(clientPath: string, signal: AbortSignal): Promise<SessionDescription> {
    if (signal.aborted) throw errorOfAbort(signal);
    if (this.failure !== undefined) throw this.failure;
    const session = this.sessions.get(clientPath);
    if (session === undefined) throw new SignalError("SESSION_NOT_FOUND", "no such recording");
    return Promise.resolve(session);
  }

  release(session: SessionDescription): void {
    this.released.push(session.path);
  }
}

/** Answers with synthetic values, and lets a test look at and disturb its reads. */
export class SyntheticReader implements WindowReader {
  readonly requests: WindowRequest[] = [];
  readonly prefetchedAround: WindowRequest[] = [];
  readonly prefetched: WindowRequest[] = [];
  /** Parts handed out by all reads together. */
  partsDelivered = 0;
  /** Reads begun and not ended. */
  activeReads = 0;
  /** Awaited before each part; the argument counts the parts of that read. */
  beforePart: (part: number, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  async *read(
    request: WindowRequest,
    maxPartBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<WindowPart> {
    this.requests.push(request);
    this.activeReads += 1;
    try {
      const columnBytes = request.rows.length * BYTES_PER_SAMPLE[request.sampleType];
      const perPart = Math.max(1, Math.floor(maxPartBytes / columnBytes));
      for (let offset = 0; offset < request.nSamples; offset += perPart) {
        await this.beforePart(offset / perPart, signal);
        if (signal.aborted) throw errorOfAbort(signal);
        this.partsDelivered += 1;
        yield syntheticPart(request, offset, Math.min(perPart, request.nSamples - offset));
      }
    } finally {
      this.activeReads -= 1;
    }
  }

  prefetchAround(request: WindowRequest): void {
    this.prefetchedAround.push(request);
  }

  prefetch(request: WindowRequest): void {
    this.prefetched.push(request);
  }
}

function syntheticPart(request: WindowRequest, offset: number, nSamples: number): WindowPart {
  return {
    offset,
    nSamples,
    damage: [],
    copyInto: (target, byteOffset) => {
      const { rows, sampleType } = request;
      const place = [
        target.buffer,
        target.byteOffset + byteOffset,
        rows.length * nSamples,
      ] as const;
      // A typed view needs an aligned place, which the port promises.
      const samples =
        sampleType === "float32" ? new Float32Array(...place) : new Float64Array(...place);
      rows.forEach((row, index) => {
        for (let column = 0; column < nSamples; column += 1) {
          samples[index * nSamples + column] = valueAt(row, offset + column);
        }
      });
    },
  };
}

function valueAt({ channel, firstSlot }: WindowRow, column: number): number {
  return syntheticValue(channel, firstSlot + column);
}
