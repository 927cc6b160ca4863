import type { ErrorKind } from '../../base/errors.ts';
import type { Minute } from '../../replay/minutes.ts';
import type { Found, SeriesPoint } from './source.ts';

/** What the thread that reads the history is to read. */
export interface WantedHistory {
  readonly folder: string;
  readonly points: readonly SeriesPoint[];
  /** From when on the record of each point is wanted. */
  readonly fromBy: readonly number[];
  readonly to: number;
}

/** Another step may be read. */
export interface ToReader {
  readonly kind: 'more';
}

export type ToReplay =
  | { readonly kind: 'step'; readonly step: { minutes: readonly Minute[]; done: number; total: number } }
  | {
      readonly kind: 'failed';
      readonly failure: ErrorKind;
      readonly message: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: 'end'; readonly found: Found };
