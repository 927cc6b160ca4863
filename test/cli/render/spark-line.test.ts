import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderSparkLine } from '../../../src/cli/render/spark-line.ts';

describe('a spark line', () => {
  test.each([
    ['rises with its values', [0, 1, 2, 3, 4, 5, 6, 7], 8, '▁▂▃▄▅▆▇█'],
    ['scales to what it shows', [100, 200, 150], 3, '▁█▅'],
    ['goes below zero', [-1, 0, 1], 3, '▁▅█'],
    ['shows a bad value as a gap', [1, undefined, 2], 3, '▁ █'],
    ['draws a steady value flat', [5, 5, 5], 3, '▄▄▄'],
    ['draws a rounding error flat', [5, 5.001, 5], 3, '▄▄▄'],
    ['draws zeros flat', [0, 0], 2, '▄▄'],
    ['keeps the newest where there is no room', [9, 9, 1, 2], 2, '▁█'],
    ['fills up from the right', [1, 2], 4, '  ▁█'],
    ['of nothing is empty', [], 3, '   '],
    ['of gaps is empty', [undefined, Number.NaN], 2, '  '],
    ['without room is no text', [1, 2], 0, ''],
  ])('%s', (_, values, width, line) => {
    expect(renderSparkLine(values, width)).toBe(line);
  });

  test('is as wide as it should be, for any values', () => {
    const value = fc.option(fc.double(), { nil: undefined });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), fc.integer({ min: 0, max: 45 }), (values, width) => {
        expect(renderSparkLine(values, width)).toMatch(new RegExp(`^[ ▁▂▃▄▅▆▇█]{${width}}$`, 'u'));
      }),
    );
  });
});
