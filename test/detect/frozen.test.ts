import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { every, frozenRule, play, playReads, type Value } from './plant.ts';

/** Reads of the value and of its companion, which goes up and down by 6. */
const reads = (
  count: number,
  value: (index: number) => Value,
  companion: (index: number) => Value = index => (index % 4) * 2,
) => Array.from({ length: count }, (_, index): Value[] => [value(index), companion(index)]);

describe('a value that does not move by more than 0.5 in 10 s while its companion moves by more than 3', () => {
  test.each<[string, Value[][], string[]]>([
    ['stands still', reads(15, () => 7), ['met 9000']],
    ['only trembles', reads(15, index => 7 + (index % 2) / 2), ['met 9000']],
    ['moves', reads(30, index => 7 + (index % 2)), []],
    ['creeps', reads(30, index => index / 10), []],
    [
      'stands still, and so does its companion',
      reads(
        30,
        () => 7,
        () => 4,
      ),
      [],
    ],
    [
      'stands still, and its companion hardly moves',
      reads(
        30,
        () => 7,
        index => (index % 2) * 3,
      ),
      [],
    ],
    ['moves again', [...reads(15, () => 7), ...reads(3, () => 8)], ['met 9000', 'gone 15000']],
  ])('%s', (_name, list, heard) => {
    expect(playReads(createDetector([frozenRule()], []), list)).toEqual(heard);
  });

  test('stays an alarm while the companion rests, since the value has not moved', () => {
    const detector = createDetector([frozenRule()], []);
    expect(
      playReads(
        detector,
        reads(15, () => 7),
      ),
    ).toEqual(['met 9000']);
    expect(
      playReads(
        detector,
        reads(
          60,
          () => 7,
          () => 4,
        ),
        15_000,
      ),
    ).toEqual([]);
    expect(playReads(detector, [[9, 4]], 75_000)).toEqual(['gone 75000']);
  });
});

test('without a companion the value alone is judged', () => {
  const detector = createDetector([frozenRule({ companion: undefined })], []);
  expect(play(detector, every(1_000, [...Array<Value>(12).fill(3), 4]))).toEqual(['met 9000', 'gone 12000']);
});

test('a span of nothing is a value that is always the same', () => {
  const detector = createDetector([frozenRule({ companion: undefined, span: 0 })], []);
  expect(
    play(
      detector,
      every(
        1_000,
        Array.from({ length: 30 }, (_, index) => index * 1e-9),
      ),
    ),
  ).toEqual([]);
  expect(play(detector, every(1_000, Array<Value>(12).fill(3), 30_000))).toEqual(['met 40000']);
});

describe('gaps', () => {
  test('what was not seen may have moved: nearly all of the time must be known', () => {
    const detector = createDetector([frozenRule({ companion: undefined })], []);
    const gappy = Array.from({ length: 60 }, (_, index): Value => (index % 5 === 4 ? 'timeout' : 7));
    expect(play(detector, every(1_000, gappy))).toEqual([]);
  });

  test('the companion must be known too', () => {
    const detector = createDetector([frozenRule()], []);
    expect(
      playReads(
        detector,
        reads(
          30,
          () => 7,
          () => 'timeout',
        ),
      ),
    ).toEqual([]);
  });

  test('a value that is not known says nothing', () => {
    const detector = createDetector([frozenRule()], ['pump/frozen']);
    expect(
      playReads(
        detector,
        reads(30, () => 'refused'),
      ),
    ).toEqual([]);
  });
});

test('a value that jumps between absurd numbers is not called frozen', () => {
  const detector = createDetector([frozenRule({ companion: undefined })], []);
  const huge = Array.from({ length: 30 }, (_, index) => (index % 2 ? 1.7e308 : -1.7e308));
  expect(play(detector, every(1_000, huge))).toEqual([]);
});

test('a sensor of tenths that hangs between two of them has not moved by more than a tenth', () => {
  const rule = frozenRule({ span: 0.1, companion: undefined });
  const hanging = every(
    1_000,
    Array.from({ length: 15 }, (_, index): Value => (index % 2 === 0 ? 0.3 : 0.4)),
  );
  expect(play(createDetector([rule], []), hanging)).toEqual(['met 9000']);
});

test('a companion of tenths that goes to and fro between two of them has not moved by more than a tenth', () => {
  const trembling = reads(
    30,
    () => 7,
    index => (index % 2 === 0 ? 0.3 : 0.4),
  );
  const rule = frozenRule();
  const companion = rule.companion && { ...rule.companion, span: 0.1 };
  expect(playReads(createDetector([{ ...rule, companion }], []), trembling)).toEqual([]);
});
