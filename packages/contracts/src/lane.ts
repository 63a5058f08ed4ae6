/**
 * Whose work goes first: a person waiting, a job walking a recording, or a
 * window nobody has asked for yet. In priority order.
 */
export const LANES = ["interactive", "batch", "prefetch"] as const;

export type Lane = (typeof LANES)[number];
