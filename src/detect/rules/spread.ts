import type { SpreadRule } from '../../model/alarm.ts';
import type { Judgement } from '../judgement.ts';
import { dustOf } from '../level.ts';
import {
  addValue,
  createValueWindow,
  isTelling,
  peakToPeak,
  standardDeviation,
  type ValueWindow,
} from '../value-window.ts';

/** A value that swings too far within a window. */
export interface SpreadCondition {
  readonly kind: 'spread';
  readonly measure: SpreadRule['measure'];
  readonly metAbove: number;
  readonly goneAt: number;
  readonly window: ValueWindow;
  /** What was judged last, in the point's unit; NaN while there is too little to say. */
  spread: number;
}

export function createSpreadCondition({ measure, limit, deadband, windowMs }: SpreadRule): SpreadCondition {
  const window = createValueWindow(windowMs);
  return { kind: 'spread', measure, metAbove: limit, goneAt: limit - deadband, window, spread: Number.NaN };
}

/** Takes every sample of the point, bad ones included: the window has to know its gaps. */
export function judgeSpread(
  condition: SpreadCondition,
  mono: number,
  value: number,
  isGood: boolean,
  isActive: boolean,
): Judgement {
  const { window, measure, metAbove, goneAt } = condition;
  addValue(window, mono, value, isGood);
  if (!isGood) return 'unsure';
  const spread = !isTelling(window)
    ? Number.NaN
    : measure === 'deviation'
      ? standardDeviation(window)
      : peakToPeak(window);
  condition.spread = spread;
  if (Number.isNaN(spread)) return 'unsure';
  return spread > (isActive ? goneAt : metAbove) + dustOf(value, spread) ? 'met' : 'gone';
}
