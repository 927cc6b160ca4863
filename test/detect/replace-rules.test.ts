import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import type { Rule } from '../../src/model/alarm.ts';
import { communicationRule, every, limitRule, play, rateRule, stateRule, type Value } from './plant.ts';

const at = { mono: 10_000, wall: 777_000 };

/** An alarm that stands on `before`, and what its successor makes of it. */
function reload(before: Rule, after: readonly Rule[]) {
  const detector = createDetector([before], [before.key]);
  return { detector, changes: detector.replaceRules(after, at) };
}

describe('after a reload', () => {
  test('a standing alarm without its rule is removed', () => {
    const rule = limitRule();
    const { detector, changes } = reload(rule, []);
    expect(changes).toEqual([{ kind: 'removed', rule, value: undefined, sampledAt: 777_000, sampledAtMono: 10_000 }]);
    expect(detector.active()).toEqual([]);
    expect(play(detector, [[11_000, 99]])).toEqual([]);
  });

  test('a rule that goes while its alarm is normal goes silently', () => {
    expect(createDetector([limitRule()], []).replaceRules([], at)).toEqual([]);
  });

  test('a rule that came with a reload and was never met goes silently, too', () => {
    const detector = createDetector([], []);
    expect(detector.replaceRules([limitRule()], at)).toEqual([]);
    expect(detector.replaceRules([], at)).toEqual([]);
  });

  test.each<[string, Rule, Rule]>([
    ['its limit', limitRule(), limitRule({ limit: 85 })],
    ['its deadband', limitRule(), limitRule({ deadband: 3 })],
    ['its delays', limitRule(), limitRule({ onDelayMs: 5, offDelayMs: 5 })],
    ['its message and priority', limitRule(), limitRule({ message: 'run', priority: 'urgent' })],
    ['its states', stateRule(), stateRule({ states: [9] })],
    ['its rate', rateRule(), rateRule({ ratePerS: 7 })],
    ['its window', rateRule(), rateRule({ windowMs: 70_000 })],
    ['its on-delay (communication)', communicationRule(), communicationRule({ onDelayMs: 9 })],
  ])('an alarm stands when its rule changed %s', (_name, before, after) => {
    const { detector, changes } = reload(before, [after]);
    expect(changes).toEqual([]);
    expect(detector.isActive(before.key)).toBe(true);
  });

  test.each<[string, Rule, Rule]>([
    ['the other side', limitRule(), limitRule({ level: 'low', limit: 20 })],
    ['another level', limitRule(), limitRule({ level: 'high-high' })],
    ['another point', limitRule(), limitRule({ point: 4 })],
    ['another kind', limitRule({ key: 'k' }), stateRule({ key: 'k' })],
    ['a communication alarm', limitRule({ key: 'k' }), communicationRule({ key: 'k' })],
    ['a process alarm', communicationRule({ key: 'k' }), rateRule({ key: 'k' })],
    ['another device', communicationRule(), communicationRule({ device: 3 })],
    ['the other direction', rateRule(), rateRule({ direction: 'fall' })],
    ['another state point', stateRule(), stateRule({ point: 1 })],
  ])('an alarm is removed when its key now means %s', (_name, before, after) => {
    const { detector, changes } = reload(before, [after]);
    expect(changes.map(({ kind, rule }) => [kind, rule])).toEqual([['removed', before]]);
    expect(detector.active()).toEqual([]);
  });

  test('a changed limit is judged by the next sample', () => {
    const { detector } = reload(limitRule(), [limitRule({ limit: 90 })]);
    expect(play(detector, every(1_000, ['timeout', 85], 11_000))).toEqual(['gone 12000']);
    const lowered = createDetector([limitRule()], []);
    play(lowered, [[0, 75]]);
    expect(lowered.replaceRules([limitRule({ limit: 70 })], at)).toEqual([]);
    expect(play(lowered, [[11_000, 75]])).toEqual(['met 11000']);
  });

  test('transitions carry the new texts', () => {
    const after = limitRule({ message: 'new text', priority: 'low' });
    const { detector } = reload(limitRule(), [after]);
    const values: [number, Value][] = [[11_000, 50]];
    expect(play(detector, values)).toEqual(['gone 11000']);
    expect(detector.replaceRules([after], at)).toEqual([]);
  });

  test('a running on-delay goes on where the rule judges as before', () => {
    const rule = limitRule({ onDelayMs: 3_000 });
    const detector = createDetector([rule], []);
    play(detector, every(1_000, [99, 99]));
    detector.replaceRules([{ ...rule, message: 'other words' }, limitRule({ key: 'new', point: 1 })], at);
    expect(play(detector, every(1_000, [99, 99], 2_000))).toEqual(['met 3000']);
  });

  test('a running on-delay starts anew where the rule judges otherwise', () => {
    const detector = createDetector([limitRule({ onDelayMs: 3_000 })], []);
    play(detector, every(1_000, [99, 99]));
    detector.replaceRules([limitRule({ onDelayMs: 3_000, limit: 81 })], at);
    expect(play(detector, every(1_000, [99, 99, 99, 99], 2_000))).toEqual(['met 5000']);
  });

  test('a window keeps its samples', () => {
    const rule = rateRule();
    const detector = createDetector([rule], []);
    play(detector, every(1_000, [0, 2, 4, 6, 8]));
    detector.replaceRules([{ ...rule, priority: 'urgent' }], at);
    expect(play(detector, [[5_000, 10]])).toEqual(['met 5000']);
  });

  test('a device that is still lost is not raised again', () => {
    const { detector } = reload(communicationRule(), [communicationRule({ onDelayMs: 2_000 })]);
    expect(play(detector, every(1_000, ['timeout', 'timeout', 50], 11_000))).toEqual(['gone 13000']);
  });

  test('two rules with one key are refused and the old ones stay', () => {
    const { detector } = reload(limitRule(), [limitRule()]);
    expect(() => detector.replaceRules([stateRule(), stateRule()], at)).toThrow('same key');
    expect(detector.active()).toEqual(['pump/pressure-high']);
  });
});
