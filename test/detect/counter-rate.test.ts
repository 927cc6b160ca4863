import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { batch, counterRateRule, every, play, type Value, wholeCounter } from './plant.ts';

const tooOften = () => createDetector([counterRateRule()], []);
const still = (value: number, count: number): number[] => Array<number>(count).fill(value);

describe('more than 2 starts in a minute', () => {
  test('are told by the sample after the one that shows the third', () => {
    const values = [...still(10, 10), 11, ...still(11, 9), 12, ...still(12, 9), 13, 13];
    expect(play(tooOften(), every(1_000, values))).toEqual(['met 31000']);
  });

  test('that come within twice the time are none', () => {
    const values = Array.from({ length: 300 }, (_, index) => Math.floor(index / 30));
    expect(play(tooOften(), every(1_000, values))).toEqual([]);
  });

  test('return when the first of them has left the window', () => {
    const values = [0, 1, 2, 3, ...still(3, 100)];
    expect(play(tooOften(), every(1_000, values))).toEqual(['met 4000', 'gone 61000']);
  });

  test('are three however long there was none before', () => {
    const values = [...still(10, 200), 13, 13];
    expect(play(tooOften(), every(1_000, values))).toEqual(['met 201000']);
  });

  test('count over the end of the range of the counter', () => {
    expect(play(tooOften(), every(1_000, [65_534, 65_535, 1, 1]))).toEqual(['met 3000']);
  });

  test('count over a reset, from the beginning', () => {
    expect(play(tooOften(), every(1_000, [500, 501, 2, 2]))).toEqual(['met 3000']);
  });

  test('are not what a counter does that counts back in its last digit', () => {
    const detector = createDetector([counterRateRule({ limit: 20 })], []);
    const values = Array.from({ length: 40 }, (_, index) => 1_000 + (index % 4 < 2 ? 0 : -1));
    expect(play(detector, every(1_000, values))).toEqual([]);
  });

  test('are known although every second read fails', () => {
    const values: Value[] = [10, 'timeout', 11, 'timeout', 12, 'timeout', 13, 'timeout', 13];
    expect(play(tooOften(), every(5_000, values))).toEqual(['met 40000']);
  });

  test('tell how many it were, and not what the counter says', () => {
    const detector = tooOften();
    const raised = every(1_000, [100, 101, 103, 104, 104]).flatMap(([mono, value]) =>
      detector.step(batch(mono, [value])),
    );
    expect(raised).toMatchObject([{ kind: 'met', value: 3 }]);
  });
});

describe('one value that is misread', () => {
  test.each([
    ['far above', 40_000],
    ['far below', 0],
    ['at a third', 333],
  ])('%s makes no alarm', (_name, wrong) => {
    expect(play(tooOften(), every(1_000, [1_000, 1_000, wrong, 1_000, 1_001, ...still(1_001, 100)]))).toEqual([]);
  });

  test('hides no start', () => {
    expect(play(tooOften(), every(1_000, [1_000, 1_001, 0, 1_002, 1_003, 1_003]))).toEqual(['met 5000']);
  });
});

describe('a rise over a gap', () => {
  const gap = (from: number, to: number) => every(10_000, Array<Value>((to - from) / 10_000).fill('offline'), from);

  test('that is no longer than the window counts whole', () => {
    const history = [...every(1_000, [5, 5]), ...gap(10_000, 40_000), ...every(1_000, [8, 8], 40_000)];
    expect(play(tooOften(), history)).toEqual(['met 41000']);
  });

  test('of three windows counts by its last third', () => {
    const gapThenRise = (rise: number) => [
      ...every(1_000, [5, 5]),
      ...gap(10_000, 180_000),
      ...every(1_000, [5 + rise, 5 + rise], 181_000),
    ];
    expect(play(tooOften(), gapThenRise(6))).toEqual([]);
    expect(play(tooOften(), gapThenRise(9))).toEqual(['met 182000']);
  });

  test('leaves a standing alarm until half of a window is known again', () => {
    const detector = createDetector([counterRateRule()], ['pump/starts']);
    // 1 good second in 3 is too little, 2 in 3 are enough.
    const seldom = Array.from({ length: 200 }, (_, at): Value => (at % 3 === 0 ? 7 : 'timeout'));
    expect(play(detector, every(1_000, seldom))).toEqual([]);
    const often = Array.from({ length: 200 }, (_, at): Value => (at % 3 === 0 ? 'timeout' : 7));
    expect(play(detector, every(1_000, [7, ...still(7, 40), ...often], 200_000))[0]).toMatch(/^gone 2[34]/);
  });
});

