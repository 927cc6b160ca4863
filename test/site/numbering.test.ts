import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNumbering } from '../../src/site/site.ts';

test('over any reloads a key keeps its number, and no number is ever given to a second key', () => {
  const keys = fc.array(fc.stringMatching(/^[ab]\/[a-f]{1,2}$/), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 10 }), loads => {
      const numbering = createNumbering();
      const numbers = new Map<string, number>();
      for (const load of loads) {
        for (const key of load) {
          const number = numbering.point(key);
          expect(number).toBe(numbers.get(key) ?? number);
          numbers.set(key, number);
        }
      }
      expect(new Set(numbers.values()).size).toBe(numbers.size);
      // Numbers are indexes: they leave no holes.
      for (const number of numbers.values()) expect(number).toBeLessThan(numbers.size);
    }),
  );
});

test('devices and points are numbered apart', () => {
  const numbering = createNumbering();
  expect([numbering.device('a'), numbering.point('a/x'), numbering.device('b')]).toEqual([0, 0, 1]);
});

test('two numberings know nothing of each other', () => {
  const first = createNumbering();
  first.point('a/x');
  expect(createNumbering().point('b/y')).toBe(0);
});
