import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDetector, type Detector } from '../../src/detect/detector.ts';
import type { Change as Changed } from '../../src/model/alarm.ts';
import { propertyRuns } from '../fakes/property-runs.ts';
import { batchOf, delayMs, history, number, onward, placeOf, quarter, splitBatches, unsteady } from './histories.ts';
import { type Change, type Event, type JudgedRule, judgeHistory } from './naive-detector.ts';
import { communicationRule, limitRule, rateRule, stateRule, type Value, wallAt } from './plant.ts';

/*
 * Random plants against the naive detector. Two devices, two points each: point 0 and 1 on device 0, point 2 and 3 on
 * device 1. Values are quarters, so that limits are met exactly and reckoning is exact in binary; rates and changes are
 * crooked, so that a fitted slope is never a hair beside its limit.
 */

const rule: fc.Arbitrary<JudgedRule> = fc.oneof(
  fc
    .record({
      number,
      level: fc.constantFrom('high-high', 'high', 'low', 'low-low'),
      limit: quarter,
      deadband: fc.constantFrom(0, 0.25, 1, 3),
      onDelayMs: delayMs,
      offDelayMs: delayMs,
    })
    .map(({ number, ...parts }) => limitRule({ ...parts, ...placeOf(number) })),
  fc
    .record({
      number,
      direction: fc.constantFrom('rise', 'fall', 'both'),
      ratePerS: fc.constantFrom(0.1131, 0.7313, 2.2361),
      minChange: fc.constantFrom(0, 1.6181, 4.6692),
      windowMs: fc.constantFrom(1_000, 3_000, 10_000, 30_000),
      onDelayMs: delayMs,
      offDelayMs: delayMs,
    })
    .map(({ number, ...parts }) => rateRule({ ...parts, ...placeOf(number) })),
  fc
    .record({
      number,
      states: fc.array(quarter, { maxLength: 12, size: 'max' }),
      onDelayMs: delayMs,
      offDelayMs: delayMs,
    })
    .map(({ number, ...parts }) => stateRule({ ...parts, ...placeOf(number) })),
  fc
    .record({ device: fc.constantFrom(0, 1), onDelayMs: delayMs, offDelayMs: delayMs })
    .map(parts => communicationRule(parts)),
);

const rules = fc
  .array(rule, { minLength: 4, maxLength: 8 })
  .map(list => list.map((one, index): JudgedRule => ({ ...one, key: `rule/${index}` })));

const standing = fc.array(fc.integer({ min: 0, max: 7 }).map(index => `rule/${index}`));

function run(detector: Detector, events: readonly Event[], firstEvent = 0): Change[] {
  return events.flatMap((event, index) => detector.step(batchOf(event)).map(changeAt(firstEvent + index)));
}

function changeAt(event: number): (changed: Changed) => Change {
  return ({ kind, rule }) => {
    if (kind === 'removed') throw new Error('no rule was removed');
    return { event, key: rule.key, kind };
  };
}

/** What the naive detector makes of it, in the promised order. */
function expectedChanges(list: readonly JudgedRule[], events: readonly Event[], active: readonly string[]): Change[] {
  const byRule = list.map(one => judgeHistory(one, events, active.includes(one.key)).changes);
  return events.flatMap((event, index) => {
    const places = [undefined, ...event.values.map(([at]) => at)];
    return places.flatMap(place =>
      list.flatMap((one, order) => {
        const rulePlace = one.kind === 'communication' ? undefined : one.point;
        return rulePlace === place ? (byRule[order] ?? []).filter(change => change.event === index) : [];
      }),
    );
  });
}

test('no raise and no return is lost, invented, early or late', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, (list, events, active) => {
      const detector = createDetector(list, active);
      expect(run(detector, events)).toEqual(expectedChanges(list, events, active));
      const stillActive = list.filter(one => judgeHistory(one, events, active.includes(one.key)).isActive);
      expect([...detector.active()].sort()).toEqual(stillActive.map(({ key }) => key).sort());
    }),
    { numRuns: propertyRuns(1_000) },
  );
});

