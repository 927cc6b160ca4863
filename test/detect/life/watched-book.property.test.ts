import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noMasks, progressSteps } from '../../../src/model/alarm.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';
import { alarm, li, type WatchedPlant, watchedPlant } from './watched-plant.ts';

/*
 * Random histories of a small plant: two groups, all priorities, latches, re-alarms and suppression.
 */

const rules = [
  alarm('a/0', { priority: 'urgent', life: { group: 'g' } }),
  alarm('a/1', { priority: 'high', life: { group: 'g', reAlarmMs: 1_200_000 } }),
  alarm('a/2', { priority: 'high', life: { group: 'g', isLatching: true } }),
  alarm('a/3', { priority: 'low', life: { group: 'h', needsAcknowledge: false, reAlarmMs: 600_000 } }),
  alarm('a/4', { priority: 'urgent', life: { group: 'h', suppressedBy: ['off'] } }),
  alarm('a/5', { priority: 'medium', life: { needsAcknowledge: false } }),
];
const options = {
  groups: [
    { id: 'g', windowMs: 3_000 },
    { id: 'h', windowMs: 60_000 },
  ],
  suppressions: ['off'],
};

const key = fc.constantFrom(...rules.map(rule => rule.key));

type Step = (plant: WatchedPlant) => void;

const deed: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: key.map(
      (one): Step =>
        plant =>
          plant.met(one),
    ),
  },
  {
    weight: 3,
    arbitrary: key.map(
      (one): Step =>
        plant =>
          plant.gone(one),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(key, fc.constantFrom('acknowledge', 'reset', 'unshelve', 'put-back')).map(
      ([one, kind]): Step =>
        plant =>
          plant.act(one, { kind, by: li }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(key, fc.constantFrom('shelve', 'take-out'), fc.constantFrom(60_000, 3_600_000)).map(
      ([one, kind, lastsMs]): Step =>
        plant =>
          plant.act(one, { kind, by: li, reason: 'test', lastsMs }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(key, fc.constantFrom(...progressSteps)).map(
      ([one, step]): Step =>
        plant =>
          plant.report(one, step),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (isActive): Step =>
        plant =>
          plant.suppress('off', isActive),
    ),
  },
);

const afterMs = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 1_500_000 }));

interface Scene {
  readonly afterMs: number;
  readonly step: Step;
  readonly disturbs: boolean;
}
const history: fc.Arbitrary<Scene[]> = fc.array(fc.record({ afterMs, step: deed, disturbs: fc.boolean() }), {
  maxLength: 40,
});

function play(scenes: readonly Scene[], disturb: (plant: WatchedPlant) => void): WatchedPlant {
  const plant = watchedPlant(rules, options);
  for (const { afterMs, step, disturbs } of scenes) {
    plant.wait(afterMs);
    // In the windows of first-out groups a restart may cost a mark, where what was first is hidden or over already.
    if (disturbs && afterMs > 60_000) disturb(plant);
    step(plant);
  }
  plant.wait(100_000_000);
  return plant;
}

/** What does not go over a restart: which alarms were noticed to come often, and work on what is over. */
const lasting = (plant: WatchedPlant) =>
  plant.told.filter(text => !/^(chattering|flood-began|flood-ended|dispatched|arrived|restored|closed)/.test(text));

const years = 10 * 365 * 86_400_000;

test('wall clock jumps of ten years in either direction change nothing', () => {
  fc.assert(
    fc.property(history, fc.array(fc.constantFrom(-years, years), { minLength: 1 }), (scenes, jumps) => {
      let jump = 0;
      const disturbed = play(scenes, plant => {
        plant.jump(jumps[jump % jumps.length] ?? years);
        jump += 1;
      });
      expect(disturbed.told).toEqual(play(scenes, () => {}).told);
    }),
    { numRuns: propertyRuns(200) },
  );
});

test('a restart changes no mark, no deadline and no announcement', () => {
  fc.assert(
    fc.property(history, scenes => {
      const disturbed = play(scenes, plant => plant.restart());
      expect(lasting(disturbed)).toEqual(lasting(play(scenes, () => {})));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('no deadline is told twice in one announcement, none early, and none of what is hidden or secondary', () => {
  fc.assert(
    fc.property(history, scenes => {
      const plant = play(scenes, () => {});
      const told = new Set<string>();
      for (const { kind, alarm: one, overdue, overdueMs, life } of plant.happenings) {
        if (kind === 'raised' || kind === 're-alarmed' || kind === 'closed') {
          for (const deadline of ['acknowledge', 'arrive', 'restore']) told.delete(`${one} ${deadline}`);
        }
        if (kind !== 'overdue') continue;
        expect(overdueMs).toBeGreaterThanOrEqual(0);
        expect(['shelved', 'suppressed', 'out-of-service', 'normal']).not.toContain(life.phase);
        if (overdue === 'acknowledge') expect(life.isUnacknowledged).toBe(true);
        else expect(life.isActive).toBe(true);
        told.add(`${one} ${overdue}`);
      }
      for (const { life, firstAlarm } of plant.happenings)
        if (life.phase === 'normal') expect(firstAlarm).toBeUndefined();
    }),
    { numRuns: propertyRuns(200) },
  );
});

/** What one group does within its window, while its cause is hidden and shown again. */
const deedOfGroup = fc
  .tuple(fc.constantFrom('a/3', 'a/4'), fc.constantFrom('met', 'gone', 'hide', 'show'))
  .map(([one, kind]): Step => {
    if (kind === 'met') return plant => plant.met(one);
    if (kind === 'gone') return plant => plant.gone(one);
    return plant => plant.suppress('off', kind === 'hide');
  });
const dense = fc.array(fc.record({ afterMs: fc.constantFrom(0, 1_000, 61_000), step: deedOfGroup }), { maxLength: 30 });

test('an alarm is silent behind another one only while that one stands and is seen', () => {
  fc.assert(
    fc.property(dense, scenes => {
      const plant = watchedPlant(rules, options);
      for (const { afterMs, step } of scenes) {
        plant.wait(afterMs);
        step(plant);
        const book = plant.book();
        const silent = rules.filter(({ key: one }) => book.claimOf(one).isCovered);
        for (const { key: one } of silent) {
          const { firstOut } = plant.states.get(one) ?? {};
          const first = [...plant.states.values()].find(({ occurrence }) => occurrence === firstOut);
          expect(first).toMatchObject({ isActive: true, masks: noMasks });
        }
      }
    }),
    { numRuns: propertyRuns(4_000) },
  );
});
