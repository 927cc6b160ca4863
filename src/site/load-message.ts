import type { LoadResult } from './load-result.ts';
import type { GivenNumbers } from './numbering.ts';

/** What goes to the thread that reads a site file. */
export interface LoadRequest {
  readonly path: string;
  readonly given: GivenNumbers;
}

/** What comes back: the result, and the numbers with those that it added. */
export interface LoadReply {
  readonly result: LoadResult;
  readonly given: GivenNumbers;
}
