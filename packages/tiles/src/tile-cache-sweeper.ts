/** The timers a sweeper needs; the global functions, except in tests. */
export interface SweepTimers {
  setInterval(callback: () => void, periodMs: number): NodeJS.Timeout;
  clearInterval(timer: NodeJS.Timeout): void;
}

/**
 * Sweeps a cache every `periodMs`, so that memory is given back even if nobody
 * asks for anything.
 *
 * @returns  stops the sweeping; until then it keeps the process alive
 */
export function startSweeper(
  cache: { sweep(): void },
  periodMs: number,
  timers: SweepTimers = { setInterval, clearInterval },
): () => void {
  const timer = timers.setInterval(() => {
    cache.sweep();
  }, periodMs);
  return () => {
    timers.clearInterval(timer);
  };
}
