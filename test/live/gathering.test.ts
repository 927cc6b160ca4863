import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGathering } from '../../src/live/gathering.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

function rig(mostItems: number) {
  const clock = new VirtualClock();
  const handed: { items: readonly number[]; atMono: number }[] = [];
  const gathering = createGathering<number>({
    clock,
    waitMs: 2_000,
    mostItems,
    onItems: items => handed.push({ items, atMono: clock.monoMs() }),
  });
  return { clock, handed, gathering };
}

test('what comes within the wait is handed on together, once, and nothing is handed on when nothing came', async () => {
  const { clock, handed, gathering } = rig(1_000);
  await clock.advance(10_000);
  gathering.add(1);
  await clock.advance(1_000);
  gathering.add(2);
  await clock.advance(60_000);
  expect(handed).toEqual([{ items: [1, 2], atMono: 12_000 }]);
  gathering.flush();
  expect(handed).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('nothing is lost, doubled or put in another order, and never more than the limit waits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3_000), { maxLength: 60 }),
      fc.integer({ min: 1, max: 10 }),
      async (gaps, most) => {
        const { clock, handed, gathering } = rig(most);
        for (const [item, gap] of gaps.entries()) {
          gathering.add(item);
          await clock.advance(gap);
        }
        gathering.flush();
        expect(handed.flatMap(({ items }) => items)).toEqual(gaps.map((_, item) => item));
        for (const { items } of handed) expect(items.length).toBeLessThanOrEqual(most);
      },
    ),
  );
});
