import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareParts } from '../../src/site/shared-parts.ts';

test('a site that came out of another thread says the same after its parts are shared', () => {
  const plain = fc.anything({ withMap: true, withNullPrototype: false, maxDepth: 4 });
  fc.assert(
    fc.property(fc.array(plain), root => {
      const before = structuredClone(root);
      shareParts(root);
      expect(root).toStrictEqual(before);
    }),
  );
});

test('devices of one profile share the addresses of their points, and what differs stays apart', () => {
  const address = (register: number) => ({ table: 'holding-register', address: register, invalidWords: [] });
  const points = [1, 2, 1, -0, 0].map((register, number) => ({ number, address: address(register) }));
  shareParts({ points });
  const [first, second, third, fourth, fifth] = points;
  expect(third?.address).toBe(first?.address);
  expect(second?.address).not.toBe(first?.address);
  expect(fourth?.address).not.toBe(fifth?.address);
  expect(second?.address.invalidWords).toBe(first?.address.invalidWords);
  expect(third).not.toBe(first);
});

test('a list is no object that has its places for names, and a text no number', () => {
  const root = { parts: [['a'], { 0: 'a' }, [1], ['1'], [undefined], [null], ['undefined'], [true], []] };
  const before = structuredClone(root);
  shareParts(root);
  expect(root).toStrictEqual(before);
  expect(new Set(root.parts).size).toBe(root.parts.length);
});

test('what is one thing stays one thing, and what points back to itself ends', () => {
  const point: { key: string; self?: unknown } = { key: 'booster/pressure' };
  point.self = point;
  const root = { points: [point], devices: [{ points: [point] }] };
  shareParts(root);
  expect(root.devices[0]?.points[0]).toBe(root.points[0]);
  expect(point.self).toBe(point);
});
