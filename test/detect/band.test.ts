import { describe, expect, test } from 'vitest';
import { createDetector, type Detector, type DetectorOptions } from '../../src/detect/detector.ts';
import type { BandRule } from '../../src/model/alarm.ts';
import { bandRule, batch, textOf, type Value, wallAt } from './plant.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const utc: DetectorOptions = { timeOfDay: wallMs => wallMs % dayMs };

function withBand(parts: Partial<BandRule> = {}, active: string[] = [], options = utc): Detector {
  return createDetector([bandRule({ minChange: 3, ...parts })], active, options);
}

/** Light by day and none at night, with some flicker: kW by the hour of day. */
function usual(mono: number): number {
  const hour = Math.floor(mono / hourMs) % 24;
  return (hour >= 7 && hour < 22 ? 40 : 5) + Math.sin(mono / 977_000);
}

/** A value each 5 minutes, from one time to another. */
function live(detector: Detector, from: number, to: number, value: (mono: number) => Value): string[] {
  const heard: string[] = [];
  for (let mono = from; mono < to; mono += 5 * minuteMs)
    heard.push(...detector.step(batch(mono, [value(mono)])).map(textOf));
  return heard;
}

describe('light as it was at this time of day', () => {
  test('is no alarm, by day and by night', () => {
    expect(live(withBand(), 0, 20 * dayMs, usual)).toEqual([]);
  });

  test('that burns in the fourth night is one, and by day it is none', () => {
    const detector = withBand({ direction: 'above' });
    live(detector, 0, 3 * dayMs, usual);
    const night = 3 * dayMs + 2 * hourMs;
    const lit = (mono: number) => (mono >= night ? 40 : usual(mono));
    expect(live(detector, 3 * dayMs, 4 * dayMs, lit)).toEqual([
      `met ${night}`,
      `gone ${3 * dayMs + 7 * hourMs}`,
      `met ${3 * dayMs + 22 * hourMs}`,
    ]);
  });

  test.each([
    ['above', [45, 41.5, 41.5, 40.9], ['met 0', 'gone 3']],
    ['below', [35, 38.5, 38.5, 39.1], ['met 0', 'gone 3']],
  ])('with a deadband ends an alarm %s it only well within the band', (_, values, expected) => {
    const detector = withBand({ minChange: 3, deadband: 2 });
    live(detector, 0, 3 * dayMs, () => 40);
    const heard = values.flatMap((value, index) =>
      detector.step(batch(3 * dayMs + index * minuteMs, [value])).map(({ kind }) => `${kind} ${index}`),
    );
    expect(heard).toEqual(expected);
  });

  test('is not known before three days are learned', () => {
    const detector = withBand();
    live(detector, 0, 2 * dayMs + 12 * hourMs, usual);
    expect(live(detector, 2 * dayMs + 12 * hourMs, 3 * dayMs, () => 400)).toEqual([]);
  });

  test('says nothing of an alarm that stands, before three days are learned', () => {
    expect(live(withBand({}, ['pump/unusual']), 0, 2 * dayMs, usual)).toEqual([]);
  });

  test('is not learned while the alarm stands: it stands as long as the light burns', () => {
    const detector = withBand({ days: 3 });
    live(detector, 0, 3 * dayMs, usual);
    const stuck = live(detector, 3 * dayMs, 30 * dayMs, mono => usual(mono) + 100);
    expect(stuck).toEqual([`met ${3 * dayMs}`]);
    expect(live(detector, 30 * dayMs, 31 * dayMs, usual)).toEqual([`gone ${30 * dayMs}`]);
  });

  test('is not learned from bad values', () => {
    const detector = withBand();
    live(detector, 0, 5 * dayMs, () => 'timeout');
    live(detector, 5 * dayMs, 8 * dayMs, usual);
    expect(live(detector, 8 * dayMs, 9 * dayMs, () => 'offline')).toEqual([]);
    expect(live(detector, 9 * dayMs, 9 * dayMs + hourMs, () => 40)).toEqual([`met ${9 * dayMs}`]);
  });

  test('follows the plant over the days, and forgets what is older', () => {
    const detector = withBand({ days: 3, minChange: 6 });
    // The base load rises by 2 kW a day.
    expect(live(detector, 0, 30 * dayMs, mono => usual(mono) + 2 * Math.floor(mono / dayMs))).toEqual([]);
  });

  test('is not spoilt by one absurd day', () => {
    const detector = withBand();
    live(detector, 0, 4 * dayMs, mono => (Math.floor(mono / dayMs) === 1 ? Number.MAX_VALUE : usual(mono)));
    expect(live(detector, 4 * dayMs, 5 * dayMs, usual)).toEqual([]);
    expect(live(detector, 5 * dayMs, 5 * dayMs + hourMs, () => 40)).toEqual([`met ${5 * dayMs}`]);
  });

  test('has a small change that is always allowed', () => {
    const steady = () => 5;
    const detector = withBand({ minChange: 2 });
    live(detector, 0, 3 * dayMs, steady);
    expect(live(detector, 3 * dayMs, 3 * dayMs + hourMs / 2, () => 7)).toEqual([]);
    expect(live(detector, 3 * dayMs + hourMs / 2, 3 * dayMs + hourMs, () => 3)).toEqual([]);
    expect(live(detector, 3 * dayMs + hourMs, 3 * dayMs + 2 * hourMs, () => 2.9)).toEqual([
      `met ${3 * dayMs + hourMs}`,
    ]);
  });

  test.each([
    ['below', 139, []],
    ['below', 59, ['met']],
    ['above', 141, ['met']],
    ['above', 59, []],
    ['both', 141, ['met']],
    ['both', 139, []],
    ['both', 61, []],
    ['both', 59, ['met']],
  ] as const)('%s a share of 40 %%: %d of 100', (direction, value, expected) => {
    const detector = withBand({ direction, width: { kind: 'share', value: 0.4 }, minChange: 0 });
    live(detector, 0, 3 * dayMs, () => 100);
    const heard = live(detector, 3 * dayMs, 3 * dayMs + hourMs, () => value);
    expect(heard.map(text => text.split(' ')[0])).toEqual(expected);
  });

  test('is learned for each quarter of an hour where it is asked for', () => {
    const quarters = (mono: number) => [0, 10, 20, 30][Math.floor(mono / (15 * minuteMs)) % 4] ?? 0;
    const detector = withBand({ slotMs: 15 * minuteMs });
    live(detector, 0, 4 * dayMs, quarters);
    expect(live(detector, 4 * dayMs, 4 * dayMs + hourMs, mono => quarters(mono + 15 * minuteMs))).toEqual([
      `met ${4 * dayMs}`,
    ]);
  });
});

