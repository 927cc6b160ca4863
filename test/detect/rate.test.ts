import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import type { RateRule } from '../../src/model/alarm.ts';
import { batch, every, play, rateRule, type Value } from './plant.ts';

/** One value a second: `count` of them, from `from`, changing by `perS`. */
function ramp(from: number, perS: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index * perS);
}

describe('a rate of 1 per second over 10 s', () => {
  test.each<[RateRule['direction'], string, number[], string[]]>([
    ['rise', 'a rise of 1.1/s', ramp(0, 1.1, 20), ['met 5000']],
    ['rise', 'a rise of 0.9/s', ramp(0, 0.9, 20), []],
    ['rise', 'a fall of 1.1/s', ramp(0, -1.1, 20), []],
    ['fall', 'a fall of 1.1/s', ramp(0, -1.1, 20), ['met 5000']],
    ['fall', 'a rise of 1.1/s', ramp(0, 1.1, 20), []],
    ['both', 'a rise of 1.1/s', ramp(0, 1.1, 20), ['met 5000']],
    ['both', 'a fall of 1.1/s', ramp(0, -1.1, 20), ['met 5000']],
    ['rise', 'a rise of exactly 1/s', ramp(0, 1, 20), []],
    ['both', 'no change', ramp(7, 0, 20), []],
  ])('%s sees %s', (direction, _name, values, expected) => {
    expect(play(createDetector([rateRule({ direction })], []), every(1_000, values))).toEqual(expected);
  });

  test('returns when the value has settled', () => {
    const values = [...ramp(0, 2, 11), ...ramp(20, 0, 20)];
    const heard = play(createDetector([rateRule()], []), every(1_000, values));
    expect(heard[0]).toBe('met 5000');
    expect(heard[1]).toMatch(/^gone 1[4-9]000$/);
    expect(heard).toHaveLength(2);
  });
});

test('a change of exactly the least that counts is enough', () => {
  expect(play(createDetector([rateRule({ minChange: 16 })], []), every(1_000, ramp(0, 2, 20)))).toEqual(['met 8000']);
});

test('a slope is measured over time, not over samples', () => {
  const irregular: [number, Value][] = [0, 100, 200, 3_000, 3_100, 6_000, 9_500, 9_600].map(t => [
    t,
    (t / 1_000) * 0.9,
  ]);
  expect(play(createDetector([rateRule()], []), irregular)).toEqual([]);
});

test('noise that is steep but small does not fire', () => {
  const noise = Array.from({ length: 40 }, () => [50, 51.5, 48.8, 50.7, 49.1]).flat();
  const quick = { windowMs: 3_000, ratePerS: 0.1, direction: 'both' } as const;
  expect(play(createDetector([rateRule({ ...quick, minChange: 5 })], []), every(1_000, noise))).toEqual([]);
  expect(play(createDetector([rateRule({ ...quick, minChange: 0 })], []), every(1_000, noise)).length).toBeGreaterThan(
    10,
  );
});

test('a burst pipe: 0.03 MPa lost per second for five seconds', () => {
  const rule = rateRule({ direction: 'fall', ratePerS: 0.02, windowMs: 5_000, minChange: 0.05 });
  const values = [...ramp(0.42, 0, 30), ...ramp(0.42, -0.03, 6), ...ramp(0.27, 0, 30)];
  const heard = play(createDetector([rule], []), every(1_000, values));
  expect(heard.map(text => text.split(' ')[0])).toEqual(['met', 'gone']);
});

describe('a window that cannot say', () => {
  test('waits until half of it is covered', () => {
    const detector = createDetector([rateRule({ windowMs: 60_000 })], []);
    expect(play(detector, every(1_000, ramp(0, 5, 30)))).toEqual([]);
    expect(play(detector, every(1_000, ramp(150, 5, 2), 30_000))).toEqual(['met 30000']);
  });

  test('needs three samples', () => {
    const detector = createDetector([rateRule({ windowMs: 10_000 })], []);
    expect(play(detector, every(10_000, ramp(0, 100, 10)))).toEqual([]);
  });

  test('neither raises nor clears through a gap', () => {
    const detector = createDetector([rateRule()], []);
    const rising = every(1_000, ramp(0, 2, 8));
    const gap = every(1_000, Array<Value>(12).fill('timeout'), 8_000);
    // Back at the same level: across the gap nothing changed, but the window does not know yet.
    const flat = every(1_000, ramp(14, 0, 5), 20_000);
    expect(play(detector, [...rising, ...gap, ...flat])).toEqual(['met 5000']);
    expect(play(detector, every(1_000, ramp(14, 0, 2), 25_000))).toEqual(['gone 25000']);
  });

  test('does not take a jump over a long gap for a slope', () => {
    const detector = createDetector([rateRule({ windowMs: 60_000 })], []);
    const before = every(1_000, ramp(0, 0, 10));
    const gap = every(1_000, Array<Value>(45).fill('offline'), 10_000);
    const after = every(1_000, ramp(500, 0, 5), 55_000);
    expect(play(detector, [...before, ...gap, ...after])).toEqual([]);
  });

  test('freezes a running on-delay', () => {
    const detector = createDetector([rateRule({ onDelayMs: 4_000 })], []);
    const rising = ramp(0, 2, 40);
    const history = every(1_000, rising).map(([t, v]): [number, Value] => [
      t,
      t >= 7_000 && t < 20_000 ? 'timeout' : v,
    ]);
    // 5 to 7 s: held for 2 s. From 25 s on the window knows again: 2 s more.
    expect(play(detector, history)).toEqual(['met 27000']);
  });
});

test('values too large to reckon with neither raise nor clear', () => {
  const huge = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE));
  expect(play(createDetector([rateRule({ direction: 'both' })], []), every(1_000, huge))).toEqual([]);
  expect(play(createDetector([rateRule()], ['pump/pressure-rate']), every(1_000, huge))).toEqual([]);
});

test('one absurd value is forgotten with its window', () => {
  const detector = createDetector([rateRule({ direction: 'both', ratePerS: 0.5 })], []);
  play(detector, every(1_000, [...ramp(0, 0, 12), 3e38, ...ramp(0, 0, 12)]));
  expect(detector.isActive('pump/pressure-rate')).toBe(false);
  expect(play(detector, every(1_000, ramp(0, 0.4, 30), 30_000))).toEqual([]);
  expect(play(detector, every(1_000, ramp(12, 0.6, 30), 60_000))).toHaveLength(1);
});

test('the alarm tells the slope, which is what the limit is compared with, and not the value it has fallen to', () => {
  const detector = createDetector([rateRule({ direction: 'fall' })], []);
  const raised = every(1_000, ramp(80, -1.5, 20)).flatMap(([mono, value]) => detector.step(batch(mono, [value])));
  expect(raised[0]).toMatchObject({ kind: 'met' });
  expect(raised[0]?.value).toBeCloseTo(-1.5, 9);
});
