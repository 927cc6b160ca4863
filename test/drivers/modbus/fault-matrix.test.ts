import { expect, test } from 'vitest';
import { torture } from '../../torture/modbus-torture.ts';

/* The long run of `npm run torture -- modbus`, short. */

test('twenty thousand damaged replies over TCP, RTU and RTU over TCP bring no wrong value, and every device comes back', async () => {
  const { counts, violations } = await torture({ runs: 20_000, seed: 20_261_125, say: () => undefined });
  expect(violations).toEqual([]);
  for (const link of ['tcp', 'rtu', 'rtu-over-tcp']) {
    expect(counts[`${link}: damaged replies`]).toBeGreaterThanOrEqual(6_600);
    expect(counts[`${link}: kinds of damage`]).toBe(counts[`${link}: kinds of damage there are`]);
    expect(counts[`${link}: values read`]).toBeGreaterThan(10_000);
  }
}, 120_000);
