import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import type { Quality } from '../../src/model/quality.ts';
import { badReasons } from '../../src/model/quality.ts';
import { batch, communicationRule, every, limitRule, play, point, sample, stateRule, textOf, wallAt } from './plant.ts';

describe('bad samples', () => {
  test.each(badReasons)('%s neither raises nor clears', reason => {
    const normal = createDetector([limitRule()], []);
    expect(play(normal, every(1_000, [50, reason, reason, 50]))).toEqual([]);
    const active = createDetector([limitRule()], []);
    expect(play(active, every(1_000, [99, reason, reason, 99, 50]))).toEqual(['met 0', 'gone 4000']);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d is never compared, even if it is called good',
    value => {
      const rules = [
        limitRule({ key: 'high' }),
        limitRule({ key: 'low', level: 'low', limit: 20 }),
        stateRule({ states: [value] }),
      ];
      expect(play(createDetector(rules, []), every(1_000, [value, value]))).toEqual([]);
      expect(play(createDetector(rules, ['high', 'low']), every(1_000, [value, value]))).toEqual([]);
    },
  );

  test('the number in a bad sample means nothing', () => {
    const detector = createDetector([limitRule()], []);
    const bad = { ...sample(point(0), 99), quality: 'timeout' as Quality };
    expect(detector.step(batch(0, [], { samples: [bad] }))).toEqual([]);
  });
});

describe('at start', () => {
  test('a condition that is already true raises', () => {
    expect(play(createDetector([limitRule()], []), [[0, 99]])).toEqual(['met 0']);
  });

  test('an alarm that stands in the store and is still true is not raised again', () => {
    const detector = createDetector([limitRule()], ['pump/pressure-high']);
    expect(play(detector, every(1_000, ['not-read', 99, 99, 50]))).toEqual(['gone 3000']);
  });

  test('an alarm that stands in the store holds within its deadband', () => {
    const detector = createDetector([limitRule({ deadband: 10 })], ['pump/pressure-high']);
    expect(play(detector, every(1_000, [75, 70]))).toEqual(['gone 1000']);
  });

  test('an alarm whose condition ended while the gateway was off returns, after its off-delay', () => {
    const detector = createDetector([limitRule({ offDelayMs: 2_000 })], ['pump/pressure-high']);
    expect(play(detector, every(1_000, [50, 50, 50]))).toEqual(['gone 2000']);
  });

  test('a lost device that is still lost is not raised again', () => {
    const detector = createDetector([communicationRule({ onDelayMs: 1_000 })], ['pump/communication']);
    expect(play(detector, every(1_000, ['timeout', 'timeout', 'timeout', 50]))).toEqual(['gone 3000']);
  });

  test('a standing key without a rule is nobody’s alarm', () => {
    const detector = createDetector([limitRule()], ['gone/rule']);
    expect(detector.isActive('gone/rule')).toBe(false);
    expect(detector.active()).toEqual([]);
  });
});

describe('what a transition says', () => {
  test('the rule, the value that decided and both times of its sample', () => {
    const rule = limitRule();
    const [raised] = createDetector([rule], []).step(batch(7, [81.5], { sampledAt: 1_234 }));
    expect(raised).toEqual({ kind: 'met', rule, value: 81.5, sampledAt: 1_234, sampledAtMono: 7 });
  });

  test('nothing, in one and the same array, when nothing changed', () => {
    const detector = createDetector([limitRule(), communicationRule()], []);
    const first = detector.step(batch(0, [50]));
    expect(first).toEqual([]);
    expect(detector.step(batch(1, [50]))).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  test('changes come in the order of the samples, and of the rules of one point', () => {
    const rules = [
      limitRule({ key: 'b', point: 1 }),
      limitRule({ key: 'a2', point: 0, level: 'high-high', limit: 90 }),
      limitRule({ key: 'a1', point: 0 }),
    ];
    const changes = createDetector(rules, []).step(batch(0, [99, 99]));
    expect(changes.map(({ rule }) => rule.key)).toEqual(['a2', 'a1', 'b']);
  });
});

describe('time', () => {
  test('samples of an equal or an earlier time count for no time at all', () => {
    const detector = createDetector([limitRule({ onDelayMs: 1_000 })], []);
    const history: [number, number][] = [5_000, 5_000, 4_000, 5_500, 4_900, 5_500, 5_900, 6_000].map(t => [t, 99]);
    expect(play(detector, history)).toEqual(['met 6000']);
  });

  test('a wall clock that jumps changes nothing but the time stamp', () => {
    const detector = createDetector([limitRule({ onDelayMs: 2_000 })], []);
    const decade = 10 * 365 * 86_400_000;
    const walls = [wallAt(0), wallAt(1_000) + decade, wallAt(2_000) - decade];
    const changes = walls.flatMap((sampledAt, index) => detector.step(batch(index * 1_000, [99], { sampledAt })));
    expect(changes.map(({ sampledAt, sampledAtMono }) => [sampledAt, sampledAtMono])).toEqual([
      [wallAt(2_000) - decade, 2_000],
    ]);
  });

  test('devices keep time apart', () => {
    const detector = createDetector([limitRule({ onDelayMs: 1_000 })], []);
    detector.step(batch(50_000, [], { device: 1 }));
    expect(play(detector, every(1_000, [99, 99]))).toEqual(['met 1000']);
  });
});

describe('which alarms stand', () => {
  const rules = [
    limitRule({ key: 'a', point: 0 }),
    limitRule({ key: 'b', point: 0, level: 'high-high', limit: 90 }),
    limitRule({ key: 'c', point: 3, device: 1 }),
    communicationRule({ key: 'd' }),
  ];

  test('by key, by point and in all', () => {
    const detector = createDetector(rules, ['c']);
    detector.step(batch(0, [85]));
    expect(detector.isActive('a')).toBe(true);
    expect(detector.isActive('b')).toBe(false);
    expect(detector.isActive('never heard of')).toBe(false);
    expect(detector.activeOn(0)).toEqual(['a']);
    expect([1, 2, 3, 4, 99].map(number => detector.activeOn(number))).toEqual([[], [], ['c'], [], []]);
    expect(detector.active()).toEqual(['a', 'c']);
    detector.step(batch(1, ['timeout']));
    expect(detector.active()).toEqual(['a', 'c', 'd']);
  });

  test('samples of points and devices without rules pass by', () => {
    const detector = createDetector(rules, []);
    const unknown = batch(0, [], {
      device: 70,
      samples: [sample(point(500), 99), sample(point(2), 99), sample(point(4), 99)],
    });
    expect(detector.step(unknown)).toEqual([]);
    expect(createDetector([], []).step(batch(0, [99]))).toEqual([]);
  });

  test('two rules with one key are a bug of the caller', () => {
    expect(() => createDetector([limitRule(), limitRule()], [])).toThrow('same key');
  });
});

test('a mains failure: a thousand alarms in one second, each once', () => {
  const rules = Array.from({ length: 1_000 }, (_, number) =>
    limitRule({ key: `a/${number}`, point: number, level: 'low', limit: 200 }),
  );
  const detector = createDetector(rules, []);
  const fine = Array<number>(1_000).fill(230);
  expect(detector.step(batch(0, fine))).toEqual([]);
  const changes = detector.step(
    batch(
      1_000,
      fine.map(() => 0),
    ),
  );
  expect(changes.map(({ rule }) => rule.key)).toEqual(rules.map(({ key }) => key));
  expect(new Set(changes.map(textOf))).toEqual(new Set(['met 1000']));
});
