import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareTexts } from '../../src/site/shared-texts.ts';

test('a site that came out of another thread says the same after its texts are shared', () => {
  const plain = fc.anything({ withMap: true, withNullPrototype: false, maxDepth: 4 });
  fc.assert(
    fc.property(fc.array(plain), root => {
      const before = structuredClone(root);
      shareTexts(root);
      expect(root).toEqual(before);
    }),
  );
});

test('what is one thing stays one thing, and what points back to itself ends', () => {
  const point: { key: string; self?: unknown } = { key: 'booster/pressure' };
  point.self = point;
  const root = { points: [point], devices: [{ points: [point] }] };
  shareTexts(root);
  expect(root.devices[0]?.points[0]).toBe(root.points[0]);
  expect(point.self).toBe(point);
});
