import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLocalClock, isWithin } from '../../src/compute/schedule.ts';
import { createScheduleWatch } from '../../src/compute/schedule-watch.ts';
import { type AlarmSchedule, weekdays } from '../../src/model/alarm.ts';

const nights: AlarmSchedule = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], fromMinute: 22 * 60, toMinute: 6 * 60 };
const office: AlarmSchedule = { days: ['mon', 'fri'], fromMinute: 8 * 60, toMinute: 17 * 60 + 30 };

function watched(schedule: AlarmSchedule, at: string, zone: string): boolean {
  return isWithin(schedule, createLocalClock(zone)(Date.parse(at)));
}

describe('a schedule goes by the clock on the wall', () => {
  test.each([
    // 2026-03-06 is a Friday; Shanghai is 8 h ahead.
    ['Friday 21:59', '2026-03-06T13:59:59Z', false],
    ['Friday 22:00', '2026-03-06T14:00:00Z', true],
    ['Saturday 05:59, begun on Friday', '2026-03-06T21:59:00Z', true],
    ['Saturday 06:00', '2026-03-06T22:00:00Z', false],
    ['Saturday 22:00', '2026-03-07T14:00:00Z', false],
    ['Monday 05:00, Sunday is none of its days', '2026-03-08T21:00:00Z', false],
    ['Monday 23:00', '2026-03-09T15:00:00Z', true],
  ])('over midnight: %s', (_, at, expected) => {
    expect(watched(nights, at, 'Asia/Shanghai')).toBe(expected);
  });

  test.each([
    ['Monday 08:00', '2026-03-09T07:00:00Z', true],
    ['Monday 17:30', '2026-03-09T16:30:00Z', false],
    ['Tuesday noon', '2026-03-10T11:00:00Z', false],
    // The clocks go forward on 29 March 2026: from then on the same local time is an hour earlier.
    ['Monday 08:00 in summer', '2026-03-30T06:00:00Z', true],
    ['Monday 07:59 in summer', '2026-03-30T05:59:00Z', false],
  ])('within a day: %s', (_, at, expected) => {
    expect(watched(office, at, 'Europe/Berlin')).toBe(expected);
  });

  test('the night in which the clocks go forward has an hour less, the one in which they go back an hour more', () => {
    const hours = (from: string) => {
      const whole = { ...nights, days: weekdays };
      const start = Date.parse(from);
      return Array.from({ length: 24 }, (_, hour) => start + hour * 3_600_000).filter(at =>
        isWithin(whole, createLocalClock('Europe/Berlin')(at)),
      ).length;
    };
    expect(hours('2026-03-27T11:00:00Z')).toBe(8);
    expect(hours('2026-03-28T11:00:00Z')).toBe(7);
    expect(hours('2026-10-24T11:00:00Z')).toBe(9);
  });

  test('it is as a model says that looks back for the last beginning', () => {
    const minute = fc.nat(24 * 60 - 1);
    const parts = fc.record({
      days: fc.subarray([...weekdays], { minLength: 1 }),
      fromMinute: minute,
      toMinute: minute,
    });
    fc.assert(
      fc.property(parts, fc.nat(7 * 24 * 60 - 1), (schedule, minuteOfWeek) => {
        const length = (schedule.toMinute - schedule.fromMinute + 24 * 60 - 1) % (24 * 60);
        const isBegun = Array.from(
          { length: length + 1 },
          (_, back) => (minuteOfWeek - back + 7 * 24 * 60) % (7 * 24 * 60),
        );
        const expected = isBegun.some(
          at =>
            at % (24 * 60) === schedule.fromMinute &&
            schedule.days.includes(weekdays[Math.floor(at / (24 * 60))] ?? 'mon'),
        );
        const day = weekdays[Math.floor(minuteOfWeek / (24 * 60))] ?? 'mon';
        expect(isWithin(schedule, { day, minute: minuteOfWeek % (24 * 60) })).toBe(expected);
      }),
    );
  });
});

describe('the watch over schedules', () => {
  const suppressions = [{ id: 'outside night', name: 'outside night', outside: nights }];
  const at = (text: string, mono = 0) => ({ sampledAt: Date.parse(text), sampledAtMono: mono });

  test('tells the first thing it knows, and then what changes', () => {
    const watch = createScheduleWatch(suppressions, 'UTC');
    const told = [
      '2026-03-06T12:00:00Z',
      '2026-03-06T12:00:05Z',
      '2026-03-06T22:00:01Z',
      '2026-03-06T22:01:01Z',
    ].flatMap(text => watch.step(at(text), false).map(({ isOn }) => `${isOn} ${text}`));
    expect(told).toEqual(['true 2026-03-06T12:00:00Z', 'false 2026-03-06T22:00:01Z']);
  });

  test('is not torn to and fro by what comes late at its beginning', () => {
    const watch = createScheduleWatch(suppressions, 'UTC');
    const told = [
      at('2026-03-06T21:59:00Z', 0),
      at('2026-03-06T22:00:00.010Z', 60_010),
      at('2026-03-06T21:59:59.990Z', 59_990),
      at('2026-03-06T21:59:59.900Z', 60_500),
      at('2026-03-06T22:00:01Z', 61_000),
    ].flatMap(batch => watch.step(batch, false).map(({ isOn, sampledAtMono }) => `${isOn} ${sampledAtMono}`));
    expect(told).toEqual(['true 0', 'false 60010']);
    // Set back for good, it is believed a minute later.
    expect(watch.step(at('2026-03-06T21:59:30Z', 130_000), false)).toMatchObject([{ isOn: true }]);
  });

  test('believes no clock that is in doubt', () => {
    const watch = createScheduleWatch(suppressions, 'UTC');
    expect(watch.step(at('1970-01-01T12:00:00Z'), true)).toEqual([]);
    expect(watch.step(at('2026-03-06T23:00:00Z'), false)).toMatchObject([{ isOn: false }]);
    expect(watch.step(at('2036-03-06T12:00:00Z'), true)).toEqual([]);
  });

  test('tells nothing anew when a reload leaves a schedule as it is', () => {
    const watch = createScheduleWatch(suppressions, 'UTC');
    watch.step(at('2026-03-06T12:00:00Z'), false);
    watch.replace(suppressions, 'UTC');
    expect(watch.step(at('2026-03-06T12:00:00Z'), false)).toEqual([]);
    watch.replace(suppressions, 'Asia/Shanghai');
    expect(watch.step(at('2026-03-06T15:00:00Z'), false)).toMatchObject([{ isOn: false }]);
  });
});
