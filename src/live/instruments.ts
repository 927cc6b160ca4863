import type { Clock } from '../base/clock.ts';
import type { SelfMeasure } from '../model/point.ts';
import type { BusView } from '../model/view.ts';
import { startLoopDelay } from './loop-delay.ts';

/** The gateway's view of itself, measured when the self driver asks. */
export interface Instruments {
  readonly measures: Readonly<Record<SelfMeasure, () => number>>;
  stop(): void;
}

export interface InstrumentsOptions {
  readonly clock: Clock;
  readonly startedMono: number;
  readonly store: () =>
    | {
        readonly state: 'ok' | 'set-aside' | 'failing';
        readonly backlogAlarms: number;
        readonly backlogSummaries: number;
        readonly sizeBytes: number;
      }
    | undefined;
  readonly uplink: () => { readonly state: string } | undefined;
  readonly buses: () => readonly BusView[];
  readonly time: () => { readonly quality: string; readonly jumps: number };
}

/** The numbers of the states, as the profile of the gateway's own points spells them out. */
const storeStates = { ok: 0, 'set-aside': 1, failing: 2 } as const;

export function createInstruments(options: InstrumentsOptions): Instruments {
  const loopDelay = startLoopDelay();
  const { clock, startedMono, store, uplink, buses, time } = options;
  return {
    measures: {
      uptime: () => (clock.monoMs() - startedMono) / 1_000,
      memory: () => process.memoryUsage.rss() / 1e6,
      'loop-delay': () => loopDelay.takeLongestMs(),
      backlog: () => {
        const figures = store();
        return figures ? figures.backlogAlarms + figures.backlogSummaries : 0;
      },
      uplink: () => {
        const state = uplink()?.state;
        // Without an uplink in the site file there is nothing to be down.
        return state === undefined || state === 'connected' ? 0 : 1;
      },
      store: () => storeStates[store()?.state ?? 'ok'],
      'store-size': () => (store()?.sizeBytes ?? 0) / 1e6,
      'reads-missed': () => buses().reduce((sum, bus) => sum + bus.readsMissed, 0),
      clock: () => (time().quality === 'synchronised' ? 0 : 1),
      'clock-jumps': () => time().jumps,
    },
    stop: () => loopDelay.stop(),
  };
}
