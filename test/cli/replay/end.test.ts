import { expect, test } from 'vitest';
import { endOfReplay } from '../../../src/cli/replay/end.ts';

const minute = 60_000;
const now = 100 * minute;

test.each<[string, number, number | undefined, number]>([
  ['that is a minute behind ends with it: nobody knows what was since', 0, now - minute, now - minute + 1],
  ['that goes on ends now', 0, now + 5, now],
  ['that ended an hour ago is counted to the end: the gap is to be seen', 0, now - 60 * minute, now],
  ['that ended before the time asked for is counted to the end', now - minute / 2, now - minute, now],
  ['that has nothing is counted to the end', 0, undefined, now],
])('a record %s', (_, from, lastAt, end) => {
  expect(endOfReplay(from, now, lastAt)).toBe(end);
});
