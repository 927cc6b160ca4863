import { expect, test } from 'vitest';
import { hasSameSubject, hasSameTerms } from '../../src/detect/rule-identity.ts';
import type { Rule } from '../../src/model/alarm.ts';
import {
  bandRule,
  busRule,
  communicationRule,
  counterRateRule,
  crossingsRule,
  deviationRule,
  durationRule,
  forecastRule,
  frozenRule,
  limitRule,
  mismatchRule,
  missingRule,
  rateRule,
  spreadRule,
  staleRule,
  stateRule,
} from './plant.ts';

const key = 'plant/alarm';

/** No two of these are about the same. */
const rules: readonly Rule[] = [
  limitRule({ key, level: 'high' }),
  limitRule({ key, level: 'low' }),
  limitRule({ key, level: 'high', point: 7 }),
  rateRule({ key, direction: 'rise' }),
  rateRule({ key, direction: 'fall' }),
  forecastRule({ key, limit: 1 }),
  forecastRule({ key, limit: 2 }),
  spreadRule({ key, measure: 'deviation' }),
  spreadRule({ key, measure: 'peak-to-peak' }),
  deviationRule({ key, direction: 'above' }),
  deviationRule({ key, direction: 'below' }),
  crossingsRule({ key }),
  mismatchRule({ key }),
  stateRule({ key }),
  stateRule({ key, point: 7 }),
  staleRule({ key }),
  frozenRule({ key }),
  counterRateRule({ key }),
  durationRule({ key }),
  missingRule({ key }),
  bandRule({ key }),
  communicationRule({ key, device: 1 }),
  communicationRule({ key, device: 2 }),
  busRule({ key, bus: 'water' }),
  busRule({ key, bus: 'power' }),
];

test('an alarm whose rule looks at another thing, or in another way, is another alarm', () => {
  for (const [at, one] of rules.entries()) {
    expect(rules.filter(other => hasSameSubject(one, other))).toEqual([rules[at]]);
    expect(hasSameSubject(one, { ...one, key: 'plant/other' })).toBe(false);
  }
});

test('a rule judges alike whatever people read of it, and in whatever order its terms are written', () => {
  for (const one of rules) {
    const reordered = Object.fromEntries(Object.entries(one).reverse()) as unknown as Rule;
    expect(hasSameTerms(one, { ...reordered, message: 'in other words', priority: 'low' })).toBe(true);
    expect(hasSameTerms(one, { ...one, onDelayMs: 4_321 } as Rule)).toBe(false);
  }
});
