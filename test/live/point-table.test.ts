import { expect, test } from 'vitest';
import { createPointTable } from '../../src/live/point-table.ts';
import type { Point, SampleBatch } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';
import { deviceWith } from '../fakes/scripted-bus.ts';

function pointOf(id: string): Point {
  const point = deviceWith(id, [1_000]).points[0];
  if (!point) throw new Error('deviceWith makes a point for each interval');
  return point;
}

function batch(point: Point, value: number, quality: Quality, atMono: number): SampleBatch {
  const samples = [{ point, value, text: undefined, quality }];
  return { device: point.device, samples, isAnswered: true, sampledAtMono: atMono, sampledAt: 1_000_000 + atMono };
}

test('a bad sample changes the quality and keeps the last good value, whose age goes on', () => {
  const point = pointOf('pump');
  const table = createPointTable();
  table.replace([point]);
  table.apply(batch(point, 4.2, 'good', 100));
  table.apply(batch(point, Number.NaN, 'timeout', 200));
  expect(table.get(point.number)).toMatchObject({
    value: 4.2,
    quality: 'timeout',
    goodAtMono: 100,
    sampledAt: 1_000_200,
  });
});

test('a reload keeps the values of the points that stay and forgets those that go', () => {
  const [stays, goes, comes] = [pointOf('a'), pointOf('b'), pointOf('c')];
  const table = createPointTable();
  table.replace([stays, goes]);
  table.apply(batch(stays, 1, 'good', 100));
  table.replace([comes, { ...stays, name: 'renamed' }]);
  expect(table.all().map(row => [row.point.name, row.value])).toEqual([
    [comes.name, Number.NaN],
    ['renamed', 1],
  ]);
  expect(table.get(goes.number)).toBeUndefined();
});

test('a late sample of a point that has gone is ignored', () => {
  const point = pointOf('a');
  const table = createPointTable();
  table.replace([]);
  table.apply(batch(point, 1, 'good', 100));
  expect(table.all()).toEqual([]);
});

test('a text is kept as it is', () => {
  const point = pointOf('a');
  const table = createPointTable();
  table.replace([point]);
  const samples = [{ point, value: Number.NaN, text: 'NICE3000', quality: 'good' as const }];
  table.apply({ device: point.device, samples, isAnswered: true, sampledAtMono: 1, sampledAt: 1 });
  expect(table.get(point.number)?.text).toBe('NICE3000');
});
