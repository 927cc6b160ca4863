import { expect, test } from 'vitest';
import { whyNoLoopDisk } from '../fakes/loop-disk.ts';
import { torture as cutTorture } from '../torture/cut-torture.ts';
import { torture as eioTorture } from '../torture/eio-torture.ts';
import { torture as fullTorture } from '../torture/full-torture.ts';
import type { Verdict } from '../torture/main.ts';
import { torture as stallTorture } from '../torture/stall-torture.ts';

const quiet = { seed: 20_260_501, say: () => {} };

test('a disk that fails once, at whichever write or sync, costs no accepted event, and the store works on', async () => {
  const { counts, violations } = await eioTorture({ ...quiet, runs: 300 }, 5);
  expect(violations).toEqual([]);
  expect(counts['of them while the store was opened']).toBeGreaterThan(10);
  expect(counts['of them while it committed']).toBeGreaterThan(80);
}, 120_000);

let stalled: Promise<Verdict> | undefined;

/** Ten seconds are ten seconds: one stall has to do for all who look at it. */
function stall(): Promise<Verdict> {
  stalled ??= stallTorture({ ...quiet, runs: 1 }, 20);
  return stalled;
}

test('while the disk hangs for ten seconds, polling and detection go on, and what they saw is committed after', async () => {
  const { counts, violations } = await stall();
  expect(violations).toEqual([]);
  expect(counts['floods meanwhile']).toBeGreaterThan(30);
}, 120_000);

test('while the disk hangs, alarms are sent from memory', async () => {
  const { counts } = await stall();
  expect(counts['events sent meanwhile']).toBeGreaterThan(30);
}, 120_000);

const why = whyNoLoopDisk();
const unless = why === undefined ? '' : ` (not run: ${why})`;

test.skipIf(why !== undefined)(
  `a file system that is cut off from its disk has every accepted event when it is back${unless}`,
  async () => {
    const { counts, violations } = await cutTorture({ ...quiet, runs: 8 });
    expect(violations).toEqual([]);
    expect(counts['events accepted']).toBeGreaterThan(100);
  },
  120_000,
);

test.skipIf(why !== undefined)(
  `a disk of 4 MB that is full again and again takes every alarm, and keeps what it took after it was full${unless}`,
  async () => {
    const { counts, violations } = await fullTorture({ ...quiet, runs: 20 });
    expect(violations).toEqual([]);
    expect(counts['of them while it was full']).toBe(400);
  },
  120_000,
);
