import { parseDuration } from '../base/duration.ts';
import { type CelType, compileCel, isReservedName } from '../compute/cel.ts';
import { typeOfInput } from '../compute/inputs.ts';
import type { Rule } from '../model/alarm.ts';
import {
  type Conversion,
  type Expression,
  type ExpressionInput,
  type ExpressionTarget,
  windowFigures,
} from '../model/expression.ts';
import { isText, type Point } from '../model/point.ts';
import { convertDifference, convertValue, findUnit, parseQuantity, unitSymbols, unitsLike } from '../model/unit.ts';
import { isQuantity } from './alarm-references.ts';
import type { Build } from './build.ts';
import type { DeviceDrafts } from './device.ts';
import { unknownTexts } from './expression-texts.ts';
import { siteLimits } from './limits.ts';
import { findPoint } from './point-reference.ts';
import type { Place } from './problem.ts';
import { fewestIntervals } from './rule-windows.ts';
import type { Raw } from './schema.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { descend, placeAt, placeOf, placeOfKey, placeOfValue, type Tree } from './tree.ts';

/** An expression as it is written, with what it is for. */
export interface ExpressionDraft {
  readonly target: ExpressionTarget;
  /** Key or id of what it is for, as people know it. */
  readonly name: string;
  readonly raw: Pick<Raw<'suppression'>, 'inputs' | 'expression'>;
  readonly tree: Tree;
  /** Id of the device whose profile it stands in: its inputs are points and alarms of that device. */
  readonly device: string | undefined;
}

/** What inputs may refer to. */
export interface Referable {
  readonly devices: DeviceDrafts;
  /** All rules of the site, those of buses included. */
  readonly rules: ReadonlyMap<string, Rule>;
}

type RawInput = Raw<'suppression'>['inputs'][string];

export function referenceOf(input: RawInput): { kind: ExpressionInput['kind']; reference: string } {
  if (typeof input === 'string') return { kind: 'value', reference: input };
  const kind = kindsOf(input)[0] ?? 'alarm';
  const reference = input[kind] ?? '';
  return { kind: kind === 'value' && isQuantity(reference) ? 'constant' : kind, reference: `${reference}` };
}

const inputKinds = [...windowFigures, 'value', 'alarm'] as const;

function kindsOf(input: Exclude<RawInput, string>) {
  return inputKinds.filter(kind => input[kind] !== undefined);
}

/** The expression, checked; undefined, with the reasons among the problems, when something in it is wrong. */
export function buildExpression(draft: ExpressionDraft, known: Referable, build: Build): Expression | undefined {
  const { raw, tree, target } = draft;
  const written = Object.entries(raw.inputs);
  if (written.length > siteLimits.maxInputs) {
    const message = `${written.length} inputs; an expression takes ${siteLimits.maxInputs}`;
    build.problems.error(placeOfKey(tree, 'inputs'), message, 'divide it into computed points');
    return undefined;
  }
  if (written.length === 0) {
    build.problems.error(placeOfKey(tree, 'inputs'), 'the expression has no input', 'name at least one point or alarm');
    return undefined;
  }
  const inputs = written.map(([name, input]) => buildInput(name, input, draft, known, build));
  const whole = inputs.filter(input => input !== undefined);
  if (whole.length < inputs.length) return undefined;
  const types = new Map<string, CelType>(whole.map(input => [input.name, typeOfInput(input)]));
  const compiled = compileCel(raw.expression, types);
  if (compiled.kind === 'wrong') {
    const place = placeInside(tree, raw.expression, compiled.start, compiled.end);
    build.problems.error(place, compiled.message, compiled.hint);
    return undefined;
  }
  const misfit = misfitOf(target, compiled.result);
  if (misfit) build.problems.error(placeOfValue(tree, 'expression'), misfit.message, misfit.hint);
  const pointOf = (input: string) => pointNamed(raw.inputs[input] ?? '', draft, known);
  const unknown = unknownTexts(compiled, target.kind === 'point' ? target.point : undefined, pointOf);
  for (const { start, end, message, hint } of unknown) {
    build.problems.error(placeInside(tree, raw.expression, start, end), message, hint);
  }
  return misfit || unknown.length > 0 ? undefined : { target, inputs: whole, text: raw.expression };
}

