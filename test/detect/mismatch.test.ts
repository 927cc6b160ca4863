import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { batch, mismatchRule, playReads, type Value } from './plant.ts';

/** Reads of feedback and command. */
const many = (count: number, feedback: Value, command: Value): Value[][] =>
  Array<Value[]>(count).fill([feedback, command]);

describe('a pump that has 5 s to start and 30 s to stop', () => {
  test.each<[string, Value[][], string[]]>([
    ['follows at once', [...many(5, 0, 0), ...many(5, 1, 1), ...many(5, 0, 0)], []],
    ['follows in time', [...many(5, 0, 0), ...many(5, 0, 1), ...many(40, 1, 1), ...many(29, 1, 0), [0, 0]], []],
    ['does not start', [...many(5, 0, 0), ...many(10, 0, 1)], ['met 10000']],
    ['does not stop', [...many(5, 1, 1), ...many(40, 1, 0)], ['met 35000']],
    ['starts too late', [[0, 0], ...many(8, 0, 1), [1, 1]], ['met 6000', 'gone 9000']],
    ['is no longer asked to start', [[0, 0], ...many(8, 0, 1), [0, 0]], ['met 6000', 'gone 9000']],
    [
      'is not known for a while: that time does not count',
      [...many(3, 0, 1), ...many(9, 'timeout', 1), ...many(9, 0, 1)],
      ['met 14000'],
    ],
    [
      'the command is not known for a while',
      [...many(3, 0, 1), ...many(9, 0, 'offline'), ...many(9, 0, 1)],
      ['met 14000'],
    ],
    ['first does not start, then does not stop', [...many(4, 0, 1), ...many(29, 1, 0), ...many(4, 0, 1)], []],
  ])('%s', (_name, reads, heard) => {
    expect(playReads(createDetector([mismatchRule()], []), reads)).toEqual(heard);
  });
});

test('has words for what happened, on the way back too', () => {
  const detector = createDetector([mismatchRule({ startMs: 1_000, stopMs: 1_000 })], []);
  const reads = [...many(3, 0, 1), [1, 1], ...many(3, 1, 0), [0, 0]];
  const said = reads.flatMap((values, index) =>
    detector
      .step(batch(index * 1_000, values))
      .map(({ kind, rule, value }) => `${kind}: ${rule.message}, it is ${value}`),
  );
  expect(said).toEqual([
    'met: does not start, it is 0',
    'gone: does not start, it is 1',
    'met: does not stop, it is 1',
    'gone: does not stop, it is 0',
  ]);
});

test('what means on may be several states, and 0 one of them', () => {
  const rule = mismatchRule({ commandOn: [0], feedbackOn: [2, 3], startMs: 1_000 });
  const detector = createDetector([rule], []);
  expect(playReads(detector, [...many(3, 2, 0), ...many(3, 3, 0), ...many(3, 4, 1)])).toEqual([]);
  expect(playReads(detector, many(3, 1, 0), 9_000)).toEqual(['met 10000']);
});

test('an alarm that stood before a restart does not return within the time to start', () => {
  const detector = createDetector([mismatchRule()], ['pump/does-not-follow']);
  expect(playReads(detector, many(20, 0, 1))).toEqual([]);
  expect(playReads(detector, many(2, 1, 1), 20_000)).toEqual(['gone 20000']);
});

test('the on-delay comes on top of the time to start', () => {
  const detector = createDetector([mismatchRule({ onDelayMs: 3_000 })], []);
  expect(playReads(detector, many(20, 0, 1))).toEqual(['met 8000']);
});
