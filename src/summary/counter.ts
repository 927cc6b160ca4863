import { type CounterTerms, counterTermsOf } from '../model/counter.ts';
import type { Point } from '../model/point.ts';

/** What a counter is known to do, and what it last said. Lives longer than a window. Changed in place. */
export interface Counter extends CounterTerms {
  readonly point: Point;
  /** Its last good value. */
  last: number | undefined;
}

export function createCounter(point: Point): Counter {
  return { point, ...counterTermsOf(point), last: undefined };
}
