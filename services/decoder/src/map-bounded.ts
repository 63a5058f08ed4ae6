import { errorOfAbort } from "@mef3-cluster/contracts/signal-error";

/**
 * Maps with at most `limit` calls under way, results in the order of `items`.
 * The first failure, or an abort, starts nothing more and rejects once the calls
 * under way have ended.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T, index: number) => Promise<R>,
  signal: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const entries = items.entries();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) {
      if (failures.length > 0) return;
      if (signal.aborted) throw errorOfAbort(signal);
      results[index] = await map(item, index);
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, () =>
    worker().catch((error: unknown) => {
      failures.push(error);
    }),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
  return results;
}
