import { expect, test } from 'vitest';
import { createLatency, createStopwatch } from '../../src/live/latency.ts';

test('a histogram tells its median, its tail and its longest, to three digits', () => {
  const latency = createLatency();
  for (let ms = 1; ms <= 1_000; ms += 1) latency.record(ms);
  const { count, p50, p99, max } = latency.view();
  expect(count).toBe(1_000);
  expect(p50).toBeGreaterThan(498);
  expect(p50).toBeLessThan(502);
  expect(p99).toBeGreaterThan(988);
  expect(p99).toBeLessThan(992);
  expect(max).toBeGreaterThanOrEqual(1_000);
});

test('nothing recorded is told as nothing, and no duration breaks the histogram', () => {
  const latency = createLatency();
  expect(latency.view()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  for (const ms of [0, -5, 1e-9, 1e12]) latency.record(ms);
  expect(latency.view().count).toBe(4);
});

test('a stopwatch measures each event once, and forgets the oldest when nobody stops them', () => {
  const latency = createLatency();
  const stopwatch = createStopwatch(latency);
  for (let number = 1; number <= 5_000; number += 1) stopwatch.start(number, number);
  stopwatch.stop(1, 5_001);
  expect(latency.view().count).toBe(0);
  stopwatch.stop(5_000, 5_010);
  stopwatch.stop(5_000, 9_999);
  expect(latency.view()).toMatchObject({ count: 1 });
  expect(latency.view().max).toBeCloseTo(10, 1);
});
