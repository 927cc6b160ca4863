import type { Clock } from '../base/clock.ts';
import type { AlarmEvent, AlarmLife, AlarmState, Deadline } from '../model/alarm.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { OutputView } from '../model/output.ts';
import type { Site } from '../model/site.ts';
import type {
  AlarmsView,
  BusView,
  DeviceView,
  HistoryView,
  LatencyView,
  PointView,
  StatusView,
  UplinkView,
} from '../model/view.ts';
import type { ClassFigures, HistoryFigures } from '../store/history/history.ts';
import { writtenOf } from './card-life.ts';
import type { PointNow } from './point-table.ts';
import { suppressionViews } from './suppression-views.ts';

/** What the edges are shown, made from what the stages know. Pure but for the ages. */

/** Shelved, suppressed or out of service. */
export function isHidden({ masks }: Pick<AlarmLife, 'masks'>): boolean {
  return (masks.shelved ?? masks.suppressed ?? masks.outOfService) !== undefined;
}

/** Of the alarms: a suppression is kept among them, and is none. */
export function hiddenAlarms(states: readonly AlarmState[]): readonly AlarmState[] {
  return states.filter(state => isHidden(state) && state.rule !== 'suppression');
}

/**
 * @param owedBy deadlines of an alarm that are not settled, by the monotonic clock
 * @param history newest first
 */
export function alarmsView(
  states: readonly AlarmState[],
  owedBy: (alarm: string) => readonly { readonly deadline: Deadline; readonly dueMono: number }[],
  history: readonly AlarmEvent[],
  clock: Clock,
): AlarmsView {
  const nowMono = clock.monoMs();
  const leftMs = (dueMono: number) => Math.round(dueMono - nowMono);
  return {
    standing: states.filter(state => !isHidden(state)),
    hidden: hiddenAlarms(states),
    suppressions: suppressionViews(states),
    deadlines: states.flatMap(({ alarm }) =>
      owedBy(alarm).map(({ deadline, dueMono }) => ({ alarm, deadline, leftMs: leftMs(dueMono) })),
    ),
    history,
  };
}

export function pointViews(
  site: Site,
  rows: readonly PointNow[],
  alarmsOn: (pointNumber: number) => readonly string[],
  clock: Clock,
): PointView[] {
  const devices = new Map(site.devices.map(device => [device.number, device]));
  const nowMono = clock.monoMs();
  return rows.map(({ point, value, text, quality, sampledAt, goodAtMono }) => ({
    key: point.key,
    name: point.name,
    device: devices.get(point.device)?.id ?? '',
    deviceName: devices.get(point.device)?.name ?? '',
    value: text ?? orNull(value),
    state: point.states?.get(value) ?? null,
    unit: point.unit,
    quality,
    sampledAt: orNull(sampledAt),
    ageMs: orNull(nowMono - goodAtMono),
    intervalMs: point.intervalMs,
    alarms: alarmsOn(point.number),
  }));
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

export interface StatusSources {
  readonly version: string;
  readonly sitePath: string;
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly clockState: StatusView['clock'];
  readonly site: Site;
  readonly rows: readonly PointNow[];
  readonly states: readonly AlarmState[];
  readonly buses: readonly BusView[];
  readonly devices: readonly DeviceView[];
  readonly store: {
    readonly path: string;
    readonly setAside: string | undefined;
    readonly lastEventNumber: number;
    figures(): {
      readonly state: 'ok' | 'set-aside' | 'failing';
      readonly sizeBytes: number;
      readonly backlogAlarms: number;
      readonly writtenBytes: number | undefined;
    };
  };
  readonly uplinks: readonly {
    readonly settings: { readonly id: string };
    readonly figures: Pick<UplinkView, 'state' | 'url' | 'lastFailure'> & { readonly cursor: AlarmCursor | undefined };
  }[];
  readonly history: { figures(): HistoryFigures };
  readonly outputs: readonly OutputView[];
  readonly latency: Readonly<Record<keyof StatusView['latency'], { view(): LatencyView }>>;
}

export function statusView(sources: StatusSources): StatusView {
  const { site, rows, store, history, uplinks, latency } = sources;
  const good = rows.filter(row => row.quality === 'good').length;
  const stored = store.figures();
  const kept = history.figures();
  const written = writtenOf([stored.writtenBytes, kept.writtenBytes], sources.uptimeMs);
  const summaries = new Map(kept.uplinks.map(one => [one.id, one]));
  return {
    version: sources.version,
    gateway: site.gateway,
    siteFile: sources.sitePath,
    startedAt: sources.startedAt,
    uptimeMs: sources.uptimeMs,
    pid: process.pid,
    clock: { quality: sources.clockState.quality, jumps: sources.clockState.jumps },
    memoryBytes: process.memoryUsage.rss(),
    points: { total: rows.length, good, bad: rows.length - good },
    alarms: { standing: sources.states.filter(state => !isHidden(state)).length },
    suppressions: suppressionViews(sources.states),
    buses: sources.buses,
    devices: sources.devices,
    store: {
      path: store.path,
      state: stored.state,
      setAside: store.setAside ?? null,
      sizeBytes: stored.sizeBytes + kept.sizeBytes,
      limitBytes: site.store.sizeBytes,
      lastEventNumber: store.lastEventNumber,
      writtenBytes: written.bytes,
      writtenPerDayBytes: written.bytesPerDay,
    },
    history: historyView(kept),
    uplinks: uplinks.map(({ settings, figures: { state, url, lastFailure, cursor } }) => ({
      id: settings.id,
      state,
      url,
      lastFailure,
      // Before the store has told how far it was, its own count is the best there is.
      backlogAlarms: cursor ? Math.max(0, store.lastEventNumber - cursor.sent) : stored.backlogAlarms,
      backlogSummaries: summaries.get(settings.id)?.unsent ?? 0,
      unconfirmed: cursor ? cursor.sent - cursor.delivered : 0,
      droppedSummaries: summaries.get(settings.id)?.dropped ?? 0,
    })),
    outputs: sources.outputs,
    latency: {
      sampledToDetected: latency.sampledToDetected.view(),
      detectedToCommitted: latency.detectedToCommitted.view(),
      committedToAcknowledged: latency.committedToAcknowledged.view(),
      detectedToAcknowledged: latency.detectedToAcknowledged.view(),
      lateness: latency.lateness.view(),
    },
  };
}

function historyView({ state, lastFailure, setAside, classes, ...figures }: HistoryFigures): HistoryView {
  const viewOf = ({ bytes, oldestAt, shedRows }: ClassFigures) => ({
    sizeBytes: bytes,
    oldestAt: oldestAt ?? null,
    shed: shedRows,
  });
  return {
    state,
    lastFailure: lastFailure ?? null,
    setAside: setAside ?? null,
    classes: {
      raw: viewOf(classes.raw),
      '1min': viewOf(classes['1min']),
      '15min': viewOf(classes['15min']),
      '1day': viewOf(classes['1day']),
    },
    droppedSamples: figures.droppedSamples,
    droppedSummaries: figures.droppedSummaries,
  };
}
