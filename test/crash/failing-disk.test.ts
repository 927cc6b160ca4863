import { expect, test } from 'vitest';
import { whyNoLoopDisk } from '../fakes/loop-disk.ts';
import { torture as cutTorture } from '../torture/cut-torture.ts';
import { torture as eioTorture } from '../torture/eio-torture.ts';

const quiet = { seed: 20_260_501, say: () => {} };

test('a disk that fails once, at whichever write or sync, costs no accepted event, and the store works on', async () => {
  const { counts, violations } = await eioTorture({ ...quiet, runs: 300 }, 5);
  expect(violations).toEqual([]);
  expect(counts['of them while the store was opened']).toBeGreaterThan(10);
  expect(counts['of them while it committed']).toBeGreaterThan(80);
}, 120_000);

const why = whyNoLoopDisk();

test.skipIf(why !== undefined)(
  `a file system that is cut off from its disk has every accepted event when it is back${why === undefined ? '' : ` (not run: ${why})`}`,
  async () => {
    const { counts, violations } = await cutTorture({ ...quiet, runs: 8 });
    expect(violations).toEqual([]);
    expect(counts['events accepted']).toBeGreaterThan(100);
  },
  120_000,
);
