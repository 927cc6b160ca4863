/**
 * The two clocks of a gateway and its timers. This is the only file that reads time or arms a timer: everything else
 * takes a Clock, so that tests and replays decide what time it is.
 *
 * Monotonic time schedules and measures; wall time is only written into records. A gateway without a clock chip jumps
 * by decades when the first time synchronisation arrives, and nothing may notice but the time stamps.
 */
export interface Clock {
  /** Milliseconds with a fraction, since an arbitrary start; never jumps, never goes back. */
  monoMs(): number;
  /** Monotonic milliseconds since the machine was booted: comparable between processes, up to the next boot. */
  bootMs(): number;
  /** Milliseconds since 1970-01-01 UTC; may jump in either direction. */
  wallMs(): number;
  /**
   * Calls `callback` once, when monoMs() reaches `atMono` to the millisecond, which is as fine as timers are: it may come
   * up to 1 ms early. Never synchronously, also when that time has passed.
   */
  at(atMono: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** setTimeout fires at once for a longer delay, so a farther timer is armed in legs. */
const longestTimerMs = 2 ** 31 - 1;

/** As fine as timers are. */
const resolutionMs = 1;

export const systemClock: Clock = {
  monoMs: () => performance.now(),
  bootMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
  at: armTimer,
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
};

function armTimer(atMono: number, callback: () => void): Timer {
  let handle: NodeJS.Timeout;
  const arm = () => {
    const leftMs = Math.round(atMono - performance.now());
    handle = setTimeout(fire, Math.min(Math.max(0, leftMs), longestTimerMs));
  };
  // A timer counts from the beginning of the turn of the event loop in which it was armed, so it may come too early.
  const fire = () => {
    if (atMono - performance.now() > resolutionMs) arm();
    else callback();
  };
  arm();
  return { cancel: () => clearTimeout(handle) };
}

/** Shared by every Clock: a sleep is a timer that an AbortSignal can cut short. */
export function sleepOn(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.at(clock.monoMs() + delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
