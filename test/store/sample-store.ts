import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { AlarmEvent, AlarmState } from '../../src/model/alarm.ts';
import type { AlarmCursor } from '../../src/model/outbox.ts';
import { defaultLimits } from '../../src/store/limits.ts';
import type { AlarmStateChange } from '../../src/store/messages.ts';
import { openStore, type Store, type StoreLimits } from '../../src/store/store.ts';
import { StoreFile } from '../../src/store/store-file.ts';
import { phaseAfter, plainEvent, standingState } from '../fakes/alarm-parts.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store on a real folder with one uplink, closed when the test ends. A small reserve keeps the tests off the disk. */
export async function openTestStore(
  folder: string,
  limits: Partial<StoreLimits> = {},
  onUnstored = () => {},
): Promise<Store> {
  const store = await openStore({
    folder,
    clock: systemClock,
    log: silentLog,
    limits: { reserveBytes: 65_536, ...limits },
    onUnstored,
  });
  onTestFinished(() => store.close());
  await store.useUplinks(['platform']);
  return store;
}

/** What the worker thread works with, in this thread. Wall time of the opening: 2026-11-23 10:15:00. */
export function openTestFile(folder: string, limits: Partial<StoreLimits> = {}): StoreFile {
  const all = { ...defaultLimits, reserveBytes: 65_536, ...limits };
  return StoreFile.open({ folder, openedAt: Date.UTC(2026, 10, 23, 10, 15), isStart: true, limits: all });
}

/** Everything up to this number is sent and delivered. */
export function upTo(number: number): AlarmCursor {
  return { sent: number, delivered: number };
}

export function alarmEvent(number: number, storeId: string, change: Partial<AlarmEvent> = {}): AlarmEvent {
  return {
    number,
    id: `${storeId}-${number}`,
    kind: 'raised',
    alarm: 'booster/outlet-low',
    occurrence: `${storeId}-${number}`,
    rule: 'limit',
    priority: 'urgent',
    message: 'Outlet pressure of booster set 1 is low',
    device: 'booster',
    deviceName: 'Booster set 1',
    point: 'booster/outlet-pressure',
    pointName: 'Outlet pressure',
    value: 4.2,
    state: undefined,
    unit: 'bar',
    limit: 4.5,
    ...plainEvent,
    phase: phaseAfter(change.kind ?? 'raised'),
    sampledAt: 1_795_428_900_000.25,
    detectedAt: 1_795_428_900_001,
    stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
    ...change,
  };
}

export function alarmEvents(from: number, to: number, storeId: string): AlarmEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => alarmEvent(from + index, storeId));
}

/** The state that stands after the event. */
export function stateAfter(event: AlarmEvent): AlarmStateChange {
  if (event.kind !== 'raised') return { kind: 'clear', alarm: event.alarm };
  const { alarm, occurrence, rule, priority, message, detectedAt, value, state, unit } = event;
  const standing: AlarmState = {
    ...standingState,
    alarm,
    occurrence,
    rule,
    priority,
    message,
    raisedAt: detectedAt,
    value,
    state,
    unit,
  };
  return { kind: 'set', state: standing };
}

export function numbersOf(rows: readonly { readonly number: number }[]): number[] {
  return rows.map(({ number }) => number);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
