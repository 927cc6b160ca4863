import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Change } from '../../../src/model/alarm.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';
import { BookRig, ruleOf } from './book-rig.ts';
import { anyChanges, anyWalk, live, tellWalk } from './histories.ts';

/** A share of them: `npm run torture -- life` walks all the 100,000. */
const runs = 10_000;

describe('whatever happens to an alarm', () => {
  test('it is told and shown as a second, naive model says: nothing is lost, nothing is told twice', () => {
    fc.assert(
      fc.property(anyWalk, walk => {
        const { shown, told } = live(walk, false);
        expect({ shown, told }).toEqual(tellWalk(walk));
      }),
      { numRuns: propertyRuns(runs) },
    );
  });

  test('restarts at any point and jumps of the wall clock by ten years change nothing', () => {
    fc.assert(
      fc.property(anyWalk, walk => {
        const { shown, told } = live(walk, true);
        expect({ shown, told }).toEqual(tellWalk(walk));
      }),
      { numRuns: propertyRuns(runs) },
    );
  });

  test('raised and returned take turns, and time never runs back in what is told', () => {
    fc.assert(
      fc.property(anyWalk, walk => {
        const { log } = live(walk, false);
        let isActive = false;
        let lastMono = 0;
        for (const { kind, sampledAtMono, life } of log) {
          if (kind === 'hidden-raised') expect(isActive).toBe(false);
          if (kind === 'returned' || kind === 'hidden-returned') expect(isActive).toBe(true);
          expect(sampledAtMono).toBeGreaterThanOrEqual(lastMono);
          lastMono = sampledAtMono;
          isActive = life.isActive;
        }
      }),
      { numRuns: propertyRuns(runs / 4) },
    );
  });

  test('how the changes of many alarms are batched changes nothing', () => {
    const rules = Array.from({ length: 5 }, (_, index) => ruleOf(`pump/a${index}`, { isLatching: index === 4 }));
    fc.assert(
      fc.property(anyChanges, ({ keys, cuts }) => {
        const changes = keys.flatMap(([index, kind], at): Change[] => {
          const rule = rules[index];
          return rule ? [{ kind, rule, value: at, sampledAt: at, sampledAtMono: at }] : [];
        });
        const whole = new BookRig(rules);
        const told = whole.book.apply(changes);
        const parts = new BookRig(rules);
        const places = [0, ...cuts.sort((a, b) => a - b), changes.length];
        const inParts = places.flatMap((from, index) =>
          parts.book.apply(changes.slice(from, places[index + 1] ?? from)),
        );
        expect(inParts).toEqual(told);
      }),
      { numRuns: propertyRuns(runs / 4) },
    );
  });
});
