import { type AlarmSchedule, type Weekday, weekdays } from '../model/alarm.ts';

/** What a clock on the wall shows. */
export interface LocalTime {
  readonly day: Weekday;
  /** Minutes since midnight. */
  readonly minute: number;
}

/**
 * Tells local times of a time zone (IANA; that of the machine when undefined). When the clocks go forward an hour is never
 * shown, and when they go back one is shown twice: a schedule follows what the clock on the wall shows.
 */
export function createLocalClock(timeZone: string | undefined): (wallMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  return wallMs => {
    const parts = new Map(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
    const shown = parts.get('weekday')?.toLowerCase();
    const day = weekdays.find(name => name === shown) ?? 'mon';
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
  };
}

/** Whether the schedule has begun and not ended. One that ends at the time it begins lasts a whole day. */
export function isWithin({ days, fromMinute, toMinute }: AlarmSchedule, { day, minute }: LocalTime): boolean {
  if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute;
  const before = weekdays[(weekdays.indexOf(day) + weekdays.length - 1) % weekdays.length] ?? day;
  return (days.includes(day) && minute >= fromMinute) || (days.includes(before) && minute < toMinute);
}
