import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { ScenarioEvent } from '../site/site.ts';
import type { Simulator } from './simulator.ts';

export interface ScenarioOptions {
  readonly events: readonly ScenarioEvent[];
  readonly simulator: Pick<Simulator, 'startFault' | 'clearFaults' | 'setPlugged'>;
  readonly clock: Clock;
  /** Told of everything that happens, in one line for people. */
  readonly onHappened: (line: string) => void;
}

/** Lets the events of a scenario happen, from now on. Returns the way to stop it; what has begun goes on. */
export function runScenario({ events, simulator, clock, onHappened }: ScenarioOptions): () => void {
  const startMono = clock.monoMs();
  const timers = new Set<Timer>();
  const arm = (dueMono: number, then: () => void) => {
    const timer = clock.at(dueMono, () => {
      timers.delete(timer);
      then();
    });
    timers.add(timer);
  };
  const setPlugged = (bus: string, isPlugged: boolean) => {
    onHappened(isPlugged ? `${bus} is plugged in` : `${bus} is unplugged`);
    simulator.setPlugged(bus, isPlugged).catch((thrown: unknown) => onHappened(`${bus}: ${messageOf(thrown)}`));
  };
  const happen = ({ happening, forMs }: ScenarioEvent, dueMono: number) => {
    switch (happening.kind) {
      case 'fault':
        simulator.startFault(happening.device, happening.fault, forMs);
        return onHappened(`${happening.device} has ${happening.fault}`);
      case 'clear':
        simulator.clearFaults(happening.device);
        return onHappened(`the faults of ${happening.device} end`);
      case 'unplug':
        if (forMs !== undefined) arm(dueMono + forMs, () => setPlugged(happening.bus, true));
        return setPlugged(happening.bus, false);
      case 'plug':
        return setPlugged(happening.bus, true);
    }
  };
  /** Due times are start + at + k × every; those that went by while the machine slept are left out. */
  const schedule = (event: ScenarioEvent, dueMono: number) => {
    arm(dueMono, () => {
      happen(event, dueMono);
      if (event.everyMs === undefined) return;
      const missed = Math.floor((clock.monoMs() - dueMono) / event.everyMs);
      schedule(event, dueMono + (Math.max(0, missed) + 1) * event.everyMs);
    });
  };
  for (const event of events) schedule(event, startMono + event.atMs);
  return () => {
    for (const timer of timers) timer.cancel();
    timers.clear();
  };
}
