import type { AlarmEvent } from '../../src/model/alarm.ts';
import type { UplinkSettings } from '../../src/model/site.ts';
import type { SummaryRecord } from '../../src/model/summary.ts';
import type { PlantNow } from '../../src/uplink/plant-now.ts';
import { phaseAfter, plainEvent } from '../fakes/alarm-parts.ts';

export const gateway = { id: 'pump-room-1', name: 'Pump room, tower A' };

const prefix = 'plantroom';

const day = Date.UTC(2026, 4, 12, 6, 0, 0);

/** The native format does not ask for it. */
export const unaskedPlant: PlantNow = {
  site() {
    throw new Error('nobody is to ask for the site');
  },
  pointNow: () => undefined,
};

export function settingsFor(port: number, changes: Partial<UplinkSettings> = {}): UplinkSettings {
  return {
    id: 'platform',
    format: 'native',
    urls: [`mqtt://127.0.0.1:${port}`],
    clientId: gateway.id,
    username: undefined,
    password: undefined,
    topicPrefix: prefix,
    keepaliveMs: 12_000,
    tls: undefined,
    confirm: 'broker',
    summaries: '1min',
    backlogRate: 1e9,
    commands: [],
    sparkplug: undefined,
    ...changes,
  };
}

export function alarmEvent(number: number, changes: Partial<AlarmEvent> = {}): AlarmEvent {
  return {
    number,
    id: `k3m9x2-${number}`,
    kind: number % 2 === 1 ? 'raised' : 'returned',
    alarm: 'booster/discharge-low',
    occurrence: `k3m9x2-${number % 2 === 1 ? number : number - 1}`,
    rule: 'limit',
    priority: 'high',
    message: 'Discharge pressure is low',
    device: 'booster',
    deviceName: 'Booster set',
    point: 'discharge-pressure',
    pointName: 'Discharge pressure',
    value: 2.9,
    state: undefined,
    unit: 'bar',
    limit: 3,
    ...plainEvent,
    phase: phaseAfter(changes.kind ?? (number % 2 === 1 ? 'raised' : 'returned')),
    sampledAt: day + number * 1_000,
    detectedAt: day + number * 1_000 + 1,
    stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
    ...changes,
  };
}

export function summaryRecord(minute: number, pointCount = 2): SummaryRecord {
  const windowStart = day + minute * 60_000;
  return {
    id: `k3m9x2-feeder-${windowStart / 1_000}`,
    device: 'feeder',
    windowStart,
    windowEnd: windowStart + 60_000,
    clock: 'synchronised',
    span: '1min',
    points: Array.from({ length: pointCount }, (_, index) => ({
      point: index % 2 === 0 ? `current-l${index}` : `door-state-${index}`,
      unit: index % 2 === 0 ? 'A' : '',
      count: index % 2 === 0 ? 60 : 0,
      min: index % 2 === 0 ? 11.2 : undefined,
      max: index % 2 === 0 ? 14.9 : undefined,
      mean: index % 2 === 0 ? 12.75 : undefined,
      last: index % 2 === 0 ? 13.1 : undefined,
      goodShare: index % 2 === 0 ? 1 : 0,
      delta: undefined,
      resets: 0,
    })),
  };
}
