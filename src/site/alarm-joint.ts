import { parseDuration } from '../base/duration.ts';
import type { DeviationRule, Reference, Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { say } from '../model/texts.ts';
import { convertDifference, convertValue, quantityOf } from '../model/unit.ts';
import { isQuantity } from './alarm-references.ts';
import { statesOf } from './alarm-states.ts';
import { toUnitOf } from './quantity.ts';
import { isDeadbandNarrow, type RuleParts, readDeadband, readSize } from './rule-parts.ts';
import { placeOfValue } from './tree.ts';

/** Builders of the rules that compare a point with another one, or with a constant. */

const directions = { above: 'above', below: 'below', by: 'both' } as const;
const directionTexts = { above: 'farAbove', below: 'farBelow', both: 'farAway' } as const;

export function buildDeviationRule(parts: RuleParts): Rule | undefined {
  const { raw, tree, point, build, base } = parts;
  const given = raw.deviation;
  const [key, second] = (['above', 'below', 'by'] as const).filter(name => given?.[name] !== undefined);
  if (!given || !key || second) {
    const message = second
      ? `a deviation has one size, not both "${key}" and "${second}"`
      : 'the deviation has no size';
    const hint = 'write one of by (either way), above or below: {from: booster/setpoint, by: 0.5 bar}';
    build.problems.error(placeOfValue(tree, 'deviation', second ?? ''), message, hint);
    return undefined;
  }
  const written = given[key] ?? '';
  const from = readReference(parts, given.from, ['deviation', 'from']);
  const limit = readSize(parts, written, { path: ['deviation', key], mayBeZero: false });
  const deadband = readDeadband(parts);
  if (!from || limit === undefined || deadband === undefined) return undefined;
  if (!isDeadbandNarrow(parts, deadband, limit)) return undefined;
  const direction: DeviationRule['direction'] = directions[key];
  const words = { name: point.name, size: written, other: from.text };
  const message = raw.message ?? say(build.language, directionTexts[direction], words);
  return { ...base, kind: 'deviation', message, from: from.reference, direction, limit, deadband };
}

export function buildCrossingsRule(parts: RuleParts): Rule | undefined {
  const { raw, point, base, build } = parts;
  const given = raw.crossings;
  if (!given) return undefined;
  const of = readReference(parts, given.of, ['crossings', 'of']);
  const band = readSize(parts, given.band, { path: ['crossings', 'band'], mayBeZero: true });
  if (!of || band === undefined) return undefined;
  const most = given['more-than'];
  const words = { name: point.name, other: of.text, count: most, time: given.in };
  const message = raw.message ?? say(build.language, 'crossings', words);
  return { ...base, kind: 'crossings', message, of: of.reference, most, band, windowMs: parseDuration(given.in) ?? 0 };
}

export function buildMismatchRule(parts: RuleParts): Rule | undefined {
  const { raw, point, build, base, findPoint } = parts;
  const given = raw.mismatch;
  if (!given) return undefined;
  const command = findPoint(given.command, ['mismatch', 'command']);
  const feedbackOn = given.running === undefined ? undefined : statesOf(parts, point, ['mismatch', 'running']);
  const commandOn =
    given.commanded === undefined || !command ? undefined : statesOf(parts, command, ['mismatch', 'commanded']);
  if (!command || feedbackOn?.length === 0 || commandOn?.length === 0) return undefined;
  const names = { name: point.name, command: command.name };
  return {
    ...base,
    kind: 'mismatch',
    message: raw.message ?? say(build.language, 'mismatch', names),
    startMessage:
      given['start-message'] ?? raw.message ?? say(build.language, 'notStarted', { ...names, time: given.start }),
    stopMessage:
      given['stop-message'] ?? raw.message ?? say(build.language, 'notStopped', { ...names, time: given.stop }),
    command: command.number,
    commandOn,
    feedbackOn,
    startMs: parseDuration(given.start) ?? 0,
    stopMs: parseDuration(given.stop) ?? 0,
  };
}

export function buildFrozenRule(parts: RuleParts): Rule | undefined {
  const { raw, tree, point, build, base, findPoint } = parts;
  const given = raw.frozen;
  if (!given) return undefined;
  const span = readSize(parts, given.span, { path: ['frozen', 'span'], mayBeZero: true });
  if (given.while === undefined && given.moves !== undefined) {
    const hint = 'add while: with the point that moves by so much';
    build.problems.error(placeOfValue(tree, 'frozen', 'moves'), '"moves" belongs to another point', hint);
    return undefined;
  }
  const other = given.while === undefined ? undefined : findPoint(given.while, ['frozen', 'while']);
  const moves = other && readMoves(parts, other);
  if (span === undefined || (given.while !== undefined && moves === undefined)) return undefined;
  const companion = other && moves !== undefined ? { point: other.number, span: moves } : undefined;
  const words = { name: point.name, time: given.for };
  const usual = other
    ? say(build.language, 'frozenWhile', { ...words, other: other.name })
    : say(build.language, 'frozen', words);
  const message = raw.message ?? usual;
  return { ...base, kind: 'frozen', message, forMs: parseDuration(given.for) ?? 0, span, companion };
}

/** Left out: any move counts. */
function readMoves(parts: RuleParts, other: Point): number | undefined {
  const moves = parts.raw.frozen?.moves;
  if (moves === undefined) return 0;
  return readSize(parts, moves, { path: ['frozen', 'moves'], mayBeZero: true, of: other });
}

/** A constant or another point, and what people call it. */
function readReference(
  parts: RuleParts,
  written: string | number,
  path: readonly string[],
): { readonly reference: Reference; readonly text: string } | undefined {
  const { point, tree, build } = parts;
  if (isQuantity(written)) {
    const constant = toUnitOf(point, written, 'value');
    if (constant.kind === 'value')
      return { reference: { kind: 'constant', value: constant.value }, text: `${written}` };
    build.problems.error(placeOfValue(tree, ...path), constant.message, constant.hint);
    return undefined;
  }
  const other = parts.findPoint(`${written}`, path);
  if (!other) return undefined;
  const offset = convertValue(0, other.unit, point.unit);
  const factor = convertDifference(1, other.unit, point.unit);
  if (offset !== undefined && factor !== undefined) {
    const reference: Reference = { kind: 'point', point: other.number, factor, offset };
    return { reference, text: other.name };
  }
  const message = `${point.key} is ${measured(point)}, and ${other.key} is ${measured(other)}: they cannot be compared`;
  build.problems.error(placeOfValue(tree, ...path), message, 'choose a point that measures the same');
  return undefined;
}

function measured({ unit }: Point): string {
  return unit === '' ? 'a number without unit' : `a ${quantityOf(unit)} in ${unit}`;
}