/** The point of an input that is known to be right; undefined for an alarm and a number. */
function pointNamed(input: RawInput, { device }: ExpressionDraft, { devices }: Referable): Point | undefined {
  const { kind, reference } = referenceOf(input);
  if (kind !== 'value') return undefined;
  const [owner = '', id = ''] = device === undefined ? reference.split('/') : [device, reference];
  return devices.built.get(owner)?.points.get(id);
}

/** What is wrong with the kind of value that an expression gives. */
function misfitOf(target: ExpressionTarget, result: 'number' | 'string' | 'bool') {
  if (target.kind !== 'point') {
    if (result === 'bool') return undefined;
    const given = result === 'string' ? 'text' : result;
    return { message: `the expression gives a ${given}`, hint: 'it has to say yes or no: compare with < > == or !=' };
  }
  if (result === 'number') return undefined;
  const { states } = target.point;
  const message = `the expression gives ${result === 'bool' ? 'yes or no' : 'a text'}, and the point has no states for it`;
  if (result === 'bool') {
    return states?.has(0) && states.has(1) ? undefined : { message, hint: 'add states: {0: normal, 1: disturbed}' };
  }
  return states ? undefined : { message, hint: 'add states: with a number for each text it can give' };
}

function buildInput(
  name: string,
  written: RawInput,
  draft: ExpressionDraft,
  known: Referable,
  build: Build,
): ExpressionInput | undefined {
  const inputs = descend(draft.tree, ['inputs']) ?? draft.tree;
  if (!/^[a-z][a-z0-9_]{0,39}$/i.test(name) || isReservedName(name)) {
    const hint = 'a name has letters, digits and _, begins with a letter and is no word of CEL';
    build.problems.error(placeOfKey(inputs, name), `"${name}" cannot be the name of an input`, hint);
    return undefined;
  }
  const finding = findingOf(written);
  if (finding) {
    build.problems.error(placeOfValue(inputs, name), `the input "${name}" ${finding.message}`, finding.hint);
    return undefined;
  }
  const { kind, reference } = referenceOf(written);
  const place = placeOfValue(inputs, name, kind === 'constant' ? 'value' : kind);
  if (kind === 'constant') return readConstant(name, reference, written, place, build);
  const whole = draft.device === undefined ? reference : `${draft.device}/${reference}`;
  if (!/^[^/]+\/[^/]+$/.test(whole)) {
    const hint = draft.device === undefined ? 'write DEVICE/ID' : 'write just the id, without the device';
    build.problems.error(place, `"${reference}" names no point of a device`, hint);
    return undefined;
  }
  if (kind === 'alarm') return findAlarm(name, whole, place, known, build);
  const point = findPoint(whole, place, known.devices, build)?.point;
  if (!point) return undefined;
  const unit = typeof written === 'string' ? undefined : written.unit;
  const conversion = unit === undefined ? undefined : conversionTo(unit, point);
  if (unit !== undefined && !conversion) {
    const message = `${point.key} is in ${point.unit === '' ? 'no unit' : point.unit} and cannot be had in ${unit}`;
    build.problems.error(place, message, hintOfUnit(point));
    return undefined;
  }
  if (kind === 'value') {
    return { kind, name, point: point.number, isText: point.states !== undefined || isText(point), conversion };
  }
  if (point.states || isText(point)) {
    build.problems.error(place, `${point.key} is no number and has no ${kind}`, 'use the point itself');
    return undefined;
  }
  const overMs = parseDuration((typeof written === 'string' ? undefined : written.over) ?? '') ?? 0;
  if (overMs < fewestIntervals * point.intervalMs) {
    const message = `the window of "${name}" is too short for ${point.key}, which comes every ${point.intervalMs / 1_000} s`;
    build.problems.error(place, message, `write over: ${(fewestIntervals * point.intervalMs) / 1_000}s or longer`);
    return undefined;
  }
  return { kind, name, point: point.number, overMs, conversion };
}

