import { createTally, type Occurrence } from '../../replay/tally.ts';
import type { AlarmLogReader } from '../../store/alarm-log-reader.ts';

/** What really came, by the alarm log. */
export interface Came {
  readonly occurrences: readonly Occurrence[];
  /** Wall time of the oldest event where older ones are no longer in the log; undefined where it is whole. */
  readonly logBeganAt: number | undefined;
  /** How many of them nobody was told of: they were shelved, suppressed or out of service. */
  readonly hidden: number;
}

/** Events in one page. */
const pageEvents = 5_000;

/** What is hidden came all the same: a replay judges conditions, and knows nothing of what people did. */
const begins: ReadonlySet<string> = new Set(['raised', 'hidden-raised']);
const ends: ReadonlySet<string> = new Set(['returned', 'hidden-returned', 'removed']);

/** @param isWanted by the key of an alarm */
export function readCame(log: AlarmLogReader, from: number, to: number, isWanted: (alarm: string) => boolean): Came {
  const tally = createTally();
  let logBeganAt: number | undefined;
  let hidden = 0;
  for (let after = 0; ; ) {
    const events = log.read(after, pageEvents);
    for (const { number, alarm, kind, at } of events) {
      if (after === 0 && number > 1 && logBeganAt === undefined) logBeganAt = at;
      after = number;
      if (!isWanted(alarm)) continue;
      if (kind === 'hidden-raised' && at >= from && at < to) hidden += 1;
      if (begins.has(kind)) tally.add({ kind: 'began', alarm, at });
      else if (ends.has(kind)) tally.add({ kind: 'ended', alarm, at });
    }
    if (events.length < pageEvents) return { occurrences: tally.occurrences(from, to), logBeganAt, hidden };
  }
}
