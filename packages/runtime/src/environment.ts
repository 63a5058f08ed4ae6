/** Environment variables by name, as they were when the process started. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Copies the process environment; `main.ts` calls this once and passes the result on. */
export function readEnvironment(): Environment {
  // eslint-disable-next-line no-restricted-properties -- this file is where the rule sends everyone
  return { ...process.env };
}
