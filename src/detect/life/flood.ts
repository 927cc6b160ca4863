/*
 * A flood is when more alarms come than a person can read. It begins with more than 10 raises within 10 minutes and ends
 * when there were fewer than 5 (EEMUA 191). Every announced raise counts, secondaries as well: they fill the screen, too.
 *
 * The latest 11 raises are all that has to be known: the flood begins when the oldest of them is within the window, and
 * ends when the fifth newest is not.
 */

export const floodWindowMs = 600_000;
/** It begins with one more than so many within the window. */
export const floodBeginsAbove = 10;
/** It ends with fewer than so many. */
export const floodEndsBelow = 5;

const keptRaises = floodBeginsAbove + 1;

export interface Flood {
  /** Monotonic times of the latest raises, oldest first: never more than are needed. */
  readonly raisedMono: readonly number[];
  /** Undefined while there is none. */
  readonly current: { readonly raises: number } | undefined;
}

export type FloodEvent =
  | { readonly kind: 'flood-began'; readonly raises: number }
  /** `raises`: in the whole flood, those that it began with included. */
  | { readonly kind: 'flood-ended'; readonly raises: number };

export interface FloodStep {
  readonly flood: Flood;
  readonly event: FloodEvent | undefined;
}

export const noFlood: Flood = { raisedMono: [], current: undefined };

/**
 * A flood that stood before a restart goes on. Which raises it had is not known any more: it ends when the time since the
 * restart alone is calm, so at the earliest one window after it.
 */
export function resumeFlood(mono: number, raises: number): Flood {
  return { raisedMono: Array.from({ length: floodEndsBelow }, () => mono), current: { raises } };
}

/**
 * An alarm was raised, or time has passed. A raise after the calm that nobody has told of ends the flood: so few cannot
 * begin one. Pure.
 */
export function stepFlood(
  before: Flood,
  input: { readonly kind: 'raised' | 'time'; readonly mono: number },
): FloodStep {
  // Samples of different devices may come out of order; time does not run backwards.
  const mono = Math.max(before.raisedMono.at(-1) ?? input.mono, input.mono);
  const raisedMono = input.kind === 'raised' ? [...before.raisedMono, mono].slice(-keptRaises) : before.raisedMono;
  const endsMono = floodEndsMono(before);
  if (before.current) {
    const { raises } = before.current;
    if (endsMono !== undefined && mono >= endsMono) {
      return { flood: { raisedMono, current: undefined }, event: { kind: 'flood-ended', raises } };
    }
    const more = input.kind === 'raised' ? 1 : 0;
    return { flood: { raisedMono, current: { raises: raises + more } }, event: undefined };
  }
  const oldest = raisedMono.length === keptRaises ? raisedMono[0] : undefined;
  if (input.kind === 'time' || oldest === undefined || mono - oldest >= floodWindowMs) {
    return { flood: { raisedMono, current: undefined }, event: undefined };
  }
  const current = { raises: keptRaises };
  return { flood: { raisedMono, current }, event: { kind: 'flood-began', ...current } };
}

/** When the flood will be over if no more comes; undefined while there is none. */
export function floodEndsMono({ raisedMono, current }: Flood): number | undefined {
  const [fifthNewest = Number.POSITIVE_INFINITY] = raisedMono.slice(-floodEndsBelow);
  return current && fifthNewest + floodWindowMs;
}
