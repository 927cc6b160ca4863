import { expect, test } from 'vitest';
import { torture } from '../torture/kill-torture.ts';

test('nothing that was accepted is lost or doubled when the gateway is killed again and again during an outage', async () => {
  const verdict = await torture({ runs: 4, seed: 20_260_101, say: () => {} });
  expect(verdict.violations).toEqual([]);
  expect(verdict.counts.arrived).toBeGreaterThan(20);
}, 120_000);
