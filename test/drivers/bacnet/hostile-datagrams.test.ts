import { expect, test } from 'vitest';
import { torture } from '../../torture/bacnet-torture.ts';

/** A share of them: `npm run torture -- bacnet` sends 1,000,000. */
test('50,000 hostile datagrams end no process, leave no request open and bring no wrong value', async () => {
  const { counts, violations } = await torture({ runs: 50_000, seed: 20_261_126, say: () => {} });
  expect(violations).toEqual([]);
  for (const storm of ['client', 'driver']) {
    expect(counts).toMatchObject({ [`${storm}: uncaught`]: 0, [`${storm}: wrong values`]: 0 });
  }
  expect(counts['client: right']).toBeGreaterThan(500);
  expect(counts['driver: right']).toBeGreaterThan(1_000);
  expect(counts['driver: pushed']).toBeGreaterThan(100);
});
