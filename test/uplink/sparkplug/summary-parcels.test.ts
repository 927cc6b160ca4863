import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bundleSummaries } from '../../../src/uplink/sparkplug/summary-parcels.ts';
import { summaryRecord } from '../samples.ts';

const row = fc.record({
  device: fc.constantFrom('pump', 'meter', 'lift'),
  pieces: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
});

test('every row is in exactly one bundle, whole, in the order of its device, and no message is longer than asked', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 10, max: 200 }), (plan, longestBytes) => {
      const rows = plan.map(({ device }, index) => {
        return { number: index + 1, record: { ...summaryRecord(index), device } };
      });
      // Each piece is filled with the number of its row.
      const encode = ({ number }: { number: number }) =>
        (plan[number - 1]?.pieces ?? []).map(length => new Uint8Array(length).fill(number));
      const bundles = bundleSummaries(rows, longestBytes, encode);

      expect(bundles.flatMap(({ numbers }) => numbers).toSorted((a, b) => a - b)).toEqual(
        rows.map(({ number }) => number),
      );
      for (const { device, numbers, payloads } of bundles) {
        expect(numbers.every(number => plan[number - 1]?.device === device)).toBe(true);
        const whole = Buffer.concat(numbers.flatMap(number => encode({ number })));
        expect(Buffer.concat(payloads)).toEqual(whole);
        const longestPiece = Math.max(...numbers.flatMap(number => plan[number - 1]?.pieces ?? []));
        for (const payload of payloads)
          expect(payload.length).toBeLessThanOrEqual(Math.max(longestBytes, longestPiece));
      }
      for (const device of ['pump', 'meter', 'lift']) {
        const numbers = bundles.filter(bundle => bundle.device === device).flatMap(({ numbers }) => numbers);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }),
  );
});

test('rows that fit go out together, so that a backlog takes few messages', () => {
  const rows = Array.from({ length: 10 }, (_, index) => ({ number: index + 1, record: summaryRecord(index) }));
  const bundles = bundleSummaries(rows, 100, () => [new Uint8Array(20)]);
  expect(bundles.map(({ numbers }) => numbers)).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10],
  ]);
});
