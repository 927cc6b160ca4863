import { formatAge } from '../../base/duration.ts';
import type { PointView } from '../../model/view.ts';
import { decimalsOf, formatNumber, noValue } from './number.ts';

/** The value of a point for a person: the text of its state, a text, or a number without its unit. */
export function formatValue(point: Pick<PointView, 'value' | 'state'>, decimals?: number): string {
  if (point.state !== null) return point.state;
  if (point.value === null) return noValue;
  if (typeof point.value === 'string') return point.value;
  return formatNumber(point.value, decimals ?? decimalsOf(point.value));
}

/** An age, or a dash where there is none. A clock that was set back makes no negative age. */
export function formatAgeOr(ageMs: number | null): string {
  return ageMs === null ? noValue : formatAge(Math.max(0, ageMs));
}

/** 1 alarm, 2 alarms */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
