import { createSlidingWindow, isTelling, type SlidingWindow } from '../../base/sliding-window.ts';
import type { SpreadRule } from '../../model/alarm.ts';
import type { Judgement } from '../judgement.ts';
import { dustOf } from '../level.ts';
import { addToSpread, peakToPeak, standardDeviation } from '../spread-window.ts';

/** A value that swings too far within a window. */
export interface SpreadCondition {
  readonly kind: 'spread';
  readonly measure: SpreadRule['measure'];
  readonly metAbove: number;
  readonly goneAt: number;
  readonly window: SlidingWindow;
  /** What was judged last, in the point's unit; NaN while there is too little to say. */
  spread: number;
}

export function createSpreadCondition({ measure, limit, deadband, windowMs }: SpreadRule): SpreadCondition {
  const window = createSlidingWindow(windowMs, 'grouped');
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
  addToSpread(window, mono, value, isGood);
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
