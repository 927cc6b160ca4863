import { describe, expect, test } from 'vitest';
import { createDelay, freezeDelay, runDelay, stopDelay } from '../../src/detect/delay.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { every, limitRule, play, type Value } from './plant.ts';

const high = 90;
const fine = 50;

describe('an on-delay of 3 s', () => {
  test.each<[string, Value[], string[]]>([
    ['raises with the first sample at which it was held', [high, high, high, high, high], ['met 3000']],
    ['starts anew after one sample that was fine', [high, high, fine, high, high, high, high], ['met 6000']],
    ['stands still under bad quality', [high, high, 'timeout', 'timeout', high, high, high], ['met 5000']],
    ['is never ended by a bad sample', [high, high, high, 'timeout', 'timeout'], []],
    ['ends with the first good sample after', [high, high, high, 'timeout', 'timeout', high], ['met 5000']],
    ['lasts twice as long when every second read fails', every2(high, 'timeout', 4), ['met 6000']],
    ['does not start under bad quality', ['timeout', 'timeout', 'timeout', high, high, high], []],
  ])('%s', (_name, values, expected) => {
    const detector = createDetector([limitRule({ onDelayMs: 3_000 })], []);
    expect(play(detector, every(1_000, values))).toEqual(expected);
  });

  test('is confirmed by samples, however rare they are', () => {
    const detector = createDetector([limitRule({ onDelayMs: 3_000 })], []);
    expect(play(detector, every(60_000, [high, high]))).toEqual(['met 60000']);
  });
});

describe('an off-delay of 3 s', () => {
  test.each<[string, Value[], string[]]>([
    ['returns with the first sample at which it was held', [high, fine, fine, fine, fine], ['gone 4000']],
    ['starts anew after one sample above the limit', [high, fine, fine, high, fine, fine, fine, fine], ['gone 7000']],
    ['stands still under bad quality', [high, fine, fine, 'timeout', 'timeout', fine, fine], ['gone 6000']],
    ['never ends while the device is not heard', [high, fine, fine, 'timeout', 'timeout', 'timeout', 'timeout'], []],
  ])('%s', (_name, values, expected) => {
    const detector = createDetector([limitRule({ offDelayMs: 3_000 })], []);
    expect(play(detector, every(1_000, values))).toEqual(['met 0', ...expected]);
  });
});

describe('the delay itself', () => {
  test('of nothing is over at once', () => {
    expect(runDelay(createDelay(), 5, 0)).toBe(true);
  });

  test('counts from the sample that started it', () => {
    const delay = createDelay();
    expect([100, 150, 199, 200].map(mono => runDelay(delay, mono, 100))).toEqual([false, false, false, true]);
  });

  test('freezes once, however often it is told to', () => {
    const delay = createDelay();
    runDelay(delay, 0, 100);
    for (const mono of [50, 60, 1_000]) freezeDelay(delay, mono);
    expect(runDelay(delay, 2_000, 100)).toBe(false);
    expect(delay.heldMs).toBe(50);
    expect(runDelay(delay, 2_050, 100)).toBe(true);
  });

  test('that does not run cannot be frozen', () => {
    const delay = createDelay();
    freezeDelay(delay, 10);
    expect(delay).toEqual(createDelay());
  });

  test('that was stopped while frozen starts from nothing', () => {
    const delay = createDelay();
    runDelay(delay, 0, 100);
    freezeDelay(delay, 90);
    stopDelay(delay);
    expect(runDelay(delay, 200, 100)).toBe(false);
    expect(runDelay(delay, 299, 100)).toBe(false);
    expect(runDelay(delay, 300, 100)).toBe(true);
  });
});

/** good, bad, good, bad, … and a good one at the end. */
function every2(good: Value, bad: Value, goods: number): Value[] {
  return Array.from({ length: 2 * goods - 1 }, (_, index) => (index % 2 === 0 ? good : bad));
}
