import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { openStore } from '../../src/store/store.ts';
import { phaseAfter, plainEvent } from '../fakes/alarm-parts.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';

/*
 * What it costs to accept an alarm event: from the call in the main thread to the committed row, through the worker.
 * The floor is better-sqlite3 in this thread: the same row, WAL, synchronous=FULL, one commit each.
 */

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const commits = isQuick ? 200 : 1_500;
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-bench-'));
  try {
    const floorMs: number[] = [];
    const singleMs: number[] = [];
    const burstMs: number[] = [];
    let longestStallMs = 0;
    const store = await openStore({ folder: join(folder, 'store'), clock: systemClock, log: silentLog });
    const floor = openFloor(join(folder, 'floor.db'));
    let number = store.lastEventNumber;
    // In turns, so that what else the machine does hits both.
    for (let round = 0; round < 5; round += 1) {
      say(`round ${round + 1} of 5`);
      for (let count = 0; count < commits / 5; count += 1) {
        number += 1;
        floorMs.push(await timed(() => floor(number)));
        singleMs.push(await timed(() => store.commitAlarms([event(number, store.id)], [])));
      }
      const firstOfBurst = number + 1;
      number += 1_000;
      const beat = startBeat();
      burstMs.push(
        await timed(() =>
          Promise.all(
            Array.from({ length: 1_000 }, (_, index) =>
              store.commitAlarms([event(firstOfBurst + index, store.id)], []),
            ),
          ),
        ),
      );
      longestStallMs = Math.max(longestStallMs, beat());
    }
    await store.close();
    const floorP50 = percentile(floorMs, 50);
    const ownP50 = percentile(singleMs, 50);
    return [
      figure('bare commit, p50', floorP50, 'ms'),
      figure('bare commit, p99', percentile(floorMs, 99), 'ms'),
      figure('accepted event, p50', ownP50, 'ms'),
      figure('accepted event, p99', percentile(singleMs, 99), 'ms'),
      figure('accepted event / bare commit, p50', ownP50 / floorP50, '×', '<= 2'),
      figure('1,000 events at once, all accepted after', percentile(burstMs, 50), 'ms', '<= 2000'),
      figure('longest stall of the main thread meanwhile', longestStallMs, 'ms', '<= 50'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openFloor(path: string): (number: number) => Promise<void> {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('create table alarm_log (number integer primary key, id text unique, body text)');
  const insert = database.prepare('insert into alarm_log values (?, ?, ?)');
  return async number => {
    const row = event(number, 'floor');
    insert.run(number, row.id, JSON.stringify(row));
  };
}

function event(number: number, storeId: string): AlarmEvent {
  return {
    number,
    id: `${storeId}-${number}`,
    kind: number % 2 === 1 ? 'raised' : 'returned',
    alarm: 'booster/outlet-pressure-low',
    occurrence: `${storeId}-${number - ((number + 1) % 2)}`,
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
    phase: phaseAfter(number % 2 === 1 ? 'raised' : 'returned'),
    sampledAt: 1_770_000_000_000 + number,
    detectedAt: 1_770_000_000_001 + number,
    stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** The longest time between two beats of the event loop, less the beat itself. */
function startBeat(): () => number {
  let last = performance.now();
  let longestMs = 0;
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  return () => {
    clearInterval(timer);
    return longestMs;
  };
}
