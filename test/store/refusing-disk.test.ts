import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
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

/** Another process that is writing and does not end: every write of the store is refused, its reads go on. */
function refuseWrites(path: string): () => void {
  const database = openDatabase(path, 1e9);
  database.exec('BEGIN IMMEDIATE');
  let isHeld = true;
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    database.close();
  };
  onTestFinished(release);
  return release;
}

async function untilFailing(store: Store): Promise<void> {
  await waitUntil(
    () => store.figures().state === 'failing',
    () => 'the refusal was not noticed',
  );
}

describe('while the disk refuses', () => {
  test('alarms are read from the disk and then from memory, each once, and whoever sends them is told', async () => {
    let told = 0;
    const folder = temporaryFolder();
    const made = await openTestStore(folder);
    await made.commitAlarms(alarmEvents(1, 20, made.id), []);
    await made.close();
    const store = await openTestStore(folder, {}, () => {
      told += 1;
    });
    const release = refuseWrites(store.path);
    const commits = range(21, 60).map(number => store.commitAlarms([alarmEvent(number, store.id)], []));
    expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 20));
    await untilFailing(store);
    expect(told).toBeGreaterThan(0);
    expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 60));
    expect(numbersOf(await store.readAlarms('platform', 15, 10))).toEqual(range(16, 25));
    expect(numbersOf(await store.readAlarms('platform', 40, 10))).toEqual(range(41, 50));
    const before = told;
    const late = store.commitAlarms([alarmEvent(61, store.id)], []);
    expect(told).toBe(before + 1);
    expect(numbersOf(await store.readAlarms('platform', 60, 10))).toEqual([61]);
    release();
    await Promise.all([...commits, late]);
    expect(store.figures()).toMatchObject({ state: 'ok', waitingEvents: 0 });
    expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 61));
  });

  test('a page that is read while the disk comes back has no gap and nothing twice', async () => {
    const store = await openTestStore(temporaryFolder());
    for (let round = 0; round < 5; round += 1) {
      const release = refuseWrites(store.path);
      const first = store.lastEventNumber + 1;
      const commits = range(first, first + 200).map(number => store.commitAlarms([alarmEvent(number, store.id)], []));
      await untilFailing(store);
      release();
      let isDone = false;
      const all = Promise.all(commits).then(() => {
        isDone = true;
      });
      while (!isDone) {
        const read = numbersOf(await store.readAlarms('platform', first - 1, 1_000));
        expect(read).toEqual(range(first, first + 200).slice(0, read.length));
        await new Promise(resolve => setImmediate(resolve));
      }
      await all;
    }
  });

  test('nobody waits for the place of an uplink to be written; the newest is written when the disk is back', async () => {
    const store = await openTestStore(temporaryFolder());
    await store.commitAlarms(alarmEvents(1, 100, store.id), []);
    const release = refuseWrites(store.path);
    for (const number of range(1, 100)) await store.settleAlarms('platform', upTo(number));
    expect(await store.alarmCursor('platform')).toEqual(upTo(100));
    expect(askShell(store.path, 'select sent, delivered from uplink')).toBe('0|0');
    release();
    await waitUntil(
      () => store.figures().state === 'ok',
      () => 'it did not recover',
    );
    expect(askShell(store.path, 'select sent, delivered from uplink')).toBe('100|100');
  });

  test('an uplink that is ahead of the disk is not said to be on it, until its events are', async () => {
    const store = await openTestStore(temporaryFolder());
    await store.commitAlarms(alarmEvents(1, 10, store.id), []);
    const release = refuseWrites(store.path);
    const commit = store.commitAlarms(alarmEvents(11, 15, store.id), []);
    await untilFailing(store);
    await store.settleAlarms('platform', { sent: 15, delivered: 14 });
    release();
    await commit;
    const place = () => askShell(store.path, 'select sent, delivered from uplink');
    await waitUntil(
      () => place() === '15|14',
      () => `the cursor stayed at ${place()}`,
    );
  });

  test('what memory has no room for is refused, unless older events are delivered: those make room and are not stored', async () => {
    const store = await openTestStore(temporaryFolder(), { waitingEvents: 50, transactionRows: 5 });
    await store.commitAlarms(alarmEvents(1, 10, store.id), []);
    const release = refuseWrites(store.path);
    const commit = (number: number) => {
      const kind = number % 2 === 0 ? 'raised' : 'returned';
      const event = alarmEvent(number, store.id, { alarm: `rig/alarm-${number % 4}`, kind });
      return store.commitAlarms([event], [stateAfter(event)]).then(
        () => 'stored',
        () => 'given up',
      );
    };
    const first = range(11, 60).map(commit);
    await untilFailing(store);
    expect(await commit(61)).toBe('given up');
    await store.settleAlarms('platform', upTo(40));
    const next = range(62, 80).map(commit);
    expect(numbersOf(await store.readAlarms('platform', 40, 100))).toEqual([...range(41, 60), ...range(62, 80)]);
    release();
    // The first five may have been on their way to the disk.
    const outcomes = (await Promise.all(first)).slice(5);
    expect(outcomes).toEqual(range(16, 60).map(number => (number <= 40 ? 'given up' : 'stored')));
    expect(await Promise.all(next)).toEqual(range(62, 80).map(() => 'stored'));
    expect(store.figures().refusedEvents).toBeOneOf([26, 31]);
    // The alarms that stand are right all the same: the even ones were raised last.
    expect((await store.alarmStates()).map(({ alarm }) => alarm).sort()).toEqual(['rig/alarm-0', 'rig/alarm-2']);
    expect(numbersOf(await store.readAlarms('platform', 15, 100))).toEqual([...range(41, 60), ...range(62, 80)]);
  });
});

