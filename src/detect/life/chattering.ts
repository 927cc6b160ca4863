/*
 * An alarm that comes and goes: a limit without deadband, a loose contact. It is told once and hidden from nobody; who
 * tunes the alarms finds it in the list. Time is that of the samples, so it does not matter how they were read.
 */

/** So many raises within the time make an alarm chatter (EEMUA 191). */
export const chatteringRaises = 3;
export const chatteringWithinMs = 60_000;

/** After so long without a raise it chatters no more, and the next time it does is told again. */
export const chatteringCalmMs = 300_000;

/** Of one alarm. */
export interface Chattering {
  /** Monotonic times of its latest raises, oldest first: never more than `chatteringRaises`. */
  readonly raisedMono: readonly number[];
  readonly isChattering: boolean;
}

/**
 * The alarm was raised. Pure.
 * @param before undefined for an alarm that was not raised yet.
 * @returns `hasBegun` when this raise is the one that makes it chatter.
 */
export function stepChattering(
  before: Chattering | undefined,
  mono: number,
): { readonly chattering: Chattering; readonly hasBegun: boolean } {
  const latest = before?.raisedMono.at(-1) ?? mono;
  // Samples of different devices may come out of order; time does not run backwards.
  const now = Math.max(latest, mono);
  const raisedMono = [...(before?.raisedMono ?? []), now].slice(-chatteringRaises);
  const wasChattering = before !== undefined && isChattering(before, now);
  const oldest = raisedMono.length === chatteringRaises ? raisedMono[0] : undefined;
  const isFast = oldest !== undefined && now - oldest <= chatteringWithinMs;
  return { chattering: { raisedMono, isChattering: wasChattering || isFast }, hasBegun: isFast && !wasChattering };
}

/** Whether it chatters at this time. It ends by itself: nothing has to be stepped for that. */
export function isChattering({ raisedMono, isChattering }: Chattering, mono: number): boolean {
  return isChattering && mono - Math.max(...raisedMono) < chatteringCalmMs;
}
