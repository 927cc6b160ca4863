import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderTimeAxis, renderTimeline } from '../../../src/cli/render/timeline.ts';

test('a column is as high as the share of its time, and a moment is never lost', () => {
  expect(renderTimeline([{ from: 0, to: 100 }], 0, 400, 4)).toBe('█···');
  expect(
    renderTimeline(
      [
        { from: 50, to: 100 },
        { from: 390, to: undefined },
      ],
      0,
      400,
      4,
    ),
  ).toBe('▅··▁');
  expect(renderTimeline([{ from: 250, to: 250 }], 0, 400, 4)).toBe('··▁·');
  expect(renderTimeline([{ from: -50, to: 500 }], 0, 400, 4)).toBe('████');
});

test('whatever stood within the time is seen, and the line is as wide as it was to be', () => {
  const stretch = fc.tuple(fc.nat(999), fc.nat(400)).map(([from, ms]) => ({ from, to: from + ms }));
  fc.assert(
    fc.property(fc.array(stretch), fc.integer({ min: 1, max: 60 }), (stretches, width) => {
      const line = renderTimeline(stretches, 0, 1_000, width);
      expect([...line]).toHaveLength(width);
      expect(/[^·]/.test(line)).toBe(stretches.length > 0);
    }),
  );
});

test('an axis has the times that there is room for', () => {
  const format = (at: number) => `at ${at}`;
  expect(renderTimeAxis(0, 10, 30, format)).toBe('at 0         at 5        at 10');
  expect(renderTimeAxis(0, 10, 14, format)).toBe('at 0     at 10');
  expect(renderTimeAxis(0, 10, 6, format)).toBe('at 0');
});
