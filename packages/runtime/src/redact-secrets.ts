/** Names of fields whose values are never logged, in any case. */
export const SECRET_FIELDS = [
  "password",
  "passwords",
  "level1Password",
  "level2Password",
  "passphrase",
  "authorization",
  "cookie",
  "token",
  "secret",
] as const;

const SECRET_NAMES: ReadonlySet<string> = new Set(SECRET_FIELDS.map((name) => name.toLowerCase()));

export const REDACTED = "[redacted]";

/** Chosen: deeper than anything that is logged; also ends the walk around a cycle. */
const MAX_DEPTH = 8;

/**
 * The value without secrets: fields with such a name, in any case and at any
 * depth, read `[redacted]`. What holds none is returned as it is, not copied.
 *
 * A walk of our own, because the logger's redaction by path takes 60 µs per line
 * for three levels (measured), most of what a small read costs.
 */
export function redactSecrets(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  if (depth === MAX_DEPTH) return REDACTED;
  let copy: Record<string, unknown> | undefined;
  for (const [name, field] of Object.entries(value)) {
    const isSecret = SECRET_NAMES.has(name.toLowerCase());
    const safe = isSecret ? REDACTED : redactSecrets(field, depth + 1);
    if (safe === field) continue;
    copy ??= { ...value };
    copy[name] = safe;
  }
  if (copy === undefined) return value;
  return Array.isArray(value) ? Object.values(copy) : copy;
}

/** Errors and other classes know themselves how they are logged. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
