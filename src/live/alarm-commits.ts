import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { Store } from '../store/store.ts';
import type { AlarmRecord } from './alarm-desk.ts';
import { createStopwatch, type Latencies } from './latency.ts';

/** Has events and states stored, says when they are, and measures how long their way takes. */
export interface AlarmCommits {
  /** @param detectedMono when it was decided that they happened */
  commit(record: AlarmRecord, detectedMono: number): void;
  /** The broker has an event. */
  acknowledged(event: AlarmEvent, atMono: number): void;
}

export interface AlarmCommitsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly latency: Latencies;
  readonly store: Pick<Store, 'commitAlarms'>;
  readonly onCommitted: () => void;
}

export function createAlarmCommits({ clock, log, latency, store, onCommitted }: AlarmCommitsOptions): AlarmCommits {
  const sending = createStopwatch(latency.committedToAcknowledged);
  const wholeWay = createStopwatch(latency.detectedToAcknowledged);

  return {
    commit({ events, states }, detectedMono) {
      for (const event of events) wholeWay.start(event.number, detectedMono);
      store.commitAlarms(events, states).then(
        () => {
          const nowMono = clock.monoMs();
          for (const event of events) {
            latency.detectedToCommitted.record(nowMono - detectedMono);
            sending.start(event.number, nowMono);
          }
          onCommitted();
        },
        failure => log.error({ failure: messageOf(failure), events: events.length }, 'alarm events were not committed'),
      );
      // The disk works meanwhile.
      for (const { alarm, kind, priority, value, unit, message } of events)
        log.info({ alarm, kind, priority, value, unit }, message);
    },
    acknowledged({ number }, atMono) {
      sending.stop(number, atMono);
      wholeWay.stop(number, atMono);
    },
  };
}
