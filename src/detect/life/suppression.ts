import type { AlarmState } from '../../model/alarm.ts';

/** Ids have no comma. */
const separator = ', ';

/** The ids of what hides an alarm as its reason; undefined when nothing does. */
export function reasonsOf(suppressions: readonly string[]): string | undefined {
  return suppressions.length === 0 ? undefined : suppressions.join(separator);
}

/** The suppressions that were active when these states were kept, of those that the site still knows. */
export function activeReasons(states: readonly AlarmState[], known: ReadonlySet<string>): ReadonlySet<string> {
  const named = states.flatMap(({ masks }) => masks.suppressed?.reason?.split(separator) ?? []);
  return new Set(named.filter(id => known.has(id)));
}
