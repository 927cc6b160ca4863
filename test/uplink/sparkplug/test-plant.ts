import { join } from 'node:path';
import type { AlarmEvent, AlarmState } from '../../../src/model/alarm.ts';
import type { Point } from '../../../src/model/point.ts';
import type { Site, UplinkSettings } from '../../../src/model/site.ts';
import { loadSite } from '../../../src/site/site.ts';
import type { PointNow } from '../../../src/uplink/plant-now.ts';
import type { Plant } from '../../../src/uplink/sparkplug/plant.ts';
import { standingState } from '../../fakes/alarm-parts.ts';
import { alarmEvent, settingsFor } from '../samples.ts';

const siteFile = join(import.meta.dirname, 'plant.yaml');

function readSite(): Site {
  const result = loadSite(siteFile);
  if (result.kind === 'wrong') throw new Error(JSON.stringify(result.problems));
  return result.site;
}

/** As after a reload that took this device away. */
export function without(site: Site, device: string): Site {
  const isOther = (key: string) => !key.startsWith(`${device}/`);
  return {
    ...site,
    devices: site.devices.filter(({ id }) => id !== device),
    points: site.points.filter(({ key }) => isOther(key)),
    rules: site.rules.filter(({ key }) => isOther(key)),
  };
}

/** A plant whose values and alarms a test decides. */
export class TestPlant implements Plant {
  current = readSite();
  asOf = 0;
  readonly alarms = new Map<string, AlarmState>();
  readonly #values = new Map<number, PointNow>();

  site(): Site {
    return this.current;
  }

  pointNow(pointNumber: number): PointNow | undefined {
    return this.#values.get(pointNumber);
  }

  standing() {
    return { asOf: this.asOf, alarms: [...this.alarms.values()] };
  }

  /** What a point says from now on. */
  set(key: string, now: Partial<PointNow>): void {
    const number = this.point(key).number;
    this.#values.set(number, { value: Number.NaN, text: undefined, quality: 'good', sampledAt: 0, ...now });
  }

  point(key: string): Point {
    const point = this.current.points.find(point => point.key === key);
    if (!point) throw new Error(`no point ${key}`);
    return point;
  }

  /** Records the event as the store does: from now on it is in what stands. */
  record(changes: Partial<AlarmEvent>): AlarmEvent {
    this.asOf += 1;
    const event = alarmEvent(this.asOf, {
      device: 'pump',
      alarm: 'pump/pressure-low',
      point: 'pump/pressure',
      kind: 'raised',
      ...changes,
    });
    const { alarm, occurrence, rule, priority, message, sampledAt, value, state, unit } = event;
    if (event.kind !== 'raised') this.alarms.delete(alarm);
    else
      this.alarms.set(alarm, {
        ...standingState,
        alarm,
        occurrence,
        rule,
        priority,
        message,
        raisedAt: sampledAt,
        value,
        state,
        unit,
      });
    return event;
  }

  lose(device: string, kind: AlarmEvent['kind'] = 'raised'): AlarmEvent {
    return this.record({ device, alarm: `${device}/communication`, rule: 'communication', kind, point: undefined });
  }

  loseBus(bus: string, kind: AlarmEvent['kind'] = 'raised'): AlarmEvent {
    const key = `bus:${bus}/communication`;
    return this.record({ device: `bus:${bus}`, alarm: key, rule: 'bus-communication', kind, point: undefined });
  }
}

export function sparkplugSettings(port: number, changes: Partial<UplinkSettings> = {}): UplinkSettings {
  return settingsFor(port, {
    format: 'sparkplug-b',
    sparkplug: { groupId: 'towers', primaryHost: undefined },
    ...changes,
  });
}
