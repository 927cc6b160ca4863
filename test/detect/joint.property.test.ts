import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDetector, type Detector } from '../../src/detect/detector.ts';
import { otherPointOf } from '../../src/model/alarm.ts';
import type { SampleBatch } from '../../src/model/point.ts';
import { propertyRuns } from '../fakes/property-runs.ts';
import { batchOf, delayMs, history, number, placeOf, quarter, splitBatches, unsteady } from './histories.ts';
import type { Change, Event } from './naive-detector.ts';
import { judgeNaively, type NaiveRule } from './naive-joint.ts';
import { crossingsRule, deviationRule, frozenRule, mismatchRule, spreadRule, staleRule, type Value } from './plant.ts';

/*
 * Random plants against naive rules that work everything out anew each time. Values and bands are quarters, so that
 * reckoning is exact in binary; limits of spreads are crooked, so that none is a hair beside what is measured.
 */

const reference = fc.oneof(
  fc.record({
    kind: fc.constant('point' as const),
    point: number,
    factor: fc.constantFrom(1, 0.5),
    offset: fc.constantFrom(0, -2),
  }),
  fc.record({ kind: fc.constant('constant' as const), value: quarter }),
);
const delays = { onDelayMs: delayMs, offDelayMs: delayMs };
const windowMs = fc.constantFrom(1_000, 3_000, 10_000, 30_000);
const on = fc.option(fc.array(quarter, { minLength: 4, maxLength: 16, size: 'max' }), { nil: undefined });

function at<Parts extends { readonly number: number }, Made>(make: (parts: Omit<Parts, 'number'>) => Made) {
  return ({ number: place, ...parts }: Parts): Made => make({ ...parts, ...placeOf(place) });
}

const rule: fc.Arbitrary<NaiveRule> = fc.oneof(
  fc
    .record({
      number,
      from: reference,
      direction: fc.constantFrom('above', 'below', 'both'),
      limit: fc.constantFrom(0.5, 1, 3),
      deadband: fc.constantFrom(0, 0.25),
      ...delays,
    })
    .map(at(deviationRule)),
  fc
    .record({
      number,
      measure: fc.constantFrom('deviation', 'peak-to-peak'),
      limit: fc.constantFrom(1.6181, 2.2361, 6.2832),
      deadband: fc.constantFrom(0, 0.8345),
      windowMs,
      ...delays,
    })
    .map(at(spreadRule)),
  fc
    .record({
      number,
      of: reference,
      most: fc.integer({ min: 1, max: 4 }),
      band: fc.constantFrom(0, 0.25, 1),
      windowMs,
      ...delays,
    })
    .map(at(crossingsRule)),
  fc
    .record({ number, command: number, commandOn: on, feedbackOn: on, startMs: delayMs, stopMs: delayMs, ...delays })
    .map(at(mismatchRule)),
  fc
    .record({
      number,
      forMs: windowMs,
      span: fc.constantFrom(0.5, 4, 6),
      companion: fc.option(fc.record({ point: number, span: fc.constantFrom(0, 1, 3) }), { nil: undefined }),
      ...delays,
    })
    .map(at(frozenRule)),
  fc.record({ number, longestMs: delayMs, ...delays }).map(at(staleRule)),
);

const rules = fc
  .array(rule, { minLength: 4, maxLength: 8 })
  .map(list => list.map((one, index): NaiveRule => ({ ...one, key: `rule/${index}` })))
  // Nobody compares a point with itself; the site file does not take it for a mismatch.
  .filter(list => list.every(one => one.point !== otherPointOf(one)));
const standing = fc.array(fc.integer({ min: 0, max: 7 }).map(index => `rule/${index}`));

function stepAll(detector: Detector, batches: readonly SampleBatch[], event: number): Change[] {
  return batches.flatMap(one =>
    detector.step(one).map(({ kind, rule: { key } }) => {
      if (kind === 'removed') throw new Error('no rule was removed');
      return { event, key, kind };
    }),
  );
}

function inOrder(changes: readonly Change[]): Change[] {
  return changes.toSorted((one, other) => one.event - other.event || (one.key < other.key ? -1 : 1));
}

function run(detector: Detector, events: readonly Event[], firstEvent = 0): Change[] {
  return inOrder(events.flatMap((event, index) => stepAll(detector, [batchOf(event)], firstEvent + index)));
}

