import type { Clock, Timer } from '../base/clock.ts';
import { nothingOwed, resendAtMono, stepConfirmation } from './confirmation.ts';
import type { CursorKeeper } from './cursor-keeper.ts';

export interface ConfirmWatchOptions {
  readonly clock: Clock;
  readonly keeper: CursorKeeper;
  /** Nothing was confirmed for a while: what is not is to be sent again. */
  readonly onSilence: () => void;
}

/** Waits for the platform's confirmations on one connection (confirmation.ts says how long). */
export interface ConfirmWatch {
  sent(): void;
  confirmed(): void;
  stop(): void;
}

export function createConfirmWatch({ clock, keeper, onSilence }: ConfirmWatchOptions): ConfirmWatch {
  let state = nothingOwed;
  let timer: Timer | undefined;
  let isStopped = false;

  function arm(): void {
    timer?.cancel();
    const atMono = resendAtMono(state);
    if (atMono === undefined || isStopped) return;
    timer = clock.at(atMono, () => {
      state = stepConfirmation(state, { kind: 'resent', nowMono: clock.monoMs() });
      arm();
      onSilence();
    });
  }

  return {
    sent() {
      state = stepConfirmation(state, { kind: 'sent', nowMono: clock.monoMs() });
      arm();
    },
    confirmed() {
      const { sent, delivered } = keeper.cursor ?? { sent: 0, delivered: 0 };
      state = stepConfirmation(state, { kind: 'confirmed', isAll: delivered >= sent, nowMono: clock.monoMs() });
      arm();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
