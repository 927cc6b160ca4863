import type { AlarmLife } from './alarm.ts';

/** The alarm key under which a suppression of the site is told. */
export function suppressionAlarm(id: string): string {
  return `site/suppression:${id}`;
}

/** Ids have no comma. */
const separator = ', ';

/** Ids of the suppressions that hide an alarm. */
export function suppressionsOf({ masks }: Pick<AlarmLife, 'masks'>): readonly string[] {
  return masks.suppressed?.reason?.split(separator) ?? [];
}

/** The reason of a mask that `suppressionsOf` reads; undefined of none. */
export function reasonOf(suppressions: readonly string[]): string | undefined {
  return suppressions.length === 0 ? undefined : suppressions.join(separator);
}