/** A number that the expression knows under a name, in the unit that it asks for. */
function readConstant(
  name: string,
  reference: string,
  written: RawInput,
  place: Place,
  build: Build,
): ExpressionInput | undefined {
  const given = parseQuantity(reference) ?? { value: Number.NaN, unit: '' };
  const wanted = typeof written === 'string' ? undefined : written.unit;
  const from = given.unit === '' ? '' : findUnit(given.unit);
  const to = wanted === undefined ? undefined : findUnit(wanted);
  const unknown = from === undefined ? given.unit : wanted !== undefined && to === undefined ? wanted : undefined;
  if (unknown !== undefined) {
    const hint = suggestOr(unknown, unitSymbols, 'write a unit such as bar, °C or kW, or none');
    build.problems.error(place, `"${unknown}" is not a unit`, hint);
    return undefined;
  }
  const value = to === undefined ? given.value : convertValue(given.value, from ?? '', to);
  if (value !== undefined) return { kind: 'constant', name, value };
  build.problems.error(place, `"${reference}" cannot be had in ${wanted}`, `write it in ${wanted}`);
  return undefined;
}

function conversionTo(unit: string, point: Point): Conversion | undefined {
  const to = findUnit(unit);
  const offset = to === undefined ? undefined : convertValue(0, point.unit, to);
  const factor = to === undefined ? undefined : convertDifference(1, point.unit, to);
  return offset === undefined || factor === undefined ? undefined : { factor, offset };
}

function hintOfUnit({ unit }: Point): string {
  return unit === '' ? 'give the point a unit, or remove unit:' : `write one of ${listWords(unitsLike(unit), 30)}`;
}

function findingOf(written: RawInput): { message: string; hint: string } | undefined {
  if (typeof written === 'string') return undefined;
  const kinds = kindsOf(written);
  if (kinds.length !== 1) {
    return {
      message: kinds.length === 0 ? 'names no point and no alarm' : `is ${kinds.join(' and ')} at once`,
      hint: `write one of ${inputKinds.join(', ')}: {rate: booster/outlet-pressure, over: 10s}`,
    };
  }
  const isAlarm = kinds[0] === 'alarm';
  if (isAlarm && written.unit !== undefined) return { message: 'is an alarm and has no unit', hint: 'remove unit:' };
  if (kinds[0] === 'value') {
    return written.over === undefined
      ? undefined
      : { message: 'is a value and has no window', hint: 'remove over:, or write mean: in place of value:' };
  }
  if (isAlarm === (written.over === undefined)) return undefined;
  if (isAlarm) return { message: 'is an alarm and has no window', hint: 'remove over:' };
  return { message: `needs a window for its ${kinds[0]}`, hint: 'add over: 10s' };
}

function findAlarm(
  name: string,
  key: string,
  place: Place,
  { rules, devices }: Referable,
  build: Build,
): ExpressionInput | undefined {
  const rule = rules.get(key);
  if (rule) {
    const points = 'point' in rule ? [rule.point] : [];
    const devices = 'devices' in rule ? rule.devices : 'point' in rule ? [] : [rule.device];
    return { kind: 'alarm', name, alarm: key, points, devices };
  }
  // It may only seem unknown while it, or its device, is not understood.
  if (build.problems.hasErrors) return undefined;
  const [device = ''] = key.split('/');
  const keys = [...rules.keys()].filter(other => !devices.built.has(device) || other.startsWith(`${device}/`));
  build.problems.error(place, `there is no alarm "${key}"`, suggestOr(key, keys, `the alarms are ${listWords(keys)}`));
  return undefined;
}

/** The place of a part of the expression; of the whole where it cannot be told. */
function placeInside(tree: Tree, text: string, start: number, end: number): Place {
  const written = descend(tree, ['expression']);
  if (!written) return placeOf(tree);
  const { source } = written;
  for (const begin of [written.start, written.start + 1]) {
    if (source.text.startsWith(text, begin)) return placeAt(source, begin + start, begin + Math.max(end, start + 1));
  }
  return placeInLines(written, text, start) ?? placeOf(written);
}

/** YAML folds the lines of a long text and takes off their indent, but leaves all else as it is. */
function placeInLines({ source, start: begin, end }: Tree, text: string, start: number): Place | undefined {
  const lines = /^[>|][^\n]*\n/.exec(source.text.slice(begin, end));
  let at = begin + (lines?.[0].length ?? 0);
  for (let index = 0; index < text.length; index += 1) {
    if (isBlank(text[index])) continue;
    while (isBlank(source.text[at])) at += 1;
    if (source.text[at] !== text[index]) return undefined;
    if (index >= start) return placeAt(source, at, at + 1);
    at += 1;
  }
  return undefined;
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}
