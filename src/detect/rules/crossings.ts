import { createSlidingWindow, isTelling, type SlidingWindow } from '../../base/sliding-window.ts';
import type { CrossingsRule } from '../../model/alarm.ts';
import { areGood, createInputs, type Inputs } from '../inputs.ts';
import type { Judgement } from '../judgement.ts';
import { createLevel, type Level, levelOf } from '../level.ts';
import { addToSpread } from '../spread-window.ts';

/** A value that goes through a level too often. */
export interface CrossingsCondition {
  readonly kind: 'crossings';
  readonly inputs: Inputs;
  readonly of: Level;
  readonly windowMs: number;
  readonly band: number;
  /** On which side of the level the value was last seen, beyond the band; 0 before that. */
  side: -1 | 0 | 1;
  /** Monotonic ms of the latest crossings, one more than are allowed, in a ring. */
  readonly crossedMono: Float64Array;
  /** Of the ring: where the next one goes, which is where the oldest is. */
  next: number;
  /** Knows how much of the window was seen. */
  readonly window: SlidingWindow;
  /** Crossings within the window, as judged last; at most one more than are allowed. */
  count: number;
}

export function createCrossingsCondition({ of, most, windowMs, band }: CrossingsRule): CrossingsCondition {
  return {
    kind: 'crossings',
    inputs: createInputs(of.kind === 'point'),
    of: createLevel(of),
    windowMs,
    band,
    side: 0,
    crossedMono: new Float64Array(most + 1).fill(Number.NEGATIVE_INFINITY),
    next: 0,
    window: createSlidingWindow(windowMs, 'grouped'),
    count: 0,
  };
}

/**
 * Over a gap a value may have crossed any number of times; one that comes out on the other side counts as one. So what was
 * counted is certain, and enough of it is an alarm at once; that it was too little needs half of the window seen.
 */
export function judgeCrossings(condition: CrossingsCondition): Judgement {
  const { inputs } = condition;
  const { mono } = inputs;
  const isGood = areGood(inputs);
  const distance = isGood ? inputs.value - levelOf(condition.of, inputs) : Number.NaN;
  addToSpread(condition.window, mono, distance, isGood);
  if (!isGood) return 'unsure';
  const side = distance > condition.band ? 1 : distance < -condition.band ? -1 : condition.side;
  if (side !== condition.side && condition.side !== 0) {
    condition.crossedMono[condition.next] = mono;
    condition.next = (condition.next + 1) % condition.crossedMono.length;
  }
  condition.side = side;
  condition.count = countSince(condition.crossedMono, mono - condition.windowMs);
  if (condition.count === condition.crossedMono.length) return 'met';
  return isTelling(condition.window) ? 'gone' : 'unsure';
}

function countSince(times: Float64Array, since: number): number {
  let count = 0;
  for (const time of times) if (time >= since) count += 1;
  return count;
}
