import type { AlarmState } from '../model/alarm.ts';
import type { Outbox } from '../model/outbox.ts';
import type { History } from '../store/history/history.ts';
import type { Store } from '../store/store.ts';

export interface OutboxSources {
  readonly store: Pick<Store, 'alarmCursor' | 'readAlarms' | 'settleAlarms' | 'lastEventNumber'>;
  readonly history: Pick<History, 'lastSummary' | 'readSummaries' | 'settleSummaries'>;
  /** The alarms that stand, those that are not committed yet among them. */
  readonly standing: () => readonly AlarmState[];
}

/** What one uplink has to send: alarms out of the store, summaries out of the history. */
export function createOutbox({ store, history, standing }: OutboxSources, uplink: string): Outbox {
  return {
    alarmCursor: () => store.alarmCursor(uplink),
    readAlarms: (after, limit) => store.readAlarms(uplink, after, limit),
    settleAlarms: cursor => store.settleAlarms(uplink, cursor),
    standing() {
      const asOf = store.lastEventNumber;
      // What is not committed may still be lost, and its event follows anyway.
      return { asOf, alarms: standing().filter(({ occurrence }) => numberOf(occurrence) <= asOf) };
    },
    lastSummary: span => history.lastSummary(span),
    readSummaries: query => history.readSummaries(uplink, query),
    settleSummaries: (span, numbers) => history.settleSummaries(uplink, span, numbers),
  };
}

/** Of an event id, `<store id>-<number>`. */
function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}
