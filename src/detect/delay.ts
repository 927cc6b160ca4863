/**
 * How long a change of condition has lasted: the on-delay and the off-delay of a rule, of which only one can run at a
 * time. Changed in place.
 *
 * A good sample stands for the time until the next sample. From a bad sample to the next good one nothing is known, and
 * that time counts for nothing: the delay is frozen and then goes on. So a device that answers every second read still
 * raises its alarms, only later.
 */
export interface Delay {
  isRunning: boolean;
  isFrozen: boolean;
  heldMs: number;
  /** Monotonic ms up to which heldMs is reckoned. */
  seenMono: number;
}

export function createDelay(): Delay {
  return { isRunning: false, isFrozen: false, heldMs: 0, seenMono: 0 };
}

/**
 * A sample confirms the change. Starts the delay when it does not run yet.
 * @returns whether the change has now lasted for delayMs.
 */
export function runDelay(delay: Delay, mono: number, delayMs: number): boolean {
  if (!delay.isRunning) {
    delay.isRunning = true;
    delay.heldMs = 0;
  } else if (!delay.isFrozen) {
    delay.heldMs += mono - delay.seenMono;
  }
  delay.isFrozen = false;
  delay.seenMono = mono;
  return delay.heldMs >= delayMs;
}

/** A sample says nothing: what was held so far is kept, what follows does not count until the next runDelay. */
export function freezeDelay(delay: Delay, mono: number): void {
  if (!delay.isRunning || delay.isFrozen) return;
  delay.heldMs += mono - delay.seenMono;
  delay.isFrozen = true;
}

/** A sample contradicts the change: the delay starts from nothing next time. */
export function stopDelay(delay: Delay): void {
  delay.isRunning = false;
}
