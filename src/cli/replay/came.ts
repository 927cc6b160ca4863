import { createTally, type Occurrence } from '../../replay/tally.ts';
import type { AlarmLogReader } from '../../store/alarm-log-reader.ts';

/** What really came, by the alarm log. */
export interface Came {
  readonly occurrences: readonly Occurrence[];
  /** Wall time of the oldest event where older ones are no longer in the log; undefined where it is whole. */
  readonly logBeganAt: number | undefined;
}

/** Events in one page. */
const pageEvents = 5_000;

/** @param isWanted by the key of an alarm */
export function readCame(log: AlarmLogReader, from: number, to: number, isWanted: (alarm: string) => boolean): Came {
  const tally = createTally();
  let logBeganAt: number | undefined;
  for (let after = 0; ; ) {
    const events = log.read(after, pageEvents);
    for (const { number, alarm, kind, at } of events) {
      if (after === 0 && number > 1 && logBeganAt === undefined) logBeganAt = at;
      after = number;
      if (isWanted(alarm)) tally.add({ kind, alarm, at });
    }
    if (events.length < pageEvents) return { occurrences: tally.occurrences(from, to), logBeganAt };
  }
}
