import { z } from "zod";

/** Limits of a number, both inclusive. */
export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
}

const TRUE_WORDS = ["1", "true", "yes", "on"];
const FALSE_WORDS = ["0", "false", "no", "off"];

/** Text that is taken as it is. */
export function text() {
  return z.string();
}

/**
 * A switch: `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`, in any case.
 *
 * Unlike the servers this one replaces, a word that is neither is a problem to
 * report, not "off".
 */
export function flag() {
  return z.string().transform((given, context) => {
    const word = given.toLowerCase();
    if (TRUE_WORDS.includes(word)) return true;
    if (FALSE_WORDS.includes(word)) return false;
    context.addIssue(`must be one of ${TRUE_WORDS.join(", ")} or one of ${FALSE_WORDS.join(", ")}`);
    return z.NEVER;
  });
}

/** A whole number in decimal notation. */
export function integer(limits: NumberLimits = {}) {
  return numeric("a whole number", limits, (value) => Number.isSafeInteger(value));
}

/** A finite number in decimal notation; name its unit in the field's name. */
export function decimal(limits: NumberLimits = {}) {
  return numeric("a number", limits, (value) => Number.isFinite(value));
}

/** A TCP port; 0 lets the operating system choose a free one. */
export function port() {
  return integer({ min: 0, max: 65535 });
}

/** One of a closed list of lower-case words, in any case. */
export function oneOf<const W extends string>(words: readonly W[]) {
  return z.string().transform((given, context): W => {
    const word = words.find((candidate) => candidate === given.toLowerCase());
    if (word !== undefined) return word;
    context.addIssue(`must be one of ${words.join(", ")}`);
    return z.NEVER;
  });
}

/** A list of non-empty texts separated by commas; spaces around them do not count. */
export function list() {
  return z.string().transform((given): readonly string[] =>
    given
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  );
}

function numeric(kind: string, limits: NumberLimits, accepts: (value: number) => boolean) {
  const expectation = `must be ${kind}${describeLimits(limits)}`;
  return z.string().transform((given, context) => {
    // Number() alone would read "0x10" and "" as numbers.
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) ? Number(given) : NaN;
    const inside = value >= (limits.min ?? -Infinity) && value <= (limits.max ?? Infinity);
    if (inside && accepts(value)) return value;
    context.addIssue(expectation);
    return z.NEVER;
  });
}

function describeLimits({ min, max }: NumberLimits): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return `, ${min} or more`;
  if (max !== undefined) return `, ${max} or less`;
  return "";
}
