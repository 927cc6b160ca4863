import type { Clock } from '../base/clock.ts';
import type { SelfMeasure } from '../model/point.ts';
import type { BusView } from '../model/view.ts';
import type { HistoryFigures } from '../store/history/history.ts';
import { writtenOf, writtenPerDayMb } from './card-life.ts';
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
        readonly sizeBytes: number;
        readonly writtenBytes: number | undefined;
      }
    | undefined;
  readonly uplinks: () => readonly {
    readonly figures: { readonly state: string; readonly lastFailure: string | null };
  }[];
  readonly history: () => Pick<HistoryFigures, 'state' | 'uplinks' | 'sizeBytes' | 'writtenBytes'> | undefined;
  readonly buses: () => readonly BusView[];
  readonly outputs: () => readonly { readonly health: string }[];
  readonly time: () => { readonly quality: string; readonly jumps: number };
}

/** The numbers of the states, as the profile of the gateway's own points spells them out. */
const storeStates = { ok: 0, 'set-aside': 1, failing: 2 } as const;

const historyStates = { opening: 0, ok: 0, 'set-aside': 1, failing: 2, shedding: 3 } as const;

export function createInstruments(options: InstrumentsOptions): Instruments {
  const loopDelay = startLoopDelay();
  const { clock, startedMono, store, history, uplinks, buses, outputs, time } = options;
  const uptimeMs = () => clock.monoMs() - startedMono;
  return {
    measures: {
      uptime: () => uptimeMs() / 1_000,
      memory: () => process.memoryUsage.rss() / 1e6,
      'loop-delay': () => loopDelay.takeLongestMs(),
      backlog: () => {
        const unsent = history()?.uplinks.map(one => one.unsent) ?? [];
        return (store()?.backlogAlarms ?? 0) + Math.max(0, ...unsent);
      },
      uplink: () => uplinkState(uplinks().map(({ figures }) => figures)),
      store: () => storeStates[store()?.state ?? 'ok'],
      history: () => historyStates[history()?.state ?? 'ok'],
      'store-size': () => ((store()?.sizeBytes ?? 0) + (history()?.sizeBytes ?? 0)) / 1e6,
      'written-per-day': () => {
        const parts = [store(), history()].map(figures => (figures ? figures.writtenBytes : 0));
        return writtenPerDayMb(writtenOf(parts, uptimeMs()));
      },
      'reads-missed': () => buses().reduce((sum, bus) => sum + bus.readsMissed, 0),
      clock: () => (time().quality === 'synchronised' ? 0 : 1),
      'clock-jumps': () => time().jumps,
      outputs: () => (outputs().some(({ health }) => health === 'failing') ? 1 : 0),
    },
    stop: () => loopDelay.stop(),
  };
}

/** Not connected is worse than a broker that is there but does not take what it should. Without an uplink nothing is down. */
function uplinkState(figures: readonly { readonly state: string; readonly lastFailure: string | null }[]): number {
  if (figures.some(({ state }) => state !== 'connected')) return 1;
  return figures.some(({ lastFailure }) => lastFailure !== null) ? 2 : 0;
}
