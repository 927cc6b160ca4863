import { expect, test } from 'vitest';
import { torture } from '../torture/unplug-torture.ts';

/* The long run of `npm run torture -- unplug`, short. */

test('a plug that is pulled out and put back in, be it of a serial adapter, a socket, a device server or a network cable, never needs a restart', async () => {
  const { violations } = await torture({ runs: 2, seed: 5, say: () => undefined });
  expect(violations).toEqual([]);
}, 120_000);
