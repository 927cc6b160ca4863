import type { TransitionKind } from '../model/alarm.ts';

/** One time that an alarm stood. Wall ms. */
export interface Occurrence {
  readonly alarm: string;
  readonly from: number;
  /** Undefined: it still stood at the end. */
  readonly to: number | undefined;
  /** It was shelved, suppressed or out of service: nobody was told. One that is hidden or shown while it stands makes two. */
  readonly isHidden: boolean;
}

/** What happened to an alarm, or what an event of the alarm log says. */
export interface Turn {
  /** Kinds that say nothing about conditions and hiding are passed over. */
  readonly kind: TransitionKind;
  readonly alarm: string;
  readonly at: number;
}

/** Puts beginnings and ends together. Turns of one alarm must come in their order. */
export interface Tally {
  add(turn: Turn): void;
  /** All that stood at some time from `from` on and before `to`, by their beginning. */
  occurrences(from: number, to: number): readonly Occurrence[];
}

/** `hides`: what stands goes on, and nobody is told any more. */
type Effect = 'shown' | 'hidden' | 'hides' | 'over';

const effects: Readonly<Partial<Record<TransitionKind, Effect>>> = {
  raised: 'shown',
  'flood-began': 'shown',
  'hidden-raised': 'hidden',
  shelved: 'hides',
  suppressed: 'hides',
  'out-of-service': 'hides',
  returned: 'over',
  'hidden-returned': 'over',
  removed: 'over',
  'flood-ended': 'over',
};

export function createTally(): Tally {
  const open = new Map<string, Occurrence>();
  const closed: Occurrence[] = [];

  function close(alarm: string, at: number): void {
    const one = open.get(alarm);
    if (!one) return;
    open.delete(alarm);
    closed.push({ ...one, to: at });
  }

  return {
    add({ kind, alarm, at }) {
      const effect = effects[kind];
      if (effect === undefined) return;
      if (effect === 'over') return close(alarm, at);
      const before = open.get(alarm);
      const isHidden = effect !== 'shown';
      if (before ? before.isHidden === isHidden : effect === 'hides') return;
      close(alarm, at);
      open.set(alarm, { alarm, from: at, to: undefined, isHidden });
    },
    occurrences(from, to) {
      return [...closed, ...open.values()]
        .filter(one => one.from < to && (one.to === undefined || one.to >= from))
        .map(one => (one.to !== undefined && one.to >= to ? { ...one, to: undefined } : one))
        .sort((one, other) => one.from - other.from || (one.alarm < other.alarm ? -1 : 1));
    },
  };
}

/** How an alarm did over a time: as people were told, but for `hidden`. Durations are of the part within it. */
export interface AlarmSum {
  readonly count: number;
  /** How often it stood and nobody was told. */
  readonly hidden: number;
  readonly totalMs: number;
  readonly longestMs: number;
  /** When it began the first and the last time, which may be before the time that was asked for; undefined for never. */
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly isStanding: boolean;
}

export function sumUp(occurrences: readonly Occurrence[], from: number, to: number): AlarmSum {
  const shown = occurrences.filter(({ isHidden }) => !isHidden);
  const durations = shown.map(one => Math.max(0, Math.min(one.to ?? to, to) - Math.max(one.from, from)));
  return {
    count: shown.length,
    hidden: occurrences.length - shown.length,
    totalMs: durations.reduce((sum, ms) => sum + ms, 0),
    longestMs: durations.reduce((longest, ms) => Math.max(longest, ms), 0),
    firstAt: shown[0]?.from,
    lastAt: shown.at(-1)?.from,
    isStanding: shown.some(one => one.to === undefined),
  };
}

export function groupByAlarm(occurrences: readonly Occurrence[]): ReadonlyMap<string, readonly Occurrence[]> {
  const groups = new Map<string, Occurrence[]>();
  for (const one of occurrences) {
    const group = groups.get(one.alarm);
    if (group) group.push(one);
    else groups.set(one.alarm, [one]);
  }
  return groups;
}

/** Most beginnings that were told within any ten minutes: more than ten are called a flood (EEMUA 191). */
export function mostWithin(occurrences: readonly Occurrence[], windowMs: number): number {
  const shown = occurrences.filter(({ isHidden }) => !isHidden);
  const starts = shown.map(({ from }) => from).sort((one, other) => one - other);
  let most = 0;
  let first = 0;
  for (const [index, at] of starts.entries()) {
    while ((starts[first] ?? at) <= at - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
