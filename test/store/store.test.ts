import { statSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PlantroomError } from '../../src/base/errors.ts';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Store } from '../../src/store/store.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import {
  alarmEvent,
  alarmEvents,
  numbersOf,
  openTestStore,
  range,
  stateAfter,
  temporaryFolder,
  upTo,
} from './sample-store.ts';
import { askShell } from './shell.ts';

describe('what was committed', () => {
  test('is read back as it was given, after a restart too', async () => {
    const folder = temporaryFolder();
    const store = await openTestStore(folder);
    const raised = alarmEvent(1, store.id);
    const fault = alarmEvent(2, store.id, { alarm: 'lift/fault', value: 3, state: 'door blocked', limit: undefined });
    await store.commitAlarms([raised, fault], [stateAfter(raised), stateAfter(fault)]);
    await store.close();

    const again = await openTestStore(folder);
    expect(again.id).toBe(store.id);
    expect(again.lastEventNumber).toBe(2);
    expect(await again.readAlarms('platform', 0, 10)).toEqual([raised, fault]);
    expect((await again.alarmStates()).map(state => ({ kind: 'set', state }))).toEqual([
      stateAfter(raised),
      stateAfter(fault),
    ]);
    expect(again.figures()).toMatchObject({ state: 'ok', backlogAlarms: 2, waitingEvents: 0 });
  });

  test('is shown to a person by the sqlite3 shell while the gateway runs', async () => {
    const store = await openTestStore(temporaryFolder());
    const event = alarmEvent(1, store.id);
    await store.commitAlarms([event], [stateAfter(event)]);
    expect(askShell(store.path, 'select number, id, alarm, kind, priority, clock from alarm_log')).toBe(
      `1|${store.id}-1|booster/outlet-low|raised|urgent|synchronised`,
    );
    expect(askShell(store.path, "select datetime(sampled_at / 1000, 'unixepoch') from alarm_log")).toBe(
      '2026-11-23 10:15:00',
    );
    expect(askShell(store.path, "select json_extract(body, '$.value') from alarm_log")).toBe('4.2');
    expect(askShell(store.path, 'select alarm, occurrence from alarm_state')).toBe(`booster/outlet-low|${store.id}-1`);
    expect(askShell(store.path, 'pragma integrity_check')).toBe('ok');
    // The shell came and went; the store goes on.
    await store.commitAlarms([alarmEvent(2, store.id)], []);
    expect(askShell(store.path, 'select count(*) from alarm_log')).toBe('2');
  });

  test('has reached the disk: the connection writes ahead and synchronises every commit', () => {
    const database = openDatabase(`${temporaryFolder()}/durable.db`, 1e9);
    onTestFinished(() => {
      database.close();
    });
    const read = (name: string) => database.pragma(name, { simple: true });
    expect(read('journal_mode')).toBe('wal');
    expect(read('synchronous')).toBe(2);
    expect(read('busy_timeout')).toBe(100);
    expect(read('wal_autocheckpoint')).toBe(1_000);
    expect(read('journal_size_limit')).toBe(1_048_576);
  });

  test('is stored once however often it is committed', async () => {
    const store = await openTestStore(temporaryFolder());
    const events = alarmEvents(1, 3, store.id);
    await store.commitAlarms(events, []);
    await store.commitAlarms(events, []);
    expect(numbersOf(await store.alarmLog({ limit: 10 }))).toEqual([3, 2, 1]);
    expect(store.figures().backlogAlarms).toBe(3);
  });

  test('never makes way for another event under its number, and the calls beside the wrong one succeed', async () => {
    const store = await openTestStore(temporaryFolder());
    await store.commitAlarms([alarmEvent(1, store.id)], []);
    const outcomes = await Promise.allSettled([
      store.commitAlarms([alarmEvent(2, store.id)], []),
      store.commitAlarms([alarmEvent(3, store.id)], []),
      store.commitAlarms([alarmEvent(1, 'stranger')], []),
      store.commitAlarms([alarmEvent(4, store.id)], []),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[2]).toMatchObject({ reason: { kind: 'internal', message: expect.stringContaining('number 1') } });
    expect(store.figures().state).toBe('ok');
    expect(numbersOf(await store.readAlarms('platform', 0, 10))).toEqual([1, 2, 3, 4]);
  });
});

describe('the outboxes', () => {
  test('give the oldest first, and keep where each uplink is; the log keeps it all', async () => {
    const store = await openTestStore(temporaryFolder());
    await store.commitAlarms(alarmEvents(1, 6, store.id), []);
    await store.settleAlarms('platform', { sent: 4, delivered: 2 });
    expect(await store.alarmCursor('platform')).toEqual({ sent: 4, delivered: 2 });
    // What is sent is not gone: whoever asks for it gets it again.
    expect(numbersOf(await store.readAlarms('platform', 1, 2))).toEqual([2, 3]);
    expect(numbersOf(await store.readAlarms('platform', 4, 10))).toEqual([5, 6]);
    expect(store.figures().backlogAlarms).toBe(4);
    expect(numbersOf(await store.alarmLog({ limit: 10 }))).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test('never answer with more than their limit, whatever they are asked for', async () => {
    const store = await openTestStore(temporaryFolder(), { readRows: 3 });
    await store.commitAlarms(alarmEvents(1, 6, store.id), []);
    expect(numbersOf(await store.readAlarms('platform', 0, 1_000_000))).toEqual([1, 2, 3]);
  });
});

describe('the alarm log', () => {
  test('is read in pages from the newest on, for one alarm too', async () => {
    const store = await openTestStore(temporaryFolder());
    const events = range(1, 10).map(number =>
      alarmEvent(number, store.id, { alarm: number % 2 === 0 ? 'lift/fault' : 'booster/outlet-low' }),
    );
    await store.commitAlarms(events, []);
    expect(numbersOf(await store.alarmLog({ limit: 3 }))).toEqual([10, 9, 8]);
    expect(numbersOf(await store.alarmLog({ limit: 3, before: 8 }))).toEqual([7, 6, 5]);
    expect(numbersOf(await store.alarmLog({ limit: 2, alarm: 'lift/fault', before: 9 }))).toEqual([8, 6]);
    expect(await store.alarmLog({ limit: 2, alarm: 'lift/unknown' })).toEqual([]);
  });

  test('keeps the newest 10,000 events and all that an uplink has not delivered, whatever its limit says', async () => {
    const store = await openTestStore(temporaryFolder(), { alarmLogRows: 1 });
    const last = 12_000;
    await commitInSteps(last, step => store.commitAlarms(alarmEvents(step - 499, step, store.id), []));
    await store.useUplinks(['platform', 'second']);
    await store.settleAlarms('platform', { sent: last, delivered: 500 });
    const log = () => askShell(store.path, 'select min(number), max(number), count(*) from alarm_log');
    await commitOneByOne(store, last + 1, last + 600);
    // One uplink has delivered up to 500 only, the other began behind 12,000.
    expect(log()).toBe(`501|12600|12100`);
    await store.settleAlarms('platform', upTo(last));
    await store.useUplinks([]);
    await commitOneByOne(store, last + 601, last + 3_000);
    const [oldest = 0, newest = 0, count = 0] = log().split('|').map(Number);
    expect(newest).toBe(last + 3_000);
    expect(count).toBeGreaterThanOrEqual(10_000);
    expect(count).toBeLessThan(11_100);
    expect(oldest).toBe(newest - count + 1);
    expect(store.lastEventNumber).toBe(last + 3_000);
  }, 60_000);
});

describe('a group of commits', () => {
  test('shares a transaction: a hundred concurrent calls make a few', async () => {
    const store = await openTestStore(temporaryFolder());
    // data_version of another connection rises by one with each transaction it has not seen.
    const versions = new Set<unknown>();
    const watcher = openDatabase(store.path, 1e9);
    onTestFinished(() => {
      watcher.close();
    });
    const look = () => versions.add(watcher.pragma('data_version', { simple: true }));
    look();
    const order: number[] = [];
    const calls = range(1, 100).map(number =>
      store.commitAlarms([alarmEvent(number, store.id)], []).then(() => {
        order.push(number);
        look();
      }),
    );
    await Promise.all(calls);
    expect(order).toEqual(range(1, 100));
    expect(versions.size - 1).toBeLessThanOrEqual(3);
    expect(numbersOf(await store.readAlarms('platform', 0, 1_000))).toEqual(range(1, 100));
  });

  test('leaves the last state of every alarm standing', async () => {
    const store = await openTestStore(temporaryFolder());
    const events = range(1, 60).map(number =>
      alarmEvent(number, store.id, { alarm: `rig/alarm-${number % 3}`, kind: number % 2 ? 'raised' : 'returned' }),
    );
    await Promise.all(events.map(event => store.commitAlarms([event], [stateAfter(event)])));
    expect((await store.alarmStates()).map(({ occurrence }) => occurrence).sort()).toEqual(lastRaised(events));
  });
});

test('the write-ahead file stays small however much is committed', async () => {
  const store = await openTestStore(temporaryFolder());
  const sizes: number[] = [];
  for (const step of range(1, 60)) {
    await store.commitAlarms(alarmEvents(step * 100 - 99, step * 100, store.id), []);
    sizes.push(statSync(`${store.path}-wal`).size);
  }
  expect(Math.max(...sizes)).toBeLessThan(2 * 1_024 * 1_024);
  expect(store.figures().sizeBytes).toBeGreaterThan(statSync(store.path).size - 1);
});

describe('a thread that dies', () => {
  test('is noticed and started again, and nothing that was under way is lost or doubled', async () => {
    const workers: Worker[] = [];
    const remember = (worker: Worker) => workers.push(worker);
    process.on('worker', remember);
    onTestFinished(() => {
      process.off('worker', remember);
    });
    const store = await openTestStore(temporaryFolder());
    const { id } = store;
    await store.commitAlarms([alarmEvent(1, id)], []);
    const underWay = range(2, 50).map(number => store.commitAlarms([alarmEvent(number, id)], []));
    await workers[0]?.terminate();
    await waitUntil(
      () => store.figures().state === 'failing',
      () => 'the death was not noticed',
    );
    const afterwards = store.commitAlarms([alarmEvent(51, id)], []);
    await expect(store.alarmStates()).rejects.toThrow(PlantroomError);
    await Promise.all([...underWay, afterwards]);
    expect(workers).toHaveLength(2);
    expect(store.figures()).toMatchObject({ state: 'ok', lastFailure: expect.stringContaining('thread') });
    expect(store.id).toBe(id);
    expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 51));
  });
});

describe('a closed store', () => {
  test('has committed what was under way, refuses more, and can be closed twice', async () => {
    const folder = temporaryFolder();
    const store = await openTestStore(folder);
    const calls = range(1, 20).map(number => store.commitAlarms([alarmEvent(number, store.id)], []));
    await Promise.all([store.close(), store.close()]);
    await Promise.all(calls);
    await expect(store.commitAlarms([alarmEvent(21, store.id)], [])).rejects.toMatchObject({ kind: 'storage' });
    await expect(store.alarmStates()).rejects.toMatchObject({ kind: 'storage' });
    const again = await openTestStore(folder);
    expect(numbersOf(await again.readAlarms('platform', 0, 100))).toEqual(range(1, 20));
  });
});

async function commitOneByOne(store: Store, first: number, last: number): Promise<void> {
  for (const number of range(first, last)) await store.commitAlarms([alarmEvent(number, store.id)], []);
}

async function commitInSteps(last: number, commit: (upTo: number) => Promise<void>): Promise<void> {
  for (let upTo = 500; upTo <= last; upTo += 500) await commit(upTo);
}

function lastRaised(events: readonly AlarmEvent[]): string[] {
  const last = new Map(events.map(event => [event.alarm, event]));
  return [...last.values()]
    .filter(({ kind }) => kind === 'raised')
    .map(({ occurrence }) => occurrence)
    .sort();
}
