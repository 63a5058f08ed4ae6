/** How far a process is: it takes work only while `ready`. */
export type Phase = "starting" | "ready" | "draining";

/**
 * The phase of this process, and of nothing else: a lost dependency does not
 * change it, so that what still works is still reached.
 */
export class Readiness {
  #phase: Phase = "starting";

  get phase(): Phase {
    return this.#phase;
  }

  /** Does nothing once draining: a process that is going down does not come back. */
  markReady(): void {
    if (this.#phase === "starting") this.#phase = "ready";
  }

  markDraining(): void {
    this.#phase = "draining";
  }
}
