import { expect, test } from 'vitest';
import { torture } from '../torture/crash-torture.ts';

test('wherever the power is cut, whatever the disk had kept to itself, every accepted event is there at the next start', async () => {
  const { counts, violations } = await torture({ runs: 360, seed: 20_260_401, say: () => {} });
  expect(violations).toEqual([]);
  expect(counts.starts).toBe(360);
  // The same with synchronous=NORMAL: a run that could see no loss would prove nothing.
  expect(counts['with synchronous=NORMAL: starts that had lost an accepted event']).toBeGreaterThan(0);
}, 120_000);
