import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { describePin, longestTestMs, type OutputSettings, type OutputView } from '../model/output.ts';
import type { OpenPin } from './digital-pin.ts';
import { callersAt, type OutputState, outputAt, quietOutput, stepOutput } from './output-machine.ts';
import { levelAt } from './pattern.ts';
import { createPinKeeper, type PinKeeper } from './pin-keeper.ts';
import type { StandingAlarm } from './standing-alarm.ts';

/**
 * The beacon and the siren of the gateway. They follow the alarms at once, without store and uplink, and nothing waits for
 * them: every call but `replace` and `stop` only notes what is wanted.
 */
export interface Outputs {
  /** Takes up the outputs of a site. One that did not change goes on without a flicker. */
  replace(settings: readonly OutputSettings[]): Promise<void>;
  /**
   * The alarms have changed. All that stand are read at once, but in a flood not more often than every 20 ms: a thousand
   * alarms in a second would otherwise be looked through a thousand times.
   */
  show(readStanding: () => readonly StandingAlarm[]): void;
  /** Sirens are off until a new alarm calls; beacons stay. How many alarms had called a siren. */
  silence(): number;
  /** Switches an output on for at most a minute; false when there is none of this id. */
  test(id: string, durationMs: number): boolean;
  views(): readonly OutputView[];
  /** To their safe state. */
  stop(): Promise<void>;
}

export interface OutputsOptions {
  readonly openPin: OpenPin;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const leastPauseMs = 20;

interface RunningOutput {
  readonly settings: OutputSettings;
  readonly pin: PinKeeper;
  state: OutputState;
}

export function createOutputs({ openPin, clock, random, log }: OutputsOptions): Outputs {
  let running: readonly RunningOutput[] = [];
  /** Undefined until the alarms that stand are known: outputs are in their safe state so long. */
  let standing: readonly StandingAlarm[] | undefined;
  let timer: Timer | undefined;
  let look: Timer | undefined;
  let lookedMono = Number.NEGATIVE_INFINITY;

  function begin(settings: OutputSettings, state: OutputState): RunningOutput {
    const pin = createPinKeeper({
      open: isHigh => openPin(settings.pin, isHigh),
      isSafeHigh: electrical(settings, settings.isOnWhenStopped),
      clock,
      random,
      log: log.child({ output: settings.id, pin: describePin(settings.pin) }),
    });
    return { settings, pin, state };
  }

  function lookAt(alarms: readonly StandingAlarm[]): void {
    const nowMono = clock.monoMs();
    lookedMono = nowMono;
    standing = alarms;
    for (const one of running) one.state = stepOutput(one.settings, one.state, { kind: 'alarms', alarms }, nowMono);
    drive();
  }

  /** Sets every pin, and comes back when the first of them has to change. */
  function drive(): void {
    timer?.cancel();
    timer = undefined;
    if (!standing) return;
    const nowMono = clock.monoMs();
    let nextMono = Number.POSITIVE_INFINITY;
    for (const { settings, state, pin } of running) {
      const now = outputAt(settings, state, nowMono);
      const level = levelAt(now.pattern, nowMono);
      pin.set(electrical(settings, level.isOn));
      nextMono = Math.min(nextMono, now.untilMono, level.untilMono);
    }
    if (nextMono !== Number.POSITIVE_INFINITY) timer = clock.at(nextMono, drive);
  }

  return {
    async replace(wanted) {
      const kept = running.filter(one => wanted.some(settings => isSame(settings, one.settings)));
      const gone = running.filter(one => !kept.includes(one));
      // First, because a new output may be on the pin of an old one.
      await Promise.all(gone.map(({ pin }) => pin.stop('release')));
      const nowMono = clock.monoMs();
      running = wanted.map(settings => {
        const same = kept.find(one => isSame(settings, one.settings));
        if (same) return same;
        // A siren that was silenced and only got another name must not begin anew.
        const before = gone.find(one => one.settings.id === settings.id)?.state ?? quietOutput;
        const state = stepOutput(settings, before, { kind: 'alarms', alarms: standing ?? [] }, nowMono);
        return begin(settings, state);
      });
      drive();
    },
    show(readStanding) {
      look?.cancel();
      look = undefined;
      const dueMono = lookedMono + leastPauseMs;
      if (clock.monoMs() >= dueMono) lookAt(readStanding());
      else look = clock.at(dueMono, () => lookAt(readStanding()));
    },
    silence() {
      const nowMono = clock.monoMs();
      const sounding = new Set<string>();
      for (const one of running) {
        if (one.settings.kind !== 'siren') continue;
        for (const alarm of callersAt(one.settings, one.state, nowMono).alarms) sounding.add(alarm);
        one.state = stepOutput(one.settings, one.state, { kind: 'silence' }, nowMono);
      }
      drive();
      return sounding.size;
    },
    test(id, durationMs) {
      const one = running.find(({ settings }) => settings.id === id);
      if (!one) return false;
      const input = { kind: 'test', durationMs: Math.min(durationMs, longestTestMs) } as const;
      one.state = stepOutput(one.settings, one.state, input, clock.monoMs());
      drive();
      return true;
    },
    views() {
      const nowMono = clock.monoMs();
      return running.map(one => viewOf(one, nowMono));
    },
    async stop() {
      timer?.cancel();
      look?.cancel();
      timer = undefined;
      look = undefined;
      standing = undefined;
      await Promise.all(running.map(({ pin }) => pin.stop('leave')));
      running = [];
    },
  };
}

function electrical({ active }: OutputSettings, isOn: boolean): boolean {
  return isOn === (active === 'high');
}

function isSame(one: OutputSettings, other: OutputSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function viewOf({ settings, state, pin }: RunningOutput, nowMono: number): OutputView {
  const { id, name, kind } = settings;
  const { pattern, why } = outputAt(settings, state, nowMono);
  return {
    id,
    name,
    kind,
    pin: describePin(settings.pin),
    pattern,
    why,
    ...callersAt(settings, state, nowMono),
    ...pin.figures(),
  };
}
