import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import type { Site } from '../../src/model/site.ts';
import { loadSite } from '../../src/site/site.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { bad, batch, good, noon } from '../history/samples.ts';
import { ampleBytes, nextBatch, TestFile } from '../store/history/sample-history.ts';
import { alarmEvent } from '../store/sample-store.ts';

/** A pump and a tank, whose values a test writes down second by second, in a data folder as a gateway leaves it. */

export interface SiteParts {
  readonly alarms: string;
  /** Of the record of the pressure. */
  readonly record?: string;
}

export function writeSite(folder: string, name: string, { alarms, record = '{}' }: SiteParts): Site {
  const path = join(folder, name);
  writeFileSync(
    path,
    `gateway: { id: room, name: Room }
buses:
  - { id: tcp, protocol: modbus-tcp, host: 127.0.0.1 }
devices:
  - id: pump
    name: Pump
    bus: tcp
    unit-id: 1
    interval: 1s
    points:
      - { id: pressure, name: Pressure, unit: bar, holding-register: 0, type: u16, scale: 0.01, record: ${record} }
      - { id: flow, name: Flow, unit: m3/h, holding-register: 1, type: u16, scale: 0.1, record: off }
  - id: tank
    name: Tank
    bus: tcp
    unit-id: 2
    interval: 2s
    communication: { priority: high, on-delay: 10s }
    points:
      - { id: level, name: Level, unit: m, holding-register: 0, type: u16, scale: 0.01 }
alarms:
${alarms}`,
  );
  const loaded = loadSite(path);
  if (loaded.kind === 'wrong') throw new Error(JSON.stringify(loaded.problems, undefined, 1));
  return loaded.site;
}

/** A value of a second; undefined where the gateway did not run, null where the device did not answer. */
export type Life = (second: number) => number | null | undefined;

/** Lets the real recorder keep what it would have kept, beginning at noon, and writes it like the history does. */
export function recordLives(folder: string, site: Site, seconds: number, lives: Readonly<Record<string, Life>>): void {
  const file = new TestFile({ folder, openedAt: noon, sizeBytes: ampleBytes, uplinks: [] });
  let recorder = createRecorder();
  const keep = (frames: readonly ReturnType<typeof recorder.add>[]) =>
    file.write(nextBatch(), {
      frames: frames.flatMap(frame => {
        const device = site.devices.find(({ number }) => number === frame?.device);
        return frame && device ? [{ ...frame, device: device.id }] : [];
      }),
      summaries: [],
    });
  const devices = site.devices.filter(({ points }) => points.some(({ key }) => lives[key]));
  for (let second = 0; second < seconds; second += 1) {
    for (const device of devices) {
      const due = device.points.filter(({ intervalMs }) => (second * 1_000) % intervalMs === 0);
      const values = due.map(one => lives[one.key]?.(second));
      if (due.length === 0 || values.every(value => value === undefined)) {
        // As after a restart: what is kept starts anew.
        if (due.length > 0 && device === devices[0]) {
          keep(recorder.flush());
          recorder = createRecorder();
        }
        continue;
      }
      const samples = due.map((one, index) => {
        const value = values[index];
        return typeof value === 'number' ? good(one, value) : bad(one);
      });
      const isAnswered = values.some(value => typeof value === 'number');
      keep([recorder.add(batch(second * 1_000, samples, { device: device.number, isAnswered }))]);
    }
  }
  keep(recorder.flush());
  file.close();
}

/** `pump/low 60 90`: raised and returned so many seconds after noon. The store stays open, as that of a gateway at work. */
export async function logAlarms(
  folder: string,
  alarms: readonly (readonly [string, number, number?])[],
): Promise<Store> {
  const store = await openStore({ folder, clock: systemClock, log: silentLog });
  let number = store.lastEventNumber;
  const turns = alarms
    .flatMap(([alarm, from, to]) => [
      { alarm, kind: 'raised' as const, second: from },
      ...(to === undefined ? [] : [{ alarm, kind: 'returned' as const, second: to }]),
    ])
    .sort((one, other) => one.second - other.second);
  for (const { alarm, kind, second } of turns) {
    number += 1;
    const sampledAt = noon + second * 1_000;
    await store.commitAlarms([alarmEvent(number, store.id, { alarm, kind, sampledAt, detectedAt: sampledAt })], []);
  }
  return store;
}
