import type { Clock } from '../base/clock.ts';
import type { Site } from '../model/site.ts';
import type { BusView, DeviceView, LatencyView, PointView, StatusView } from '../model/view.ts';
import type { HistoryFigures } from '../store/history/history.ts';
import type { PointNow } from './point-table.ts';

/** What the edges are shown, made from what the stages know. Pure but for the ages. */

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
  readonly standing: number;
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
    };
  };
  readonly history: { figures(): Pick<HistoryFigures, 'uplinks' | 'sizeBytes'> };
  readonly uplink:
    | { figures(): { readonly state: StatusView['uplink']['state']; readonly lastFailure: string | null } }
    | undefined;
  readonly latency: Readonly<Record<keyof StatusView['latency'], { view(): LatencyView }>>;
}

export function statusView(sources: StatusSources): StatusView {
  const { site, rows, store, history, uplink, latency } = sources;
  const good = rows.filter(row => row.quality === 'good').length;
  const stored = store.figures();
  const sent = uplink?.figures();
  const summaries = history.figures().uplinks.find(({ id }) => id === site.uplinks[0]?.id);
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
    alarms: { standing: sources.standing },
    buses: sources.buses,
    devices: sources.devices,
    store: {
      path: store.path,
      state: stored.state,
      setAside: store.setAside ?? null,
      sizeBytes: stored.sizeBytes + history.figures().sizeBytes,
      lastEventNumber: store.lastEventNumber,
    },
    uplink: {
      state: sent?.state ?? 'off',
      url: site.uplinks[0]?.urls[0] ?? null,
      lastFailure: sent?.lastFailure ?? null,
      backlogAlarms: stored.backlogAlarms,
      backlogSummaries: summaries?.unsent ?? 0,
      droppedSummaries: summaries?.dropped ?? 0,
    },
    latency: {
      sampledToDetected: latency.sampledToDetected.view(),
      detectedToCommitted: latency.detectedToCommitted.view(),
      committedToAcknowledged: latency.committedToAcknowledged.view(),
      lateness: latency.lateness.view(),
    },
  };
}
