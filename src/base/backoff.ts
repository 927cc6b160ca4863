import type { Random } from './random.ts';

/** How long to wait before the next try: doubling from `firstMs` up to `longestMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * The wait before try number `attempt` (0 is the first repetition), with up to 20 % taken off at random, so that a
 * hundred gateways do not knock at one broker in the same instant.
 */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: Random): number {
  const fullMs = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempt, 30));
  return fullMs * (1 - 0.2 * random.next());
}
