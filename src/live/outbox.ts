import type { AlarmState } from '../model/alarm.ts';
import type { Outbox } from '../model/outbox.ts';
import type { Store } from '../store/store.ts';

export interface OutboxOptions {
  readonly store: Store;
  /** Id of the uplink. */
  readonly uplink: string;
  /** The alarms that stand, those that are not committed yet among them. */
  readonly standing: () => readonly AlarmState[];
}

/** What one uplink has to send: its place in the alarm log and its share of the summaries. */
export function createOutbox({ store, uplink, standing }: OutboxOptions): Outbox {
  return {
    alarmCursor: () => store.alarmCursor(uplink),
    readAlarms: (after, limit) => store.readAlarms(uplink, after, limit),
    settleAlarms: cursor => store.settleAlarms(uplink, cursor),
    standing() {
      const asOf = store.lastEventNumber;
      // What is not committed may still be lost, and its event follows anyway.
      return { asOf, alarms: standing().filter(({ occurrence }) => numberOf(occurrence) <= asOf) };
    },
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

/** Of an event id, `<store id>-<number>`. */
function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}
