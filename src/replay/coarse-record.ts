import { otherPointOf, type Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';

/** Keys of the alarms that look at smaller moves than the record of their point has: they may come otherwise. */
export function coarselyRecorded(rules: readonly Rule[], points: readonly Point[]): readonly string[] {
  const steps = new Map(points.map(({ number, recording }) => [number, recording?.deadband ?? 0]));
  const isCoarse = (rule: Rule) => {
    const [own, other] = movesOf(rule);
    return (
      exceeds(steps.get('point' in rule ? rule.point : -1), own) || exceeds(steps.get(otherPointOf(rule) ?? -1), other)
    );
  };
  return rules.filter(isCoarse).map(({ key }) => key);
}

function exceeds(step: number | undefined, move: number | undefined): boolean {
  return step !== undefined && step > 0 && move !== undefined && step > move;
}

/** The smallest move of its own point, and of the other one, that matters to a rule; undefined where none does. */
function movesOf(rule: Rule): readonly [own: number | undefined, other: number | undefined] {
  switch (rule.kind) {
    case 'limit':
      return [rule.deadband, undefined];
    case 'deviation':
      return [rule.deadband, rule.deadband];
    case 'crossings':
      return [rule.band, rule.band];
    case 'spread':
      return [rule.limit, undefined];
    case 'rate':
    case 'forecast':
    case 'band':
      return [rule.minChange, undefined];
    case 'frozen':
      return [rule.span, rule.companion?.span];
    case 'duration':
      return [rule.lasting.kind === 'state' ? undefined : rule.lasting.deadband, undefined];
    default:
      return [undefined, undefined];
  }
}
