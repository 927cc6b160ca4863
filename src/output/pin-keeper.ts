import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { messageOf, PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { OutputView } from '../model/output.ts';
import type { DigitalPin } from './digital-pin.ts';

/**
 * Keeps one pin at the level that is wanted, whatever happens to it. Nobody waits for it: `set` only notes the level, and
 * of several the last one counts. A pin that fails is told once, opened again and again, and told when it is back.
 */
export interface PinKeeper {
  set(isHigh: boolean): void;
  figures(): Pick<OutputView, 'health' | 'lastFailure'>;
  /**
   * Puts the pin to its safe level. `leave`: it stays as it is when the process has ended; `release`: it goes back to the
   * system. Resolves after at most a second, also when the pin does not answer.
   */
  stop(how: 'leave' | 'release'): Promise<void>;
}

export interface PinKeeperOptions {
  readonly open: (isHigh: boolean) => Promise<DigitalPin>;
  /** The level while nobody knows what is wanted. */
  readonly isSafeHigh: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const reopening: Backoff = { firstMs: 1_000, longestMs: 60_000 };

/** A call of the system that takes longer is told as a failure; it is waited for, so that they never pile up. */
const slowCallMs = 2_000;

/** How often a pin that is not switched is written and read back: another program may have changed it. */
const checkMs = 10_000;

const stopTimeoutMs = 1_000;

export function createPinKeeper({ open, isSafeHigh, clock, random, log }: PinKeeperOptions): PinKeeper {
  let wanted = isSafeHigh;
  let health: OutputView['health'] = 'opening';
  let lastFailure: string | null = null;
  let ending: 'leave' | 'release' | undefined;
  let wake = new AbortController();
  const done = keep();

  async function keep(): Promise<void> {
    for (let attempt = 0; !ending; ) {
      let pin: DigitalPin | undefined;
      try {
        pin = await watched(open(wanted));
        await hold(pin, () => {
          attempt = 0;
        });
        if (ending === 'release') await pin.close();
      } catch (failure) {
        tellFailure(failure);
        await pin?.close();
        await pause(backoffDelayMs(reopening, attempt, random));
        attempt += 1;
      }
    }
  }

  /** Until the end, or until it fails. */
  async function hold(pin: DigitalPin, onWell: () => void): Promise<void> {
    for (;;) {
      const isLast = ending !== undefined;
      const level = wanted;
      await watched(pin.write(level));
      const found = await watched(pin.read());
      if (found !== level)
        throw new Error(`the pin stays ${found ? 'high' : 'low'}: a short circuit or another program`);
      onWell();
      tellRecovery();
      if (isLast) return;
      if (wanted === level && !ending) await pause(checkMs);
    }
  }

  /** Cut short by a new level or the end. */
  async function pause(delayMs: number): Promise<void> {
    if (ending) return;
    wake = new AbortController();
    await clock.sleep(delayMs, wake.signal).catch(() => undefined);
  }

  async function watched<Result>(call: Promise<Result>): Promise<Result> {
    const timer = clock.at(clock.monoMs() + slowCallMs, () =>
      tellFailure(new Error(`the pin has not answered for ${slowCallMs / 1_000} s`)),
    );
    try {
      return await call;
    } finally {
      timer.cancel();
    }
  }

  function tellFailure(failure: unknown): void {
    const hint = failure instanceof PlantroomError ? failure.hint : undefined;
    lastFailure = hint === undefined ? messageOf(failure) : `${messageOf(failure)}: ${hint}`;
    if (health !== 'failing') log.error({ failure: lastFailure }, 'an output fails; it is tried again');
    health = 'failing';
  }

  function tellRecovery(): void {
    if (health === 'failing') log.info({}, 'an output that failed works again');
    health = 'ok';
    lastFailure = null;
  }

  return {
    set(isHigh) {
      if (ending || isHigh === wanted) return;
      wanted = isHigh;
      // A pin that fails is not tried more often because its output blinks.
      if (health === 'ok') wake.abort();
    },
    figures: () => ({ health, lastFailure }),
    async stop(how) {
      wanted = isSafeHigh;
      ending = how;
      wake.abort();
      const late = new AbortController();
      await Promise.race([done, clock.sleep(stopTimeoutMs, late.signal).catch(() => undefined)]);
      late.abort();
    },
  };
}
