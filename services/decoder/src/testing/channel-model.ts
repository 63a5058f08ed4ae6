import { type ChannelSpec, startOf } from "./recording-spec";

const NO_COUNT = -2147483648;

interface PlacedSample {
  readonly count: number;
  readonly factor: number;
}

/**
 * What a channel's slots hold, worked out sample by sample from what was put
 * in: docs/mef3-format.md, sections 9 and 10, in the plainest form.
 */
export class ChannelModel {
  readonly startUutc: number;
  private readonly slots = new Map<number, PlacedSample>();

  constructor(private readonly channel: ChannelSpec) {
    this.startUutc = Math.min(...channel.segments.map(startOf));
    for (const segment of channel.segments) {
      for (const block of segment.blocks) {
        const first = this.slotOf(block.startUutc);
        block.samples.forEach((count, k) => {
          if (first + k >= 0) this.slots.set(first + k, { count, factor: segment.factor });
        });
      }
    }
  }

  slotOf(uutc: number): number {
    const exact = ((uutc - this.startUutc) * this.channel.samplingRate) / 1e6;
    const towardsZero = Math.trunc(exact);
    if (Math.abs(exact - towardsZero) < 0.5) return towardsZero;
    return towardsZero + Math.sign(exact);
  }

  /** Slots that a block covers. */
  get nCovered(): number {
    return this.slots.size;
  }

  /** One past the last covered slot. */
  get endSlot(): number {
    return Math.max(0, ...[...this.slots.keys()].map((slot) => slot + 1));
  }

  /** Native units per count where a block covers the slot. */
  factorAt(slot: number): number | undefined {
    return this.slots.get(slot)?.factor;
  }

  f32(firstSlot: number, nSlots: number): Float32Array {
    return Float32Array.from({ length: nSlots }, (_, i) => {
      const placed = this.slots.get(firstSlot + i);
      if (placed === undefined || placed.count === NO_COUNT) return NaN;
      return Math.fround(placed.count * placed.factor);
    });
  }

  i32(firstSlot: number, nSlots: number): Int32Array {
    return Int32Array.from(
      { length: nSlots },
      (_, i) => this.slots.get(firstSlot + i)?.count ?? NO_COUNT,
    );
  }
}
