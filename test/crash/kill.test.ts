import { expect, test } from 'vitest';
import { torture } from '../torture/kill-torture.ts';

test('nothing that was accepted is lost, doubled or out of order when gateway and broker are killed again and again', async () => {
  const { counts, violations } = await torture({ runs: 100, seed: 20_260_101, say: () => {} });
  expect(violations).toEqual([]);
  expect(counts['kills of the broker']).toBeGreaterThan(5);
  expect(counts['events arrived']).toBeGreaterThan(1_000);
}, 900_000);
