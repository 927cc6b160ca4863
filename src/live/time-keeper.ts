import { readFileSync } from 'node:fs';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ClockDoubt, Moment, TimeStamp } from '../model/time.ts';
import { beginClock, type ClockEvent, type ClockLook, type ClockState, stepClock } from './clock-watch.ts';
import type { TimeWitness } from './time-witness.ts';

/**
 * Knows how good the wall clock is, and ties its times to the boot they belong to. A gateway without a clock chip begins
 * decades ago; what it recorded then is put right by the monotonic clock once it knows better.
 */
export interface TimeKeeper {
  /** Asks the system a first time; resolves within `firstAnswerMs`, whatever the system does. */
  start(): Promise<void>;
  stop(): void;
  /** For a record made at this monotonic time of the process. */
  stampAt(mono: number): TimeStamp;
  /** Of a record that was begun then; undefined when the clock was right. */
  doubtOf(began: Moment): ClockDoubt | undefined;
  /** What wall time the boot began at, by the clock as it is now. */
  bootedAt(): number;
  readonly bootId: string;
  readonly state: ClockState;
}

export interface TimeKeeperOptions {
  readonly clock: Clock;
  readonly witness: TimeWitness;
  readonly log: Log;
  readonly onEvent: (event: ClockEvent) => void;
}

/** How often both clocks are looked at. */
export const lookEveryMs = 5_000;

/** How long the start waits for the system's first answer. */
export const firstAnswerMs = 2_000;

export function createTimeKeeper({ clock, witness, log, onEvent }: TimeKeeperOptions): TimeKeeper {
  const bootId = readBootId();
  // The kernel had counted so far when the process began to.
  const startedBootMs = clock.bootMs() - clock.monoMs();
  let state = beginClock(look(undefined));
  let timer: Timer | undefined;
  let isAsking = false;
  let isStopped = false;
  let synchronisedMono = Number.POSITIVE_INFINITY;

  function look(isSynchronised: boolean | undefined): ClockLook {
    return { monoMs: clock.monoMs(), wallMs: clock.wallMs(), isSynchronised };
  }

  function take(isSynchronised: boolean | undefined): void {
    if (isStopped) return;
    const next = stepClock(state, look(isSynchronised));
    state = next.state;
    noteSynchronised();
    for (const event of next.events) {
      log.warn(
        { ...event, quality: state.quality },
        event.kind === 'jumped' ? 'the clock was set' : 'the clock is right',
      );
      onEvent(event);
    }
  }

  function noteSynchronised(): void {
    if (state.quality === 'synchronised') synchronisedMono = Math.min(synchronisedMono, clock.monoMs());
  }

  function arm(): void {
    timer = clock.at(clock.monoMs() + lookEveryMs, () => {
      if (isStopped) return;
      arm();
      // A jump is seen at once; the system is only asked while its answer matters.
      if (state.quality === 'synchronised') take(undefined);
      else ask();
    });
  }

  function ask(): void {
    if (isAsking) return;
    isAsking = true;
    witness().then(isSynchronised => {
      isAsking = false;
      take(isSynchronised);
    });
  }

  return {
    bootId,
    get state() {
      return state;
    },
    async start() {
      const answered = new AbortController();
      const late = clock.sleep(firstAnswerMs, answered.signal).then(
        () => undefined,
        () => undefined,
      );
      const isSynchronised = await Promise.race([witness(), late]);
      answered.abort();
      // Nothing was recorded before: the first answer is where the watch begins, not an event.
      state = beginClock(look(isSynchronised));
      if (state.quality === 'synchronised') synchronisedMono = Number.NEGATIVE_INFINITY;
      if (state.quality === 'unsynchronised') log.warn({}, 'the clock was not set since the boot: times are doubtful');
      arm();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
    stampAt: mono => ({ clock: state.quality, bootId, bootMs: mono + startedBootMs }),
    doubtOf({ wallMs, monoMs }) {
      if (monoMs >= synchronisedMono) return undefined;
      return { bootId, bootedAt: wallMs - monoMs - startedBootMs };
    },
    bootedAt: () => clock.wallMs() - clock.bootMs(),
  };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
