/** Wall times as RFC 3339 texts, and what a person writes for one. */

export type FormatTime = (atMs: number) => string;

export const formatUtc: FormatTime = atMs => new Date(atMs).toISOString();

/** With the offset of this machine's time zone at that time: 2026-01-31T14:05:09.000+08:00 */
export const formatLocal: FormatTime = atMs => {
  const date = new Date(atMs);
  const offsetMinutes = -date.getTimezoneOffset();
  const wall = new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, -1);
  const size = Math.abs(offsetMinutes);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${wall}${offsetMinutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
};

const dayPattern = /^\d{4}-\d\d-\d\d$/;
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;

/** Ms since 1970, or undefined. Without an offset it is of this machine's time zone, also a bare day. */
export function parseTime(text: string): number | undefined {
  const isDay = dayPattern.test(text);
  if (!isDay && !timePattern.test(text)) return undefined;
  const ms = Date.parse(isDay ? `${text}T00:00` : text);
  if (Number.isNaN(ms)) return undefined;
  // February 31st is taken for a day in March.
  const day = Number(text.slice(8, 10));
  const daysInMonth = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  return day <= daysInMonth ? ms : undefined;
}