describe('the wall clock', () => {
  const at = (detector: Detector, mono: number, wall: number, value: Value) =>
    detector.step(batch(mono, [value], { sampledAt: wall })).map(textOf);

  test.each([3_650, -3_650])('that jumps by %d days changes nothing', days => {
    const detector = withBand();
    for (let mono = 0; mono < 6 * dayMs; mono += 5 * minuteMs) {
      const wall = wallAt(mono) + (mono > 2 * dayMs ? days * dayMs : 0);
      expect(at(detector, mono, wall, usual(mono))).toEqual([]);
    }
    expect(at(detector, 6 * dayMs, wallAt(6 * dayMs) + days * dayMs, 40)).toEqual([`met ${6 * dayMs}`]);
  });

  test('that is put back by an hour lets the hour be learned on, and no day be counted twice', () => {
    const detector = withBand();
    for (let hour = 0; hour < 40; hour += 1) {
      // The same two hours for ever, within two days.
      at(detector, hour * 30 * minuteMs, wallAt((hour % 2) * hourMs), 5);
    }
    expect(at(detector, 20 * hourMs, wallAt(0), 500)).toEqual([]);
  });

  test('that nobody trusts says nothing, and neither does one that says nonsense', () => {
    for (const timeOfDay of [() => undefined, () => -1, () => dayMs, () => Number.NaN]) {
      const detector = withBand({}, [], { timeOfDay });
      live(detector, 0, 4 * dayMs, () => 5);
      expect(live(detector, 4 * dayMs, 5 * dayMs, () => 500)).toEqual([]);
    }
    const without = createDetector([bandRule()], []);
    live(without, 0, 4 * dayMs, () => 5);
    expect(live(without, 4 * dayMs, 5 * dayMs, () => 500)).toEqual([]);
  });

  test.each<[string, Value, number | undefined]>([
    ['the point cannot be read', 'timeout', 0],
    ['nobody knows what hour it is', 5, undefined],
    ['the hour is nonsense', 5, -1],
    ['the hour is beyond the day', 5, dayMs],
  ])('stays a standing alarm while %s', (_why, value, timeMs) => {
    let now: number | undefined = 0;
    const detector = withBand({}, [], { timeOfDay: () => now });
    for (let day = 0; day < 3; day += 1) detector.step(batch(day * dayMs, [5]));
    expect(live(detector, 3 * dayMs, 3 * dayMs + 1, () => 500)).toEqual([`met ${3 * dayMs}`]);
    now = timeMs;
    expect(live(detector, 3 * dayMs + hourMs, 3 * dayMs + 2 * hourMs, () => value)).toEqual([]);
    now = 0;
    expect(live(detector, 3 * dayMs + 3 * hourMs, 3 * dayMs + 3 * hourMs + 1, () => 5)).toHaveLength(1);
  });

  test('that is put back by an hour on the third day does not make it count as one that was learned', () => {
    const detector = withBand();
    for (let half = 0; half < 60; half += 1) at(detector, half * 30 * minuteMs, wallAt((half % 2) * hourMs), 5);
    expect(at(detector, 30 * hourMs, wallAt(0), 500)).toEqual([]);
  });

  test('makes another day of what comes half a day later, and not of what comes before', () => {
    const readEvery = (ms: number) => {
      const detector = withBand();
      for (let turn = 0; turn < 3; turn += 1) at(detector, turn * ms, wallAt(0), 5);
      return at(detector, 3 * ms, wallAt(0), 500);
    };
    expect(readEvery(dayMs / 2)).toEqual([`met ${(3 * dayMs) / 2}`]);
    expect(readEvery(dayMs / 2 - 1)).toEqual([]);
  });

  test('that is put back by an hour brings back what was learned of that hour', () => {
    const detector = withBand();
    const value = (hour: number) => 5 + 45 * hour;
    for (let day = 0; day < 4; day += 1) {
      for (const [step, hour] of [0, 1, 0, 1].entries()) {
        const mono = day * dayMs + step * hourMs;
        expect(at(detector, mono, wallAt(hour * hourMs), value(hour))).toEqual([]);
      }
    }
    expect(at(detector, 3 * dayMs + 4 * hourMs, wallAt(0), value(1))).toHaveLength(1);
  });

  test('is not asked how long a gap was: a point read at the same minute of two days is read on two days', () => {
    const detector = withBand();
    for (let day = 0; day < 3; day += 1) at(detector, day * dayMs, wallAt(day * dayMs), 5);
    expect(at(detector, 3 * dayMs, wallAt(3 * dayMs), 500)).toEqual([`met ${3 * dayMs}`]);
  });
});

describe('what is learned', () => {
  test('is kept when it is new: one value of each quarter of an hour', () => {
    const detector = withBand();
    const keptAfter = (mono: number, value: Value) => {
      live(detector, mono, mono + 1, () => value);
      return detector.memories(mono).length;
    };
    expect(keptAfter(0, 'timeout')).toBe(0);
    expect(keptAfter(1, 5)).toBe(1);
    expect(keptAfter(10 * minuteMs, 6)).toBe(0);
    expect(keptAfter(15 * minuteMs, 6)).toBe(1);
  });

  test('is known at once after a restart, in whatever hour it comes', () => {
    for (const hour of [0, 1, 2]) {
      const before = withBand();
      live(before, 0, 3 * dayMs + hour * hourMs + 30 * minuteMs, usual);
      const atMono = 3 * dayMs + hour * hourMs + 30 * minuteMs;
      const memories = new Map(before.memories(atMono).map(({ rule, state }) => [rule.key, { state, atMono }]));
      const after = withBand({}, [], { ...utc, memories });
      expect(live(after, atMono, atMono + 1, () => 40)).toEqual([`met ${atMono}`]);
    }
  });
});
