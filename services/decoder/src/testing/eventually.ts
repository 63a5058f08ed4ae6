/** Chosen: far beyond what anything here takes. */
const DEADLINE_MS = 10_000;

/** Waits for what happens soon but tells nobody, such as a file being closed. */
export async function eventually(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`never: ${String(isTrue)}`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
