import type { Point } from '../model/point.ts';
import { type Language, say } from '../model/texts.ts';
import { stateTexts } from './alarm-checks.ts';
import type { RuleParts } from './rule-parts.ts';
import { suggestOr } from './suggestion.ts';
import { descend, itemsOf, placeOf, placeOfValue, toPlain } from './tree.ts';

/** The numbers of the states that an alarm lists somewhere; what is no state of the point is among the problems. */
export function statesOf({ tree, build }: RuleParts, point: Point, path: readonly string[]): readonly number[] {
  const found = descend(tree, path);
  const written = found && toPlain(found);
  const wanted = Array.isArray(written) ? written : [written];
  const parent = descend(tree, path.slice(0, -1)) ?? tree;
  const items = itemsOf(parent, path.at(-1) ?? '');
  const states: number[] = [];
  for (const [index, state] of wanted.entries()) {
    const values = valuesOfState(point, state);
    states.push(...values);
    if (values.length > 0) continue;
    const item = items[index];
    const texts = [...(point.states?.values() ?? [])];
    const place = item ? placeOf(item) : placeOfValue(tree, ...path);
    const hint = point.states ? `its states are ${stateTexts(point)}` : 'give the point states: {0: …, 1: …}';
    build.problems.error(place, `${point.key} has no state "${state}"`, suggestOr(String(state), texts, hint));
  }
  return [...new Set(states)];
}

/** `running or stopping` */
export function writtenStates(written: string | number | readonly (string | number)[], language: Language): string {
  return typeof written === 'object' ? written.join(say(language, 'or', {})) : String(written);
}

/** The numbers of a state: one text may stand for several. */
function valuesOfState(point: Point, state: unknown): number[] {
  const entries = [...(point.states ?? [])];
  return entries.filter(([value, text]) => value === state || text === state).map(([value]) => value);
}
