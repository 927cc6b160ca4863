import { coveredMs, createSlidingWindow, type SlidingWindow } from '../../base/sliding-window.ts';
import type { FrozenRule } from '../../model/alarm.ts';
import { areGood, createInputs, type Inputs } from '../inputs.ts';
import type { Judgement } from '../judgement.ts';
import { dustOf } from '../level.ts';
import { addToSpread, peakToPeak } from '../spread-window.ts';

/** A value that does not move, though it should. */
export interface FrozenCondition {
  readonly kind: 'frozen';
  readonly inputs: Inputs;
  readonly forMs: number;
  readonly span: number;
  readonly window: SlidingWindow;
  /** The other point's, and how far that must have moved; undefined without one. */
  readonly companion: { readonly span: number; readonly window: SlidingWindow } | undefined;
}

/** Of the window a slice at its beginning and the gap of a lost read may be missing. */
const neededShare = 0.9;

export function createFrozenCondition({ forMs, span, companion }: FrozenRule): FrozenCondition {
  return {
    kind: 'frozen',
    inputs: createInputs(companion !== undefined),
    forMs,
    span,
    window: createSlidingWindow(forMs, 'grouped'),
    companion: companion && { span: companion.span, window: createSlidingWindow(forMs, 'grouped') },
  };
}

/**
 * That it moved is certain as soon as it is seen; that it did not needs nearly the whole window. While the companion rests
 * nothing can be said: an alarm that stands then stays, since the value has not moved either.
 */
export function judgeFrozen(condition: FrozenCondition): Judgement {
  const { inputs, window, span, companion, forMs } = condition;
  const { mono } = inputs;
  addToSpread(window, mono, inputs.value, inputs.isGood);
  if (companion) addToSpread(companion.window, mono, inputs.other, inputs.isOtherGood);
  if (!areGood(inputs)) return 'unsure';
  const moved = peakToPeak(window);
  if (moved > span + dustOf(inputs.value, span)) return 'gone';
  if (Number.isNaN(moved) || coveredMs(window) < neededShare * forMs) return 'unsure';
  if (companion && !hasMoved(companion, inputs.other)) return 'unsure';
  return 'met';
}

function hasMoved({ span, window }: NonNullable<FrozenCondition['companion']>, value: number): boolean {
  return peakToPeak(window) > span + dustOf(value, span);
}
