import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { SessionPlan } from "@mef3-cluster/decoder/writer/session-plan";
import { writeSession } from "@mef3-cluster/decoder/writer/session-writer";
import { createSignal, type SignalKind } from "@mef3-cluster/decoder/writer/signals";

/** A recording that benchmarks read. */
export interface Dataset {
  /** Also the name of the session's directory. */
  readonly name: string;
  readonly nChannels: number;
  /** Hz */
  readonly samplingRate: number;
  readonly durationSeconds: number;
  readonly signal: SignalKind;
}

export const DATASETS = {
  clinical: {
    name: "bench-64x256",
    nChannels: 64,
    samplingRate: 256,
    durationSeconds: 7200,
    signal: "eeg",
  },
  research: {
    name: "bench-128x2048",
    nChannels: 128,
    samplingRate: 2048,
    durationSeconds: 1200,
    signal: "eeg",
  },
  rough: {
    name: "bench-rough-64x256",
    nChannels: 64,
    samplingRate: 256,
    durationSeconds: 3600,
    signal: "rough",
  },
} as const satisfies Record<string, Dataset>;

const START_UUTC = 1_577_836_800_000_000;

/**
 * The session's path, after writing it if it is not there yet.
 *
 * @param onProgress  share done, 0 to 1
 */
export async function ensureDataset(
  folder: string,
  dataset: Dataset,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const session = path.join(folder, `${dataset.name}.mefd`);
  if (existsSync(session)) return session;
  await mkdir(folder, { recursive: true });
  await writeSession(
    folder,
    planOf(dataset),
    ({ nSamplesWritten, nSamples }) => {
      onProgress(nSamplesWritten / nSamples);
    },
    signal,
  );
  return session;
}

function planOf(dataset: Dataset): SessionPlan {
  const { name, nChannels, samplingRate, durationSeconds, signal } = dataset;
  return {
    name,
    channels: Array.from({ length: nChannels }, (_, i) => ({
      name: `Ch${String(i + 1).padStart(3, "0")}`,
      samplingRate,
      unitsConversionFactor: 0.0488,
      unit: "uV",
      segments: [
        {
          number: 0,
          runs: [
            {
              startUutc: START_UUTC,
              nSamples: Math.round(durationSeconds * samplingRate),
              source: createSignal({ kind: signal, seed: i + 1 }, samplingRate),
            },
          ],
        },
      ],
    })),
  };
}

/** Bytes of all `.tdat` files per sample. */
export function bytesPerSample(session: string, dataset: Dataset): number {
  const files = readdirSync(session, { recursive: true, encoding: "utf8" });
  const bytes = files
    .filter((file) => file.endsWith(".tdat"))
    .reduce((sum, file) => sum + statSync(path.join(session, file)).size, 0);
  return bytes / (dataset.nChannels * dataset.durationSeconds * dataset.samplingRate);
}
