import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { CommandReply } from '../model/command.ts';
import type { Store } from '../store/store.ts';
import type { AlarmRecord } from './alarm-desk.ts';
import { createStopwatch, type Latencies } from './latency.ts';

/** Has events and states stored, says when they are, and measures how long their way takes. */
export interface AlarmCommits {
  /** @param detectedMono when it was decided that they happened */
  commit(record: AlarmRecord, detectedMono: number): void;
  /**
   * Holds back what a person is told until all that was handed over so far is on the disk: what is done outlives kill -9.
   * Where the disk refuses it, or does not answer within `storedWithinMs`, the reply says so: it is written later, or lost
   * in a crash. A refusal has changed nothing, and waits for nothing.
   */
  answer(reply: CommandReply): Promise<CommandReply>;
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

/** A person does not wait longer for a disk. */
export const storedWithinMs = 2_000;

export function createAlarmCommits({ clock, log, latency, store, onCommitted }: AlarmCommitsOptions): AlarmCommits {
  const sending = createStopwatch(latency.committedToAcknowledged);
  const wholeWay = createStopwatch(latency.detectedToAcknowledged);
  /** Commits are answered in their order. */
  let latest: Promise<boolean> = Promise.resolve(true);

  async function isStored(): Promise<boolean> {
    const isOver = new AbortController();
    const tooLate = clock.sleep(storedWithinMs, isOver.signal).then(
      () => false,
      () => false,
    );
    const isDone = await Promise.race([latest, tooLate]);
    isOver.abort();
    return isDone;
  }

  return {
    commit({ events, states }, detectedMono) {
      for (const event of events) wholeWay.start(event.number, detectedMono);
      latest = store.commitAlarms(events, states).then(
        () => {
          const nowMono = clock.monoMs();
          for (const event of events) {
            latency.detectedToCommitted.record(nowMono - detectedMono);
            sending.start(event.number, nowMono);
          }
          onCommitted();
          return true;
        },
        failure => {
          log.error({ failure: messageOf(failure), events: events.length }, 'alarm events were not committed');
          return false;
        },
      );
      // The disk works meanwhile.
      for (const { alarm, kind, priority, value, unit, message } of events)
        log.info({ alarm, kind, priority, value, unit }, message);
    },
    async answer(reply) {
      if (reply.kind === 'refused' || (await isStored())) return reply;
      return { ...reply, message: `${reply.message}; the disk has not taken it yet: plantroom status says why` };
    },
    acknowledged({ number }, atMono) {
      sending.stop(number, atMono);
      wholeWay.stop(number, atMono);
    },
  };
}
