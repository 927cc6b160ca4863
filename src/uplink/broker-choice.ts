import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Random } from '../base/random.ts';

/**
 * Which of several brokers is tried next, and when. They are tried in the order of the site file, one right after the
 * other; a whole round in vain is followed by a pause that doubles. After a connection that stood for a while it begins
 * with the first again. A connection that works is never left for an earlier broker: that would interrupt it for nothing.
 * Pure.
 */
export interface BrokerChoice {
  readonly index: number;
  /** Attempts in a row without a good connection. */
  readonly failures: number;
}

export const firstChoice: BrokerChoice = { index: 0, failures: 0 };

/** A connection that stood so long was a good one. */
const stableMs = 30_000;

const roundBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** Between two brokers of a round. */
const hop: Backoff = { firstMs: 200, longestMs: 200 };

export interface Ended {
  /** From the attempt to the end of the connection. */
  readonly lastedMs: number;
  /** Another client uses our id: the two of us must not throw each other out in turn. */
  readonly isTakeover: boolean;
}

export function nextChoice(
  choice: BrokerChoice,
  { lastedMs, isTakeover }: Ended,
  brokers: number,
  random: Random,
): { readonly choice: BrokerChoice; readonly delayMs: number } {
  if (isTakeover) {
    const delayMs = backoffDelayMs(roundBackoff, Number.POSITIVE_INFINITY, random);
    return { choice: { ...choice, failures: choice.failures + 1 }, delayMs };
  }
  if (lastedMs >= stableMs) {
    return { choice: { index: 0, failures: 1 }, delayMs: backoffDelayMs(roundBackoff, 0, random) };
  }
  const failures = choice.failures + 1;
  const index = (choice.index + 1) % brokers;
  const delayMs =
    index === 0
      ? backoffDelayMs(roundBackoff, Math.ceil(failures / brokers) - 1, random)
      : backoffDelayMs(hop, 0, random);
  return { choice: { index, failures }, delayMs };
}
