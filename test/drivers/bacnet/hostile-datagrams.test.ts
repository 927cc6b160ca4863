import { expect, test } from 'vitest';
import { torture } from '../../torture/bacnet-torture.ts';

/** A share of them: `npm run torture -- bacnet` sends 1,000,000. */
test('50,000 hostile datagrams end no process, leave no request open and bring no wrong value', async () => {
  const { counts, violations } = await torture({ runs: 50_000, seed: 20_261_126, say: () => {} });
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({ uncaught: 0, 'wrong values': 0 });
  expect(counts.right).toBeGreaterThan(1_000);
});
