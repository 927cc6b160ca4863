import { describe, expect, test } from 'vitest';
import { createRow, type JointRow, type PointRow } from '../../src/detect/alarm-row.ts';
import { indexJointRows } from '../../src/detect/joint-rows.ts';
import { numberRows } from '../../src/detect/numbered-rows.ts';
import { createQuietRanges, isQuiet, tellQuiet } from '../../src/detect/quiet-ranges.ts';
import type { Rule } from '../../src/model/alarm.ts';
import { deviationRule, limitRule, rateRule } from './plant.ts';

/** The rows of rules, and which values of a point they need not be asked about. */
function ranges(rules: readonly Rule[], joint: readonly Rule[] = [], phase: 'normal' | 'active' = 'normal') {
  const rows = rules.map(rule => createRow(rule, phase, () => undefined) as PointRow);
  const byPoint = numberRows(rows, row => row.rule.point);
  const jointRows = indexJointRows(joint.map(rule => createRow(rule, 'normal', () => undefined) as JointRow));
  const quiet = createQuietRanges(byPoint, jointRows);
  return {
    rows,
    isQuiet: (point: number, values: readonly number[]) => values.map(value => isQuiet(quiet, point, value)),
    tell: () => tellQuiet(quiet, byPoint, jointRows, 0),
  };
}

describe('a value need not be looked at', () => {
  test('between the limits of its point, but at them and beyond', () => {
    const rules = [limitRule({ limit: 80 }), limitRule({ key: 'low', level: 'low', limit: 20 })];
    expect(ranges(rules).isQuiet(0, [19, 20, 20.1, 50, 79.9, 80, 81])).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('between the innermost of several limits', () => {
    const rules = [limitRule({ limit: 80 }), limitRule({ key: 'hh', limit: 70 }), limitRule({ key: 'h', limit: 90 })];
    expect(ranges(rules).isQuiet(0, [69, 71, 85, 95])).toEqual([true, false, false, false]);
  });

  test('while its alarm stands, as long as it is beyond what ends it', () => {
    const high = limitRule({ limit: 80, deadband: 5 });
    expect(ranges([high], [], 'active').isQuiet(0, [74, 75, 76, 90])).toEqual([false, false, true, true]);
    const low = limitRule({ level: 'low', limit: 20, deadband: 5 });
    expect(ranges([low], [], 'active').isQuiet(0, [26, 25, 24, 10])).toEqual([false, false, true, true]);
  });

  test('but always where a delay runs, or a rule wants every sample', () => {
    const running = ranges([limitRule()]);
    for (const row of running.rows) row.isRunning = true;
    running.tell();
    expect(running.isQuiet(0, [50])).toEqual([false]);
    expect(ranges([limitRule(), rateRule()]).isQuiet(0, [50])).toEqual([false]);
    expect(ranges([rateRule(), limitRule()]).isQuiet(0, [50])).toEqual([false]);
  });

  test('and a point that is compared with another is looked at, its neighbours are not', () => {
    const rules = [0, 1, 2, 3].map(point => limitRule({ key: `${point}`, point }));
    const compared = deviationRule({ point: 1, from: { kind: 'point', point: 3, factor: 1, offset: 0 } });
    const { isQuiet: quietOf } = ranges(rules, [compared]);
    expect([0, 1, 2, 3].map(point => quietOf(point, [50])[0])).toEqual([true, false, true, false]);
  });

  test('and one that is not finite always is', () => {
    expect(ranges([limitRule()]).isQuiet(0, [Number.NaN, Infinity, -Infinity])).toEqual([false, false, false]);
  });
});
