import { PlantroomError } from '../base/errors.ts';
import type { Expression } from '../model/expression.ts';
import type { Point, Sample, SampleBatch } from '../model/point.ts';
import { type Quality, worseQuality } from '../model/quality.ts';
import { type CelValue, compileCel } from './cel.ts';
import { createInput, type InputNow, typeOfInput } from './inputs.ts';

/** A compiled expression, its inputs and what it said last. Changed in place. */
export interface ExpressionRow {
  readonly expression: Expression;
  /** What tells two expressions apart. */
  readonly signature: string;
  readonly inputs: readonly InputNow[];
  readonly evaluate: (values: Readonly<Record<string, CelValue>>) => CelValue | undefined;
  /** The inputs' values by name, without a prototype; filled anew for each evaluation. */
  readonly values: Record<string, CelValue>;
  /** Undefined for a suppression. Reused for every sample. */
  readonly batch: SampleBatch | undefined;
  /** What it said last; meaningless unless the quality is good. */
  value: number;
  quality: Quality;
  /** Of a suppression: what was reported last. */
  isOn: boolean | undefined;
  /** `sampled`: an input was sampled and says the same. */
  touched: 'no' | 'sampled' | 'changed';
}

/** @throws PlantroomError where the text is wrong: the site file was checked, so that is a bug. */
export function createExpressionRow(expression: Expression): ExpressionRow {
  const { inputs, text, target } = expression;
  const compiled = compileCel(text, new Map(inputs.map(input => [input.name, typeOfInput(input)])));
  if (compiled.kind === 'wrong') throw new PlantroomError(`${text}: ${compiled.message}`, { kind: 'internal' });
  return {
    expression,
    signature: signatureOf(expression),
    inputs: inputs.map(createInput),
    evaluate: compiled.evaluate,
    values: Object.create(null) as Record<string, CelValue>,
    batch: target.kind === 'suppression' ? undefined : batchOf(target.point),
    value: Number.NaN,
    quality: 'not-read',
    isOn: undefined,
    touched: 'changed',
  };
}

export function signatureOf({ target, inputs, text }: Expression): string {
  const subject = target.kind === 'suppression' ? target.id : [target.point.number, [...(target.point.states ?? [])]];
  return JSON.stringify([target.kind, subject, inputs, text]);
}

/** The row of an expression that says the same as before, for a point that may be described anew. */
export function takeOver(old: ExpressionRow, expression: Expression): ExpressionRow {
  const { target } = expression;
  return { ...old, expression, batch: target.kind === 'suppression' ? undefined : batchOf(target.point) };
}

function batchOf(point: Point): SampleBatch {
  const sample: Sample = { point, value: Number.NaN, text: undefined, quality: 'not-read' };
  return { device: point.device, samples: [sample], isAnswered: true, sampledAtMono: 0, sampledAt: 0 };
}

/** Works the expression out where an input has changed. Bad inputs are never evaluated: the worst reason is the answer. */
export function settle(row: ExpressionRow): void {
  if (row.touched !== 'changed') return;
  let quality: Quality = 'good';
  for (const input of row.inputs) {
    quality = worseQuality(quality, input.quality);
    row.values[input.input.name] = input.value;
  }
  row.quality = quality;
  row.value = Number.NaN;
  if (quality !== 'good') return;
  const value = numberOf(row.expression, row.evaluate(row.values));
  if (value === undefined) row.quality = 'not-computed';
  else row.value = value;
}

/** What a point keeps is a number: of a text that of the state, of a bool 1 or 0. */
function numberOf({ target }: Expression, value: CelValue | undefined): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return value;
  if (target.kind === 'suppression') return undefined;
  for (const [number, text] of target.point.states ?? []) if (text === value) return number;
  return undefined;
}
