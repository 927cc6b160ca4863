import type { Clock, Timer } from '../base/clock.ts';

/** Wakes somebody up at a monotonic time that changes all the time. */
export interface DueTimer {
  /** In place of what was armed before; undefined for never. */
  arm(dueMono: number | undefined): void;
  stop(): void;
}

/** @param onDue called at the time, never before it */
export function createDueTimer(clock: Clock, onDue: () => void): DueTimer {
  let timer: Timer | undefined;
  let armedFor: number | undefined;

  function arm(dueMono: number | undefined): void {
    if (dueMono === armedFor) return;
    timer?.cancel();
    armedFor = dueMono;
    timer = dueMono === undefined ? undefined : clock.at(dueMono, fire);
  }

  function fire(): void {
    const dueMono = armedFor;
    armedFor = undefined;
    // A timer may come up to a millisecond early.
    if (dueMono !== undefined && clock.monoMs() < dueMono) timer = clock.at(dueMono + 1, onDue);
    else onDue();
  }

  return {
    arm,
    stop() {
      timer?.cancel();
      armedFor = undefined;
    },
  };
}
