import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTimeOfDay } from '../../src/judge/time-of-day.ts';

const hour = 3_600_000;

test.each([
  ['UTC', '2026-06-01T10:20:30.400Z', 10 * hour + 20 * 60_000 + 30_400],
  ['Asia/Shanghai', '2026-06-01T10:20:30.400Z', 18 * hour + 20 * 60_000 + 30_400],
  ['Asia/Shanghai', '2026-06-01T16:00:00Z', 0],
  // 45 minutes beside the hours of all others.
  ['Asia/Kathmandu', '2026-06-01T18:14:59.999Z', 24 * hour - 1],
  ['Asia/Kathmandu', '2026-06-01T18:15:00Z', 0],
  // The clocks go forward at 01:00 UTC.
  ['Europe/Berlin', '2026-03-29T00:59:59Z', 2 * hour - 1_000],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 3 * hour],
  ['Europe/Berlin', '2026-10-25T01:00:00Z', 2 * hour],
])('in %s it is, at %s, so many ms after midnight', (zone, at, expected) => {
  expect(createTimeOfDay(zone)(Date.parse(at))).toBe(expected);
});

test('without a time zone it is the time of this machine, whatever the order in which it is asked', () => {
  const timeOfDay = createTimeOfDay(undefined);
  const span = { min: Date.UTC(2000, 0), max: Date.UTC(2037, 0) };
  fc.assert(
    fc.property(fc.array(fc.integer(span), { minLength: 1, maxLength: 5 }), times => {
      for (const at of times) {
        const date = new Date(at);
        const seconds = date.getHours() * 3_600 + date.getMinutes() * 60 + date.getSeconds();
        expect(timeOfDay(at)).toBe(seconds * 1_000 + date.getMilliseconds());
      }
    }),
  );
});