test('raise and return of one alarm take turns', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, (list, events, active) => {
      const changes = run(createDetector(list, active), events);
      for (const { key } of list) {
        const kinds = changes.filter(change => change.key === key).map(({ kind }) => kind);
        const first = active.includes(key) ? 'gone' : 'met';
        expect(kinds).toEqual(kinds.map((_, index) => ((index % 2 === 0) === (first === 'met') ? 'met' : 'gone')));
      }
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('it makes no difference how samples were batched', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, (list, events, active) => {
      const whole = createDetector(list, active);
      const split = createDetector(list, active);
      for (const event of events) {
        expect(splitBatches(event).flatMap(one => [...split.step(one)])).toEqual(whole.step(batchOf(event)));
      }
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('wall clock jumps of ten years change no transition but its sampledAt', () => {
  const decadeMs = 10 * 365 * 86_400_000;
  const jumps = fc.array(fc.constantFrom(0, 0, 0, decadeMs, -decadeMs, 3_600_000), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(rules, history(unsteady), jumps, (list, events, byMs) => {
      const steady = createDetector(list, []);
      const jumping = createDetector(list, []);
      let offMs = 0;
      for (const [index, event] of events.entries()) {
        offMs += byMs[index] ?? 0;
        const wall = event.wall + offMs;
        const expected = steady.step(batchOf(event)).map(transition => ({ ...transition, sampledAt: wall }));
        expect(jumping.step(batchOf({ ...event, wall }))).toEqual(expected);
      }
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('a restart with no delay running loses nothing and doubles nothing', () => {
  const originMs = fc.constantFrom(-60_000, 0, 1e9);
  const cut = fc.nat({ max: 100 });
  fc.assert(
    fc.property(rules, history(onward), standing, cut, originMs, (list, events, active, at, shiftMs) => {
      // A window of samples does not outlive the process; rates have their own test below.
      const lasting = list.filter(({ kind }) => kind !== 'rate');
      const before = events.slice(0, at);
      fc.pre(lasting.every(one => !judgeHistory(one, before, active.includes(one.key)).isPending));
      const first = createDetector(lasting, active);
      const changes = run(first, before);
      const second = createDetector(lasting, first.active());
      const after = events.slice(at).map(event => ({ ...event, mono: event.mono + shiftMs }));
      changes.push(...run(second, after, before.length));
      expect(changes).toEqual(run(createDetector(lasting, active), events));
    }),
    { numRuns: propertyRuns(500) },
  );
});

test('rules that are put in their own place change nothing', () => {
  fc.assert(
    fc.property(rules, history(unsteady), standing, fc.nat({ max: 100 }), (list, events, active, at) => {
      const detector = createDetector(list, active);
      const changes = run(detector, events.slice(0, at));
      const copies = list.map((one): JudgedRule => ({ ...one, message: 'the same in other words' }));
      expect(detector.replaceRules(copies, { mono: 0, wall: 0 })).toEqual([]);
      changes.push(...run(detector, events.slice(at), Math.min(at, events.length)));
      expect(changes).toEqual(run(createDetector(list, active), events));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('a standing rate alarm outlives a restart: it is not raised again and returns when the value has settled', () => {
  const one = rateRule({ windowMs: 10_000, ratePerS: 1 });
  const steep = Array.from({ length: 20 }, (_, index): Event => eventAt(index * 1_000, index * 2));
  const flat = Array.from({ length: 20 }, (_, index): Event => eventAt((20 + index) * 1_000, 40));
  const detector = createDetector([one], [one.key]);
  expect(run(detector, steep)).toEqual([]);
  expect(run(detector, flat).map(({ kind }) => kind)).toEqual(['gone']);
});

function eventAt(mono: number, one: Value): Event {
  return { device: 0, mono, wall: wallAt(mono), isAnswered: true, values: [[0, one]] };
}
