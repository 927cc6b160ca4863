import type { AlarmState } from '../model/alarm.ts';
import type { Outbox } from '../model/outbox.ts';
import type { Store } from '../store/store.ts';

/**
 * The outbox contract over a store that knows one uplink only and marks single events as sent. It stands until the store
 * keeps cursors of its own. It cannot tell which summaries are of the past, so all count as live.
 */
export function provisionalOutbox(store: Store, standing: () => readonly AlarmState[]): Outbox {
  let settledUpTo: number | undefined;
  return {
    async alarmCursor() {
      const [oldest] = await store.readAlarmOutbox(0, 1);
      settledUpTo = oldest ? oldest.number - 1 : store.lastEventNumber;
      return { sent: settledUpTo, delivered: settledUpTo };
    },
    async readAlarms(after, limit) {
      // A single event is looked up, sent or not; longer pages are of what is unsent.
      return limit === 1 ? store.alarmLog({ before: after + 2, limit }) : store.readAlarmOutbox(after, limit);
    },
    async settleAlarms({ delivered }) {
      const first = (settledUpTo ?? 0) + 1;
      const numbers = Array.from({ length: Math.max(0, delivered - first + 1) }, (_, index) => first + index);
      await store.settleAlarms(numbers);
      settledUpTo = Math.max(settledUpTo ?? 0, delivered);
    },
    standing: () => ({ asOf: store.lastEventNumber, alarms: standing() }),
    lastSummary: async () => 0,
    async readSummaries({ span, after, upTo, limit }) {
      if (span !== '1min') return [];
      const rows = await store.readSummaryOutbox(after, limit);
      return rows.filter(({ number }) => number <= upTo);
    },
    async settleSummaries(_span, numbers) {
      await store.settleSummaries(numbers);
    },
  };
}
