/** One time that an alarm stood. Wall ms. */
export interface Occurrence {
  readonly alarm: string;
  readonly from: number;
  /** Undefined: it still stood at the end. */
  readonly to: number | undefined;
}

/** A condition has come or gone, or an event of the alarm log says so. */
export interface Turn {
  readonly kind: 'began' | 'ended';
  readonly alarm: string;
  readonly at: number;
}

/** Puts beginnings and ends together. Turns of one alarm must come in their order. */
export interface Tally {
  add(turn: Turn): void;
  /** All that stood at some time from `from` on and before `to`, by their beginning. */
  occurrences(from: number, to: number): readonly Occurrence[];
}

export function createTally(): Tally {
  const open = new Map<string, number>();
  const closed: Occurrence[] = [];
  return {
    add({ kind, alarm, at }) {
      const since = open.get(alarm);
      if (kind === 'began') {
        if (since === undefined) open.set(alarm, at);
      } else if (since !== undefined) {
        open.delete(alarm);
        closed.push({ alarm, from: since, to: at });
      }
    },
    occurrences(from, to) {
      const standing = [...open].map(([alarm, since]): Occurrence => ({ alarm, from: since, to: undefined }));
      return [...closed, ...standing]
        .filter(one => one.from < to && (one.to === undefined || one.to >= from))
        .map(one => (one.to !== undefined && one.to >= to ? { ...one, to: undefined } : one))
        .sort((one, other) => one.from - other.from || (one.alarm < other.alarm ? -1 : 1));
    },
  };
}

/** How an alarm did over a time. Durations are of the part within it. */
export interface AlarmSum {
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
  /** When it began the first and the last time, which may be before the time that was asked for; undefined for never. */
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly isStanding: boolean;
}

export function sumUp(occurrences: readonly Occurrence[], from: number, to: number): AlarmSum {
  const durations = occurrences.map(one => Math.max(0, Math.min(one.to ?? to, to) - Math.max(one.from, from)));
  return {
    count: occurrences.length,
    totalMs: durations.reduce((sum, ms) => sum + ms, 0),
    longestMs: durations.reduce((longest, ms) => Math.max(longest, ms), 0),
    firstAt: occurrences[0]?.from,
    lastAt: occurrences.at(-1)?.from,
    isStanding: occurrences.some(one => one.to === undefined),
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

/** Most beginnings within any ten minutes: more than ten are called a flood (EEMUA 191). */
export function mostWithin(occurrences: readonly Occurrence[], windowMs: number): number {
  const starts = occurrences.map(({ from }) => from).sort((one, other) => one - other);
  let most = 0;
  let first = 0;
  for (const [index, at] of starts.entries()) {
    while ((starts[first] ?? at) <= at - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