test('no alarm is lost, invented, early or late', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, (list, events, active) => {
      const detector = createDetector(list, active);
      const outcomes = list.map(one => judgeNaively(one, events, active.includes(one.key)));
      expect(run(detector, events)).toEqual(inOrder(outcomes.flatMap(({ changes }) => changes)));
      const stillActive = list.filter((_, index) => outcomes[index]?.isActive).map(({ key }) => key);
      expect([...detector.active()].sort()).toEqual(stillActive.sort());
    }),
    { numRuns: propertyRuns(1_000) },
  );
});

test('the order of the samples in a read makes no difference', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, (list, events, active) => {
      const turned = events.map(event => ({ ...event, values: event.values.toReversed() }));
      expect(run(createDetector(list, active), turned)).toEqual(run(createDetector(list, active), events));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('a rule whose points come with different reads does not care how samples were batched', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, (list, events, active) => {
      const lone = list.filter(one => (otherPointOf(one) ?? 9) < 2 !== one.point < 2);
      const split = createDetector(lone, active);
      const changes = events.flatMap((event, index) => stepAll(split, splitBatches(event), index));
      expect(inOrder(changes)).toEqual(run(createDetector(lone, active), events));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('wall clock jumps of ten years change nothing', () => {
  const decadeMs = 10 * 365 * 86_400_000;
  fc.assert(
    fc.property(
      rules,
      history(unsteady),
      fc.infiniteStream(fc.constantFrom(0, decadeMs, -decadeMs)),
      (list, events, jumps) => {
        const jumping = events.map((event): Event => ({ ...event, wall: event.wall + (jumps.next().value ?? 0) }));
        expect(run(createDetector(list, []), jumping)).toEqual(run(createDetector(list, []), events));
      },
    ),
    { numRuns: propertyRuns(200) },
  );
});

test('rules that are put in their own place, in other words, change nothing', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, fc.nat({ max: 100 }), (list, events, active, cut) => {
      const detector = createDetector(list, active);
      const changes = run(detector, events.slice(0, cut));
      const copies = list.map((one): NaiveRule => ({ ...one, message: 'other words', priority: 'low' }));
      expect(detector.replaceRules(copies, { mono: 0, wall: 0 })).toEqual([]);
      changes.push(...run(detector, events.slice(cut), Math.min(cut, events.length)));
      expect(changes).toEqual(run(createDetector(list, active), events));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('floats beyond all measure raise nothing that stays when they are past', () => {
  const absurd = fc.constantFrom<Value>(
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    1e300,
    -1e300,
    Number.MIN_VALUE,
    0,
    Number.NaN,
  );
  fc.assert(
    fc.property(rules, fc.array(fc.tuple(absurd, absurd, absurd, absurd), { maxLength: 60 }), (list, rows) => {
      // Deadbands and delays keep an alarm: that is what they are for. The other kinds do not reckon with the values.
      const judged = list.flatMap((one): NaiveRule[] => {
        if (one.kind === 'crossings') return [{ ...one, onDelayMs: 0, offDelayMs: 0 }];
        if (one.kind !== 'spread' && one.kind !== 'deviation') return [];
        return [{ ...one, onDelayMs: 0, offDelayMs: 0, deadband: 0 }];
      });
      const detector = createDetector(judged, []);
      const read = (step: number, device: number, values: readonly Value[]): Event => {
        const named = values.map((value, index): [number, Value] => [2 * device + index, value]);
        return { device, mono: step * 250, wall: 0, isAnswered: true, values: named };
      };
      const both = (step: number, [a, b, c, d]: readonly [Value, Value, Value, Value]) => [
        read(step, 0, [a, b]),
        read(step, 1, [c, d]),
      ];
      run(
        detector,
        rows.flatMap((row, step) => both(step, row)),
      );
      // After a minute without them everything is as if they had never been.
      const calm = (index: number) => both(rows.length + index, [index % 2, 4, 3 - (index % 2), 5]);
      run(detector, Array.from({ length: 240 }, (_, index) => calm(index)).flat());
      const untouched = createDetector(judged, []);
      run(untouched, Array.from({ length: 240 }, (_, index) => calm(index)).flat());
      expect([...detector.active()].sort()).toEqual([...untouched.active()].sort());
    }),
    { numRuns: propertyRuns(200) },
  );
});
