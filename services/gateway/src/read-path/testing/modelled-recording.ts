import type {
  ChannelDescription,
  DamagedSpan,
  SessionDescription,
  SlotRun,
} from "@mef3-cluster/contracts/session-description";
import { toUutc } from "@mef3-cluster/contracts/uutc";
import { type FactorRun, NO_COUNT, type Tile, type TileKind } from "@mef3-cluster/tiles/tile";
import { BYTES_PER_SAMPLE, type WindowRequest } from "../window-reader";

/** Short, so that a tile holds several. */
const FACTOR_RUN_SLOTS = 11;
const FACTORS = [0.0488, -0.1, 1 / 3, 1.0000001];

/** Describes a channel whose samples are a function of its name and the slot. */
export function modelledChannel(
  given: Partial<ChannelDescription> & Pick<ChannelDescription, "name">,
): ChannelDescription {
  const coverage = given.coverage ?? [{ firstSlot: 0, nSlots: given.nSlots ?? 1000 }];
  const nSlots = given.nSlots ?? coverage.reduce((end, run) => Math.max(end, endOf(run)), 0);
  return {
    samplingRate: 250,
    startUutc: toUutc(1_700_000_000_000_000),
    endUutc: toUutc(1_700_000_000_000_000 + nSlots * 4000),
    nSlots,
    nSamples: coverage.reduce((sum, run) => sum + run.nSlots, 0),
    nOverlapped: 0,
    unit: "uV",
    unitsConversionFactor: FACTORS[0] ?? 1,
    identity: `sealed-${given.name}`,
    edgeIdentity: `edge-${given.name}-${nSlots}`,
    sealedSlots: nSlots,
    coverage,
    damage: [],
    ...given,
  };
}

export function modelledSession(
  channels: readonly ChannelDescription[],
  path = "/data/model.mefd",
): SessionDescription {
  return {
    path,
    accessTag: "plain",
    timeBase: "ABSOLUTE",
    channels,
    startUutc: toUutc(Math.min(...channels.map(({ startUutc }) => startUutc))),
    endUutc: toUutc(Math.max(...channels.map(({ endUutc }) => endUutc))),
    warnings: [],
  };
}

/** The tile a decoder makes of the model. */
export function modelledTile(
  channel: ChannelDescription,
  kind: TileKind,
  slotsPerTile: number,
  index: number,
): Tile {
  const firstSlot = index * slotsPerTile;
  const counts = Int32Array.from({ length: slotsPerTile }, (_, i) =>
    countAt(channel, firstSlot + i),
  );
  const damage = clipped(channel.damage, firstSlot, slotsPerTile);
  if (kind === "f32") {
    const samples = Float32Array.from(counts, (count, i) => valueOf(count, firstSlot + i));
    return { kind, samples, damage };
  }
  return { kind, samples: counts, factorRuns: factorRuns(firstSlot, slotsPerTile), damage };
}

/** What a read of the whole window answers: row-major, little-endian. */
export function modelledAnswer(request: WindowRequest): Uint8Array {
  const { rows, nSamples, sampleType } = request;
  const bytes = new Uint8Array(rows.length * nSamples * BYTES_PER_SAMPLE[sampleType]);
  const view = new DataView(bytes.buffer);
  rows.forEach(({ channel, firstSlot }, row) => {
    for (let column = 0; column < nSamples; column += 1) {
      const slot = firstSlot + column;
      const value = valueOf(countAt(channel, slot), slot);
      const at = row * nSamples + column;
      if (sampleType === "float32") view.setFloat32(at * 4, value, true);
      else view.setFloat64(at * 8, value, true);
    }
  });
  return bytes;
}

/** Whether a block or damage of the channel lies in the tile. */
export function isStored(channel: ChannelDescription, slotsPerTile: number, index: number) {
  const [first, end] = [index * slotsPerTile, (index + 1) * slotsPerTile];
  return [...channel.coverage, ...channel.damage].some(
    (run) => run.firstSlot < end && endOf(run) > first,
  );
}

export function endOf({ firstSlot, nSlots }: SlotRun): number {
  return firstSlot + nSlots;
}

/** The count at a slot, `NO_COUNT` where there is none. */
function countAt(channel: ChannelDescription, slot: number): number {
  const holds = (run: SlotRun): boolean => run.firstSlot <= slot && slot < endOf(run);
  if (!channel.coverage.some(holds) || channel.damage.some(holds)) return NO_COUNT;
  const mixed = mix(slot, channel.name);
  // A stored sample may itself be the one that means "no number".
  return mixed % 53 === 0 ? NO_COUNT : mixed >> 7;
}

function valueOf(count: number, slot: number): number {
  return count === NO_COUNT ? NaN : count * factorAt(slot);
}

function factorAt(slot: number): number {
  return FACTORS[Math.floor(slot / FACTOR_RUN_SLOTS) % FACTORS.length] ?? NaN;
}

function factorRuns(firstSlot: number, nSlots: number): FactorRun[] {
  const runs: FactorRun[] = [];
  const end = firstSlot + nSlots;
  for (let slot = Math.max(0, firstSlot); slot < end;) {
    const next = Math.min(end, (Math.floor(slot / FACTOR_RUN_SLOTS) + 1) * FACTOR_RUN_SLOTS);
    runs.push({ firstSlot: slot, nSlots: next - slot, factor: factorAt(slot) });
    slot = next;
  }
  return runs;
}

function clipped(spans: readonly DamagedSpan[], firstSlot: number, nSlots: number): DamagedSpan[] {
  return spans.flatMap((span) => {
    const from = Math.max(span.firstSlot, firstSlot);
    const to = Math.min(endOf(span), firstSlot + nSlots);
    return from < to ? [{ ...span, firstSlot: from, nSlots: to - from }] : [];
  });
}

/** 32 bits that depend on every bit of the slot and on the name. */
function mix(slot: number, name: string): number {
  let hash = Math.imul(slot % 2 ** 32, 0x9e3779b1) ^ Math.imul(slot / 2 ** 32, 0x85ebca6b);
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
