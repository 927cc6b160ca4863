import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createRoomMaker } from '../../src/live/room-maker.ts';
import { mayMountTinyDisks, mountTinyDisk } from '../fakes/tiny-disk.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { openTestHistory, rawFrame } from './history/sample-history.ts';
import { alarmEvent, alarmEvents, numbersOf, openTestStore, range, stateAfter, upTo } from './sample-store.ts';
import { askShell } from './shell.ts';

const mayMount = mayMountTinyDisks();
if (!mayMount)
  process.stderr.write('the tests of a full disk need root and the right to mount a tmpfs: they do not run\n');

/** Takes the last free block. Returns what gives the space back. */
function fillDisk(folder: string): () => void {
  const path = join(folder, 'somebody-elses.log');
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(path, Buffer.alloc(bavail * bsize, 1));
  return () => rmSync(path);
}

describe.runIf(mayMount)('a full disk', () => {
  test('makes alarms wait in memory until there is space; none is lost and the store recovers by itself', async () => {
    const folder = mountTinyDisk(2);
    const store = await openTestStore(folder, { reserveBytes: 0 });
    await store.commitAlarms(alarmEvents(1, 10, store.id), []);
    const freeDisk = fillDisk(folder);
    const calls = range(11, 500).map(number => {
      const event = alarmEvent(number, store.id, { kind: number % 2 === 0 ? 'raised' : 'returned' });
      return store.commitAlarms([event], [stateAfter(event)]);
    });
    let settled = 0;
    for (const call of calls)
      call.then(() => {
        settled += 1;
      });
    await waitUntil(
      () => store.figures().state === 'failing',
      () => `the full disk was not noticed: ${JSON.stringify(store.figures())}`,
    );
    expect(store.figures().lastFailure).toMatch(/FULL/);
    expect(settled).toBeLessThan(calls.length);
    expect(store.figures().waitingEvents).toBeGreaterThan(0);
    // Reads go on meanwhile.
    expect(numbersOf(await store.readAlarms('platform', 0, 10))).toEqual(range(1, 10));

    freeDisk();
    await Promise.all(calls);
    expect(store.figures()).toMatchObject({ state: 'ok', waitingEvents: 0 });
    expect(numbersOf(await store.readAlarms('platform', 0, 1_000))).toEqual(range(1, 500));
    expect(await store.alarmStates()).toMatchObject([{ occurrence: `${store.id}-500` }]);
    await store.close();
    expect(askShell(store.path, 'pragma integrity_check')).toBe('ok');
  });

  test('refuses and counts the events that memory has no room for, and keeps their alarm states', async () => {
    const folder = mountTinyDisk(2);
    const store = await openTestStore(folder, { reserveBytes: 0, waitingEvents: 300 });
    const freeDisk = fillDisk(folder);
    const calls = range(1, 400).map(number => {
      const event = alarmEvent(number, store.id, { alarm: `rig/alarm-${number % 4}` });
      return store.commitAlarms([event], [stateAfter(event)]);
    });
    const outcomes = Promise.allSettled(calls);
    await waitUntil(
      () => store.figures().state === 'failing',
      () => 'the full disk was not noticed',
    );
    const { refusedEvents } = store.figures();
    expect(refusedEvents).toBe(100);
    freeDisk();
    const rejected = (await outcomes).flatMap(({ status }, index) => (status === 'rejected' ? [index + 1] : []));
    expect(rejected).toEqual(range(301, 400));
    await waitUntil(
      () => store.figures().waitingEvents === 0,
      () => 'the late states were not written',
    );
    expect(numbersOf(await store.readAlarms('platform', 0, 1_000))).toEqual(range(1, 300));
    expect((await store.alarmStates()).map(({ occurrence }) => occurrence).sort()).toEqual(
      range(397, 400).map(number => `${store.id}-${number}`),
    );
  });

  test('takes the reserve for alarms at once, and keeps a new one when there is plenty of space again', async () => {
    const folder = mountTinyDisk(4);
    const reserve = join(folder, 'plantroom.reserve');
    const store = await openTestStore(folder, { reserveBytes: 512 * 1_024 });
    expect(existsSync(reserve)).toBe(true);
    const freeDisk = fillDisk(folder);
    for (const number of range(1, 100)) await store.commitAlarms([alarmEvent(number, store.id)], []);
    expect(existsSync(reserve)).toBe(false);
    expect(store.figures()).toMatchObject({ state: 'ok', lastFailure: undefined });
    freeDisk();
    await store.settleAlarms('platform', upTo(1));
    await store.commitAlarms([alarmEvent(101, store.id)], []);
    await store.alarmStates();
    expect(existsSync(reserve)).toBe(true);
  });

  test('costs history before it costs alarms', async () => {
    const folder = mountTinyDisk(16);
    const store = await openTestStore(folder, { reserveBytes: 0 });
    const history = openTestHistory(folder, { sizeBytes: 12_000_000 });
    for (const index of range(0, 299)) history.append({ frames: [rawFrame(index, 1_000)], summaries: [] });
    await waitUntil(
      () => history.figures().waitingBytes === 0 && history.figures().classes.raw.bytes > 2_000_000,
      () => JSON.stringify(history.figures()),
    );
    fillDisk(folder);
    const maker = createRoomMaker({ clock: systemClock, store, history, everyMs: 50 });
    onTestFinished(() => maker.stop());
    // Each is about half a kilobyte: more than the files have of free pages, less than the history can give.
    await Promise.all(
      range(1, 40).map(part => store.commitAlarms(alarmEvents(part * 50 - 49, part * 50, store.id), [])),
    );
    expect(store.figures()).toMatchObject({ state: 'ok', waitingEvents: 0 });
    expect(store.figures().lastFailure).toMatch(/FULL/);
    expect(history.figures().classes.raw.shedRows).toBeGreaterThan(0);
    await store.close();
    expect(askShell(store.path, 'select count(*) from alarm_log; pragma integrity_check')).toBe('2000\nok');
  });

  test('that is filled and freed twenty times costs no alarm, and the store works every time', async () => {
    const folder = mountTinyDisk(4);
    const store = await openTestStore(folder, { reserveBytes: 512 * 1_024 });
    for (const round of range(1, 20)) {
      const freeDisk = fillDisk(folder);
      const first = store.lastEventNumber + 1;
      // In every second round the disk stays full until all of them are stored, which takes the reserve.
      const commits = range(first, first + 59).map(number => {
        const event = alarmEvent(number, store.id);
        return store.commitAlarms([event], [stateAfter(event)]);
      });
      if (round % 2 === 0) await store.commitAlarms([], []);
      freeDisk();
      await Promise.all(commits);
      await store.settleAlarms('platform', upTo(store.lastEventNumber));
      // Each commit has a look at whether there is room for a new reserve.
      await store.commitAlarms([], []);
      expect(store.figures()).toMatchObject({ state: 'ok', waitingEvents: 0, refusedEvents: 0 });
    }
    expect(numbersOf(await store.readAlarms('platform', 0, 1_000))).toEqual(range(1, 1_000));
    expect(store.lastEventNumber).toBe(1_200);
    await store.close();
    expect(askShell(store.path, 'select count(*) from alarm_log; pragma integrity_check')).toBe('1200\nok');
  });

  test('at the start does not keep a gateway from starting', async () => {
    const folder = mountTinyDisk(2);
    const first = await openTestStore(folder, { reserveBytes: 0 });
    await first.commitAlarms(alarmEvents(1, 10, first.id), []);
    await first.close();
    const freeDisk = fillDisk(folder);
    const outcome = await openTestStore(folder, { reserveBytes: 0 }).catch((error: unknown) => error);
    // Without a block for SQLite's shared memory it cannot start; then it says what to do, and harms nothing.
    if (outcome instanceof Error)
      expect(outcome).toMatchObject({ kind: 'storage', message: expect.stringContaining(folder) });
    freeDisk();
    const store = outcome instanceof Error ? await openTestStore(folder, { reserveBytes: 0 }) : outcome;
    expect(numbersOf(await (store as typeof first).readAlarms('platform', 0, 100))).toEqual(range(1, 10));
  });
});
