import type { CompiledCel } from '../compute/cel.ts';
import type { Point } from '../model/point.ts';
import { stateTexts } from './alarm-checks.ts';
import { suggestOr } from './suggestion.ts';

/** A text of an expression that is no state, and where in the expression it stands. */
interface UnknownText {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint: string;
}

/**
 * Texts in quotes that are no state of the point they are compared with, or of the one the expression is for: nothing
 * would ever be wrong, and the alarm or suppression would never come.
 */
export function unknownTexts(
  { comparedTexts, givenTexts }: Pick<CompiledCel, 'comparedTexts' | 'givenTexts'>,
  target: Point | undefined,
  pointOf: (input: string) => Point | undefined,
): readonly UnknownText[] {
  const compared = comparedTexts.map(({ input, ...text }) => ({ ...text, point: pointOf(input) }));
  const given = givenTexts.map(text => ({ ...text, point: target }));
  return [...compared, ...given].flatMap(({ text, start, end, point }) => {
    if (!point?.states) return [];
    const states = [...point.states.values()];
    if (states.includes(text)) return [];
    const hint = suggestOr(text, states, `its states are ${stateTexts(point)}`);
    return { start, end, message: `${point.key} has no state "${text}"`, hint };
  });
}
