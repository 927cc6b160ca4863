import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AlarmState } from '../model/alarm.ts';
import type { History } from '../store/history/history.ts';
import type { Store, TimeFix } from '../store/store.ts';

export interface TimeCorrectionOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'correctTimes'>;
  readonly history: Pick<History, 'correctTimes'>;
  /** Alarms that stand, with their times put right. */
  readonly onCorrected: (states: readonly AlarmState[], fix: TimeFix) => void;
}

export interface TimeCorrection {
  /** The clock was set. One that is set again takes the place of what was still under way. */
  start(fix: TimeFix): void;
  stop(): void;
}

/** The disk refused to have times corrected; it may be back. */
const againMs = 30_000;

/** Puts right what was recorded before the clock was set. The history asks its own disk again; for the store it is done here. */
export function createTimeCorrection(options: TimeCorrectionOptions): TimeCorrection {
  const { clock, log, store, history, onCorrected } = options;
  let again: Timer | undefined;
  let latest: TimeFix | undefined;

  function correctHistory(fix: TimeFix): void {
    history.correctTimes(fix).then(
      rows => {
        if (rows > 0)
          log.warn({ rows }, 'the times of history that was recorded before the clock was set are corrected');
      },
      failure => log.warn({ failure: messageOf(failure) }, 'times of the history are corrected once its disk answers'),
    );
  }

  function correctEvents(fix: TimeFix): void {
    store.correctTimes(fix).then(
      ({ events, states }) => {
        if (latest === undefined) return;
        onCorrected(states, fix);
        if (events > 0)
          log.warn({ events }, 'the times of events that were recorded before the clock was set are corrected');
      },
      failure => {
        if (fix !== latest) return;
        log.error({ failure: messageOf(failure) }, 'the times of events are corrected once the disk takes it');
        again = clock.at(clock.monoMs() + againMs, () => correctEvents(fix));
      },
    );
  }

  return {
    start(fix) {
      again?.cancel();
      latest = fix;
      correctHistory(fix);
      correctEvents(fix);
    },
    stop() {
      again?.cancel();
      latest = undefined;
    },
  };
}
