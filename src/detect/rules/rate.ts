import { createSlidingWindow, type SlidingWindow, slopePerS } from '../../base/sliding-window.ts';
import type { RateRule } from '../../model/alarm.ts';
import type { Judgement } from '../judgement.ts';
import { addToSlope, spanS } from '../slope-window.ts';

/** A value that changes too fast. */
export interface RateCondition {
  readonly kind: 'rate';
  readonly direction: RateRule['direction'];
  readonly ratePerS: number;
  readonly minChange: number;
  readonly window: SlidingWindow;
  /** The slope that was judged last, point units per second; NaN while there is too little to say. */
  slope: number;
}

export function createRateCondition(rule: RateRule): RateCondition {
  const { direction, ratePerS, minChange, windowMs } = rule;
  return {
    kind: 'rate',
    direction,
    ratePerS,
    minChange,
    window: createSlidingWindow(windowMs, 'single'),
    slope: Number.NaN,
  };
}

/**
 * Takes every sample of the point, bad ones included: the window has to know its gaps. Met when the fitted slope is
 * steeper than ratePerS and amounts to at least minChange over the time the window covers.
 */
export function judgeRate(condition: RateCondition, mono: number, value: number, isGood: boolean): Judgement {
  const { window, direction } = condition;
  addToSlope(window, mono, value, isGood);
  if (!isGood) return 'unsure';
  const slope = slopePerS(window);
  condition.slope = slope;
  if (Number.isNaN(slope)) return 'unsure';
  const rate = direction === 'rise' ? slope : direction === 'fall' ? -slope : Math.abs(slope);
  return rate > condition.ratePerS && rate * spanS(window) >= condition.minChange ? 'met' : 'gone';
}
