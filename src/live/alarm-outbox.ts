import type { AlarmEvent } from '../model/alarm.ts';
import type { NumberedSummary, Outbox } from '../model/outbox.ts';
import type { SummarySpan } from '../model/summary.ts';

/** The outbox of one uplink as the uplink asks for it now: by the numbers of events, not by a cursor. */
export function createAlarmOutbox(outbox: Outbox, span: SummarySpan | undefined) {
  /** Events that were read and lie above the cursor, in order, and those of them that are accepted. */
  let read: number[] = [];
  const accepted = new Set<number>();

  return {
    async readAlarmOutbox(after: number, limit: number): Promise<readonly AlarmEvent[]> {
      const { sent } = await outbox.alarmCursor();
      const events = await outbox.readAlarms(Math.max(after, sent), limit);
      const last = read.at(-1) ?? 0;
      read.push(...events.map(({ number }) => number).filter(number => number > last));
      return events;
    },
    settleAlarms(numbers: readonly number[]): Promise<void> {
      for (const number of numbers) accepted.add(number);
      const firstOpen = read.findIndex(number => !accepted.has(number));
      const done = firstOpen < 0 ? read : read.slice(0, firstOpen);
      read = read.slice(done.length);
      for (const number of done) accepted.delete(number);
      const upTo = done.at(-1) ?? 0;
      return outbox.settleAlarms({ sent: upTo, delivered: upTo });
    },
    async readSummaryOutbox(after: number, limit: number): Promise<readonly NumberedSummary[]> {
      return span ? outbox.readSummaries({ span, after, upTo: Number.MAX_SAFE_INTEGER, limit }) : [];
    },
    async settleSummaries(numbers: readonly number[]): Promise<void> {
      if (span) await outbox.settleSummaries(span, numbers);
    },
  };
}
