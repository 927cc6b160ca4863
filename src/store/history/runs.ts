import { randomId } from '../../base/random.ts';
import { type SummarySpan, summarySpans } from '../../model/summary.ts';
import type { Database } from '../database.ts';

/** Gives summaries the ids that they keep for ever. */
export interface Runs {
  /**
   * Begins a new run, once: what is stored from here on has an id that no other ever had, also after a power cut took
   * rows back. In a transaction; made anew when that fails.
   */
  begin(next: (span: SummarySpan) => number): void;
  idOf(span: SummarySpan, number: number): string;
  /** Forgets the runs of which no row is left. */
  forget(span: SummarySpan, oldest: number): void;
}

export function createRuns(database: Database, historyId: string): Runs {
  const insert = database.prepare(
    'INSERT INTO run (span, first, id) VALUES (?, ?, ?) ON CONFLICT (span, first) DO UPDATE SET id = excluded.id',
  );
  const remove = database.prepare(
    'DELETE FROM run WHERE span = @span AND first < (SELECT max(first) FROM run WHERE span = @span AND first <= @oldest)',
  );
  const select = database.prepare<[string], { first: number; id: string }>(
    'SELECT first, id FROM run WHERE span = ? ORDER BY first DESC',
  );
  // Few: one for each start, as long as rows of it are kept.
  const readAll = () => new Map(summarySpans.map(span => [span, select.all(span)]));
  let runs = readAll();
  let hasBegun = false;

  return {
    begin(next) {
      if (hasBegun) return;
      const id = randomId().slice(0, 6);
      for (const span of summarySpans) insert.run(span, next(span), id);
      runs = readAll();
      hasBegun = true;
    },
    idOf(span, number) {
      const run = runs.get(span)?.find(({ first }) => first <= number);
      return `${historyId}-${run?.id ?? ''}-${span}-${number}`;
    },
    forget: (span, oldest) => remove.run({ span, oldest }),
  };
}
