import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDeadShare } from '../../src/poll/dead-share.ts';

test('a request in vain is followed by a pause in which the others have the bus, so that the share is kept', () => {
  const dead = createDeadShare(0.1, 0);
  expect(dead.freeMono).toBe(0);
  dead.spend(1_000, 1_200);
  expect(dead.freeMono).toBe(3_000);
});

test('the share holds over any stretch of time, however many dead devices want to be probed', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      fc.array(fc.record({ waits: fc.nat(5_000), takes: fc.integer({ min: 1, max: 3_000 }) }), { minLength: 1 }),
      (limit, probes) => {
        const dead = createDeadShare(limit, 0);
        let spentMs = 0;
        for (const { waits, takes } of probes) {
          const fromMono = dead.freeMono + waits;
          dead.spend(fromMono, fromMono + takes);
          spentMs += takes;
          // From the start to the moment at which the next probe may be made.
          expect(spentMs).toBeLessThanOrEqual(limit * dead.freeMono + 1e-6);
        }
      },
    ),
  );
});

test('what the first request to a device took is shown, but nobody waits for it', () => {
  const dead = createDeadShare(0.1, 0);
  dead.note(0, 1_000);
  expect(dead.freeMono).toBe(0);
  expect(dead.share(10_000)).toBeCloseTo(0.1, 6);
});