describe('less than 20 in a minute', () => {
  const tooLittle = (active: string[] = []) =>
    createDetector([counterRateRule({ comparison: 'less-than', limit: 20 })], active);

  test('is told when a whole window has gone by, and not before', () => {
    expect(play(tooLittle(), every(1_000, still(5, 100)))).toEqual(['met 60000']);
  });

  test('is over as soon as so much was counted', () => {
    const values = Array.from({ length: 100 }, (_, at) => at);
    expect(play(tooLittle(['pump/starts']), every(1_000, values))).toEqual(['gone 21000']);
  });

  test('is no alarm while it is exactly so much', () => {
    const tenths = { kind: 'rise', terms: { ...wholeCounter, divisor: 10 } } as const;
    const detector = createDetector([counterRateRule({ counted: tenths, comparison: 'less-than', limit: 6 })], []);
    // 0.1 is no binary number; 119 of 120 slots of half a second hold what 60 samples have counted.
    expect(
      play(
        detector,
        every(
          500,
          Array.from({ length: 300 }, (_, at) => Number((at * 0.1).toFixed(1))),
        ),
      ),
    ).toEqual([]);
  });
});

describe('a contact that closes', () => {
  const starts = (limit: number) =>
    createDetector([counterRateRule({ counted: { kind: 'state', states: [1, 3] }, limit })], []);

  test('more than twice a minute is told by the third time', () => {
    expect(play(starts(2), every(2_000, [0, 1, 0, 3, 0, 1, 0]))).toEqual(['met 10000']);
  });

  test('counts once however long it stays closed, from whatever state it was in', () => {
    expect(play(starts(0), every(2_000, [1, 1, 1, 3, 1]))).toEqual([]);
    expect(play(starts(1), every(2_000, [2, 1, 3, 1, 0, 0]))).toEqual([]);
  });
});

test.each([
  ['more-than', []],
  ['less-than', []],
] as const)('absurd numbers of a counter (%s) make no alarm for ever', (comparison, expected) => {
  const free = { kind: 'rise', terms: { divisor: undefined, lowest: 0, range: undefined } } as const;
  const detector = createDetector([counterRateRule({ counted: free, comparison, limit: 2 })], []);
  const absurd = [0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_VALUE, 1e308, 1e308, 3e307, 5e-324];
  play(detector, every(1_000, absurd));
  const calm = Array.from({ length: 200 }, (_, at) => (comparison === 'more-than' ? 5 : at));
  play(detector, every(1_000, calm, 10_000));
  expect(detector.active()).toEqual(expected);
});

test('a rise that has no number is none', () => {
  const free = { kind: 'rise', terms: { divisor: undefined, lowest: -Number.MAX_VALUE, range: undefined } } as const;
  const detector = createDetector([counterRateRule({ counted: free })], []);
  expect(play(detector, every(1_000, [-Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE]))).toEqual([]);
});

test('a counter that stands still costs nothing to sum up, and one that is sampled more slowly than a slot is right too', () => {
  const detector = createDetector([counterRateRule({ windowMs: 3_600_000, limit: 4 })], []);
  const values = Array.from({ length: 40 }, (_, at) => at);
  expect(play(detector, every(600_000, values))).toEqual(['met 3600000']);
});

describe('a counter with a sign', () => {
  const terms = { divisor: 1, lowest: -100, range: 200 };
  const rises = (limit: number) => createDetector([counterRateRule({ counted: { kind: 'rise', terms }, limit })], []);

  test('that falls a little was not reset', () => {
    expect(play(rises(2), every(1_000, [50, 10, 10, 10]))).toEqual([]);
  });

  test('that falls below half of its way was reset, and has counted on from its lowest', () => {
    expect(play(rises(39), every(1_000, [50, -60, -60]))).toEqual(['met 2000']);
    expect(play(rises(40), every(1_000, [50, -60, -60]))).toEqual([]);
  });
});