test('a store that is closed with events it could not store gives their numbers again, but not their ids', async () => {
  const folder = temporaryFolder();
  const store = await openTestStore(folder);
  await store.commitAlarms(alarmEvents(1, 10, store.id), []);
  const release = refuseWrites(store.path);
  const lost = store.commitAlarms([alarmEvent(11, store.id)], []);
  await untilFailing(store);
  // It has been sent, perhaps, with this id.
  expect(await store.readAlarms('platform', 10, 10)).toMatchObject([{ id: `${store.id}-11` }]);
  const closed = store.close();
  await expect(lost).rejects.toMatchObject({ kind: 'storage' });
  release();
  await closed;
  const again = await openTestStore(folder);
  expect(again.lastEventNumber).toBe(10);
  expect(again.id).not.toBe(store.id);
  expect(again.setAside).toBeUndefined();
});

describe('a thread that hangs', () => {
  /** A store whose clock the test moves; its thread is held up for 100 ms by a foreign write. */
  async function hangingStore() {
    const workers: Worker[] = [];
    const remember = (worker: Worker) => workers.push(worker);
    process.on('worker', remember);
    onTestFinished(() => {
      process.off('worker', remember);
    });
    const folder = temporaryFolder();
    // An earlier run stored them: none of them is at hand.
    const before = await openTestStore(folder);
    await before.useUplinks(['platform']);
    await before.commitAlarms(alarmEvents(1, 10, before.id), []);
    await before.close();
    workers.length = 0;
    const clock = new VirtualClock();
    const store = await openStore({ folder, clock, log: silentLog, limits: { reserveBytes: 0 } });
    onTestFinished(() => store.close());
    await store.useUplinks(['platform']);
    return { clock, store, workers };
  }

  test('is noticed after two seconds: alarms come from memory, reads fail, and nobody waits for a cursor', async () => {
    const { clock, store, workers } = await hangingStore();
    const release = refuseWrites(store.path);
    const commit = store.commitAlarms(alarmEvents(11, 12, store.id), []);
    const settled = store.settleAlarms('platform', upTo(5));
    const states = expect(store.alarmStates()).rejects.toThrow(/not answered for 2 s/);
    const pending = store.readAlarms('platform', 9, 10);
    await clock.advance(1_900);
    expect(store.figures().state).toBe('ok');
    await clock.advance(200);
    expect(store.figures()).toMatchObject({ state: 'failing', lastFailure: expect.stringContaining('2 s') });
    await states;
    await settled;
    expect(numbersOf(await pending)).toEqual([11, 12]);
    expect(numbersOf(await store.readAlarms('platform', 11, 10))).toEqual([12]);
    // Up to 10 all may have been sent, or not: nobody can read it. So the cursor stays where it was.
    expect(numbersOf(await store.readAlarms('platform', 5, 10))).toEqual([11, 12]);
    await store.settleAlarms('platform', upTo(12));
    expect(await store.alarmCursor('platform')).toEqual(upTo(5));

    release();
    let isStored = false;
    commit.then(() => {
      isStored = true;
    });
    for (let attempt = 0; !isStored && attempt < 500; attempt += 1) {
      await clock.advance(100);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    expect(isStored).toBe(true);
    await waitUntil(
      () => store.figures().state === 'ok',
      () => 'it did not recover',
    );
    // The same thread went on.
    expect(workers).toHaveLength(1);
    expect(numbersOf(await store.readAlarms('platform', 5, 10))).toEqual(range(6, 12));
    await store.settleAlarms('platform', upTo(12));
    expect(await store.alarmCursor('platform')).toEqual(upTo(12));
  });

  test('does not keep a gateway from stopping: what waits is given up, and whoever waits is told', async () => {
    const { clock, store } = await hangingStore();
    refuseWrites(store.path);
    const commit = expect(store.commitAlarms(alarmEvents(11, 12, store.id), [])).rejects.toMatchObject({
      kind: 'storage',
      message: expect.stringContaining('closed'),
    });
    const closed = store.close();
    await clock.advance(2_100);
    await commit;
    await closed;
  });

  test('is given up after a minute, and the next one begins when it is gone: nothing is lost or doubled', async () => {
    const { clock, store, workers } = await hangingStore();
    const { id } = store;
    const release = refuseWrites(store.path);
    const commit = store.commitAlarms(alarmEvents(11, 12, store.id), []);
    await clock.advance(2_000);
    expect(store.figures().state).toBe('failing');
    await clock.advance(60_000);
    expect(store.figures().lastFailure).toMatch(/not answered for 60 s/);
    release();
    let isStored = false;
    commit.then(() => {
      isStored = true;
    });
    for (let attempt = 0; !isStored && attempt < 500; attempt += 1) {
      await new Promise(resolve => setTimeout(resolve, 10));
      await clock.advance(10);
    }
    expect(isStored).toBe(true);
    expect(workers).toHaveLength(2);
    expect(store.figures().state).toBe('ok');
    expect(store.id).toBe(id);
    expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 12));
    await store.commitAlarms([alarmEvent(13, id)], []);
    await store.close();
    // No id of this run is ever given again, and none needs to be new: it was closed in order.
    expect(askShell(store.path, "select value from meta where key = 'store_id'")).toBe(id);
  });
});
