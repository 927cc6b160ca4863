import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  countUpTo,
  limitRanges,
  noEnd,
  overlapOf,
  type Range,
  subtractNumbers,
  subtractRange,
} from '../../../src/store/history/unsent.ts';

/* Ranges say what a plain set of numbers would say. */

const most = 60;
const numbers = fc.array(fc.integer({ min: 1, max: most }), { maxLength: 30 });

function toSet(ranges: readonly Range[]): Set<number> {
  return new Set(
    ranges.flatMap(({ first, last }) =>
      Array.from({ length: Math.min(last, most) - first + 1 }, (_, at) => first + at),
    ),
  );
}

function isInOrder(ranges: readonly Range[]): boolean {
  return ranges.every(({ first, last }, at) => first <= last && first > (ranges[at - 1]?.last ?? -1) + 1);
}

test('what is settled, in whatever order and however often, is no longer unsent; all else is', () => {
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 8 }), batches => {
      let ranges: Range[] = [{ first: 1, last: noEnd }];
      const naive = new Set(Array.from({ length: most }, (_, at) => at + 1));
      for (const batch of batches) {
        ranges = subtractNumbers(ranges, batch);
        for (const number of batch) naive.delete(number);
        expect(isInOrder(ranges)).toBe(true);
        expect(toSet(ranges)).toEqual(naive);
        expect(ranges.at(-1)?.last).toBe(noEnd);
        expect(countUpTo(ranges, most)).toBe(naive.size);
      }
    }),
  );
});

test('what retention removes is counted as it was unsent', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: most }), fc.nat(20), (settled, first, length) => {
      const ranges = subtractNumbers([{ first: 1, last: noEnd }], settled);
      const removed = { first, last: Math.min(most, first + length) };
      const before = toSet(ranges);
      const after = toSet(subtractRange(ranges, removed));
      expect(overlapOf(ranges, removed)).toBe([...before].filter(number => !after.has(number)).length);
      expect([...before].filter(number => number < removed.first || number > removed.last)).toEqual([...after]);
    }),
  );
});

test('a limit on the ranges makes numbers unsent again, as few as may be, and none sent', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 6 }), (settled, limit) => {
      const ranges = subtractNumbers([{ first: 1, last: noEnd }], settled);
      const limited = limitRanges(ranges, limit);
      expect(limited.length).toBeLessThanOrEqual(Math.max(limit, 1));
      expect(isInOrder(limited)).toBe(true);
      expect([...toSet(ranges)].filter(number => !toSet(limited).has(number))).toEqual([]);
      if (ranges.length <= limit) expect(limited).toEqual(ranges);
      const gaps = ranges.slice(1).map(({ first }, at) => first - (ranges[at]?.last ?? 0) - 1);
      const fewest = gaps.sort((a, b) => a - b).slice(0, Math.max(0, ranges.length - limit));
      expect(toSet(limited).size - toSet(ranges).size).toBe(fewest.reduce((sum, gap) => sum + gap, 0));
    }),
  );
});
