import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../fakes/wait-until.ts';
import {
  alarmEvent,
  alarmEvents,
  numbersOf,
  openTestFile,
  openTestStore,
  range,
  temporaryFolder,
  upTo,
} from './sample-store.ts';

const megabyte = 1_024 * 1_024;

describe('a database that may not grow any more', () => {
  test('gives up delivered events beyond the newest 10,000, whatever the limit of the log says', () => {
    const file = openTestFile(temporaryFolder(), { databaseBytes: 9 * megabyte });
    const { id } = file.opened();
    for (const upToNumber of range(1, 30).map(step => step * 500)) {
      file.commitAlarms([{ events: alarmEvents(upToNumber - 499, upToNumber, id), states: [] }]);
      file.writeCursors([{ uplink: 'platform', ...upTo(upToNumber) }]);
      file.tidy();
    }
    expect(file.opened().lastEventNumber).toBe(15_000);
    const [first] = file.alarmsAfter({ after: 0, limit: 1 });
    expect(first?.number).toBeGreaterThan(1);
    expect(first?.number).toBeLessThanOrEqual(5_001);
    file.close();
  });

  test('makes alarms wait in memory when nothing may go, and stores them when something may', async () => {
    const store = await openTestStore(temporaryFolder(), { databaseBytes: 9 * megabyte, waitingEvents: 20_000 });
    const commits = range(1, 40).map(step =>
      store.commitAlarms(alarmEvents(step * 500 - 499, step * 500, store.id), []),
    );
    await waitUntil(
      () => store.figures().state === 'failing',
      () => 'the limit was not noticed',
    );
    expect(store.figures().lastFailure).toMatch(/FULL/);
    // All the same the uplink has them.
    const last = store.lastEventNumber;
    expect(numbersOf(await store.readAlarms('platform', last, 5))).toEqual(range(last + 1, last + 5));
    await store.settleAlarms('platform', upTo(20_000));
    await Promise.all(commits);
    await waitUntil(
      () => store.figures().state === 'ok',
      () => `it did not recover: ${JSON.stringify(store.figures())}`,
    );
    expect(store.lastEventNumber).toBe(20_000);
  }, 60_000);
});

test('what the store writes to the disk is counted, at least what it holds, and over a restart of its thread', async () => {
  // On a real disk: what goes to a tmpfs is written nowhere.
  const folder = mkdtempSync(join(import.meta.dirname, '../../node_modules/.store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const workers: Worker[] = [];
  const remember = (worker: Worker) => workers.push(worker);
  process.on('worker', remember);
  onTestFinished(() => {
    process.off('worker', remember);
  });
  const store = await openTestStore(folder);
  await store.commitAlarms(alarmEvents(1, 100, store.id), []);
  await store.alarmStates();
  const before = store.figures().writtenBytes ?? 0;
  for (const number of range(101, 200)) await store.commitAlarms([alarmEvent(number, store.id)], []);
  await store.alarmStates();
  const perEvent = ((store.figures().writtenBytes ?? 0) - before) / 100;
  // A few pages of 4 KiB for each commit of one event.
  expect(perEvent).toBeGreaterThan(4_096);
  expect(perEvent).toBeLessThan(100_000);
  const soFar = store.figures().writtenBytes ?? 0;
  await workers[0]?.terminate();
  await store.commitAlarms([alarmEvent(201, store.id)], []);
  await store.alarmStates();
  expect(workers).toHaveLength(2);
  expect(store.figures().writtenBytes).toBeGreaterThan(soFar);
});
