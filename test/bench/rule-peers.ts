import { Environment } from '@marcbachmann/cel-js';
import { Engine } from 'json-rules-engine';
import type { SampleBatch } from '../../src/model/point.ts';

/*
 * The same rules with libraries that people write them in. CEL gets the whole task: a limit with a deadband is an expression,
 * each rule has its own as each has its own numbers, and the delays are kept beside it. json-rules-engine gets less: no
 * deadband and no delay. Expressions are parsed and rules are added once, before the clock runs.
 */

const limit = 100;
const goneAt = 95;
const onDelayMs = 3_000;
const offDelayMs = 2_000;

interface CelRule {
  readonly evaluate: (point: { readonly value: number; readonly active: boolean }) => unknown;
  readonly point: { value: number; active: boolean };
  /** When the condition began to differ from the alarm; NaN while it does not. */
  sinceMono: number;
}

/** A detector made of expressions in the fastest CEL library we know. @returns how many alarms came and went. */
export function createCelDetector(count: number): (batch: SampleBatch) => number {
  const environment = new Environment().registerVariable('value', 'double').registerVariable('active', 'bool');
  const rules = Array.from({ length: count }, (): CelRule => {
    const evaluate = environment.parse(`value > (active ? ${goneAt}.0 : ${limit}.0)`);
    return { evaluate, point: { value: 0, active: false }, sinceMono: Number.NaN };
  });
  return batch => {
    let changes = 0;
    for (const sample of batch.samples) {
      const rule = rules[sample.point.number];
      if (rule && sample.quality === 'good' && stepCelRule(rule, sample.value, batch.sampledAtMono)) changes += 1;
    }
    return changes;
  };
}

function stepCelRule(rule: CelRule, value: number, mono: number): boolean {
  const { point } = rule;
  point.value = value;
  if (rule.evaluate(point) === point.active) {
    rule.sinceMono = Number.NaN;
    return false;
  }
  if (Number.isNaN(rule.sinceMono)) rule.sinceMono = mono;
  if (mono - rule.sinceMono < (point.active ? offDelayMs : onDelayMs)) return false;
  point.active = !point.active;
  rule.sinceMono = Number.NaN;
  return true;
}

/** One rule for each of a few points in one engine, as its authors mean it to be used: more of them take it longer for each. */
export function createEngineLimits(count: number): (value: number) => Promise<number> {
  const rules = Array.from({ length: count }, (_, index) => ({
    conditions: { all: [{ fact: `p${index}`, operator: 'greaterThan', value: limit }] },
    event: { type: `high-${index}` },
  }));
  const engine = new Engine(rules);
  return async value => {
    const facts = Object.fromEntries(rules.map((_, index) => [`p${index}`, value + (index & 3)]));
    return (await engine.run(facts)).events.length;
  };
}
