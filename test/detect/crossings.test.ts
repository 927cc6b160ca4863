import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { batch, crossingsRule, every, play, playReads, type Value } from './plant.ts';

const level = { kind: 'constant', value: 5 } as const;
const calm = (count: number): Value[] => Array<Value>(count).fill(7);

describe('more than two crossings of 5 in 10 s', () => {
  test.each<[string, Value[], string[]]>([
    ['a calm value', calm(20), []],
    ['two crossings', [6, 4, 6, ...calm(20)], []],
    ['three, until the first of them is past', [6, 4, 6, 4, ...Array(20).fill(4)], ['met 3000', 'gone 12000']],
    ['a value at the level is on the side where it was', [6, 5, 6, 5, 6, 5, 6, 5, 6], []],
    ['three, too far apart', [6, 6, 6, 4, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6, 4, 4, 4, 4], []],
  ])('%s', (_name, values, heard) => {
    const detector = createDetector([crossingsRule({ of: level })], []);
    expect(play(detector, every(1_000, values))).toEqual(heard);
  });
});

test('noise within the band is no crossing', () => {
  const noise: Value[] = [7, 4.6, 5.4, 4.6, 5.4, 4.6, 5.4, 4.6];
  expect(play(createDetector([crossingsRule({ of: level, band: 0.5 })], []), every(1_000, noise))).toEqual([]);
  expect(play(createDetector([crossingsRule({ of: level, band: 0.3 })], []), every(1_000, noise))).toEqual([
    'met 3000',
  ]);
});

test('of another point, also when that is what moves', () => {
  const detector = createDetector([crossingsRule()], []);
  const reads = [4, 6, 4, 6].map(setpoint => [5, setpoint]);
  expect(playReads(detector, reads)).toEqual(['met 3000']);
});

test('tells how many', () => {
  const detector = createDetector([crossingsRule({ of: level })], []);
  const changes = every(1_000, [6, 4, 6, 4, 6, ...calm(20)]).flatMap(([mono, value]) =>
    detector.step(batch(mono, [value])),
  );
  expect(changes).toMatchObject([
    { kind: 'met', value: 3 },
    { kind: 'gone', value: 2 },
  ]);
});

describe('gaps', () => {
  test('a value that comes out of one on the other side has crossed at least once', () => {
    const values: Value[] = [6, 'timeout', 4, 'timeout', 6, 'timeout', 4];
    expect(play(createDetector([crossingsRule({ of: level })], []), every(1_000, values))).toEqual(['met 6000']);
  });

  test('too little of the window does not tell that it was too few', () => {
    const detector = createDetector([crossingsRule({ of: level })], ['pump/oscillates']);
    expect(play(detector, every(1_000, [...calm(3), ...Array<Value>(20).fill('timeout')]))).toEqual([]);
    expect(play(detector, every(1_000, calm(8), 23_000))).toEqual(['gone 28000']);
  });

  test('a point whose level is not known has crossed nothing', () => {
    const reads: Value[][] = [4, 6, 4, 6, 4, 6].map(value => [value, 'refused']);
    expect(playReads(createDetector([crossingsRule()], []), reads)).toEqual([]);
  });
});

test('values too large to have a difference have not crossed', () => {
  const huge = Array.from({ length: 10 }, (_, index) => [
    1e308 * (index % 2 ? 1.7 : -1.7),
    -1e308 * (index % 2 ? 1.7 : -1.7),
  ]);
  // They are far beyond the level each time, on the side that can be told.
  expect(playReads(createDetector([crossingsRule()], []), huge)).toEqual(['met 3000']);
});
