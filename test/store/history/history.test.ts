import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../src/store/database.ts';
import type { History } from '../../../src/store/history/history.ts';
import type { PackedWork } from '../../../src/store/history/messages.ts';
import { packWork } from '../../../src/store/history/packed-work.ts';
import { openHistoryReader } from '../../../src/store/history/reader.ts';
import { noEnd } from '../../../src/store/history/unsent.ts';
import { createWaitingWork } from '../../../src/store/history/waiting-work.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { noon } from '../../history/samples.ts';
import { range, temporaryFolder } from '../sample-store.ts';
import { askShell } from '../shell.ts';
import { minuteSummary, openTestHistory, rawFrame } from './sample-history.ts';

const platform = { id: 'platform', span: '1min' } as const;
const all = { span: '1min', after: 0, upTo: noEnd, limit: 1_000 } as const;
const everything = { points: undefined, from: 0, to: 1e15, after: 0, limit: 10_000 };

function written(history: History): Promise<void> {
  return waitUntil(
    () => history.figures().waitingBytes === 0 && history.figures().state === 'ok',
    () => `it was not written: ${JSON.stringify(history.figures())}`,
  );
}

describe('the history', () => {
  test('gathers what comes, tells that it was written, and gives it to the uplink with a name for good', async () => {
    const folder = temporaryFolder();
    let told = 0;
    const onWritten = () => {
      told += 1;
    };
    const history = openTestHistory(folder, { uplinks: [platform], onWritten });
    for (const index of range(0, 9)) history.append({ frames: [rawFrame(index)], summaries: [minuteSummary(index)] });
    await waitUntil(
      () => told > 0,
      () => 'nothing was written',
    );
    const rows = await history.readSummaries('platform', all);
    const { samples: _, ...point } = minuteSummary(3).points[0] ?? {};
    expect(rows[3]).toEqual({
      number: 4,
      record: {
        id: expect.stringMatching(/^[a-z2-9]{12}-[a-z2-9]{6}-1min-4$/),
        device: 'meter',
        span: '1min',
        windowStart: noon + 180_000,
        windowEnd: noon + 240_000,
        clock: 'synchronised',
        points: [point],
      },
    });
    expect(told).toBe(1);
    await history.settleSummaries('platform', '1min', range(1, 7));
    expect((await history.readSummaries('platform', all)).map(({ number }) => number)).toEqual([8, 9, 10]);
    expect(await history.lastSummary('1min')).toBe(10);
    expect((await history.readRaw(everything)).samples).toHaveLength(600);
    expect((await history.readSummaryRows({ ...everything, span: '1min' })).rows).toHaveLength(10);
    const { classes, uplinks, writtenBytes, sizeBytes } = history.figures();
    expect(classes['1min']).toMatchObject({ oldestAt: noon, shedRows: 0 });
    expect(uplinks).toEqual([{ id: 'platform', unsent: 3, dropped: 0 }]);
    expect(sizeBytes).toBeGreaterThan(0);
    expect(writtenBytes).toBeGreaterThan(0);
    await history.close();
    const again = openTestHistory(folder, { uplinks: [platform] });
    expect((await again.readSummaries('platform', all)).map(({ record }) => record.id)).toEqual(
      rows.slice(7).map(({ record }) => record.id),
    );
  });

  test('writes what waits when it is closed', async () => {
    const folder = temporaryFolder();
    const history = openTestHistory(folder, { limits: { gatherMs: 60_000 } });
    history.append({ frames: [rawFrame(0)], summaries: [] });
    await history.close();
    const reader = openHistoryReader(folder);
    expect(reader.raw(everything).samples).toHaveLength(60);
    reader.close();
  });

  test('survives the death of its thread: nothing is missing and nothing is there twice', async () => {
    const workers: Worker[] = [];
    const remember = (worker: Worker) => workers.push(worker);
    process.on('worker', remember);
    onTestFinished(() => {
      process.off('worker', remember);
    });
    const history = openTestHistory(temporaryFolder(), { uplinks: [platform], limits: { gatherMs: 1 } });
    for (const index of range(0, 99)) {
      history.append({ frames: [rawFrame(index)], summaries: [minuteSummary(index)] });
      await new Promise(resolve => setImmediate(resolve));
      if (index === 50) await workers[0]?.terminate();
    }
    await waitUntil(
      () => workers.length === 2,
      () => 'the death was not noticed',
    );
    await written(history);
    while ((await history.lastSummary('1min')) < 100) await written(history);
    expect(workers).toHaveLength(2);
    const starts = (await history.readSummaries('platform', all)).map(({ record }) => record.windowStart);
    expect(starts).toEqual(range(0, 99).map(index => noon + index * 60_000));
    expect((await history.readRaw(everything)).samples).toHaveLength(6_000);
    expect(history.figures()).toMatchObject({ state: 'ok', lastFailure: expect.stringContaining('thread') });
  });

  test('that is killed loses no more than what was in memory, and goes on', async () => {
    const folder = temporaryFolder();
    let written = 0;
    for (const _ of range(1, 5)) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'writing-process.ts'), folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let seen = 0;
      createInterface({ input: child.stdout }).on('line', line => {
        written = Number(line);
        seen += 1;
        if (seen === 20) child.kill('SIGKILL');
      });
      await once(child, 'close');
    }
    expect(written).toBeGreaterThan(90);
    const reader = openHistoryReader(folder);
    const { rows } = reader.rows({ ...everything, span: '1min' });
    reader.close();
    expect(rows.length).toBeGreaterThanOrEqual(written);
    expect(new Set(rows.map(({ windowStart }) => windowStart)).size).toBe(rows.length);
    expect(askShell(join(folder, 'history.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('that another process holds locked waits in bounded memory, counts what it drops, and goes on', async () => {
    const folder = temporaryFolder();
    const history = openTestHistory(folder, { uplinks: [platform], limits: { waitingBytes: 20_000 } });
    history.append({ frames: [rawFrame(0)], summaries: [minuteSummary(0)] });
    await written(history);
    const lock = openDatabase(join(folder, 'history.db'), 1e9);
    lock.exec('BEGIN IMMEDIATE');
    for (const index of range(1, 200)) {
      history.append({ frames: [rawFrame(index, 200)], summaries: [minuteSummary(index)] });
      await new Promise(resolve => setTimeout(resolve, 1));
    }
    await waitUntil(
      () => history.figures().state === 'failing',
      () => 'the lock was not noticed',
    );
    expect(history.figures().waitingBytes).toBeLessThanOrEqual(20_000);
    expect(history.figures().droppedSamples).toBeGreaterThan(0);
    expect(history.figures().lastFailure).toContain('locked');
    lock.exec('ROLLBACK');
    lock.close();
    await written(history);
    const [last] = (await history.readSummaries('platform', all)).slice(-1);
    expect(last?.record.windowStart).toBe(noon + 200 * 60_000);
  });

  test('that cannot be opened is tried again, and harms nobody meanwhile', async () => {
    const folder = temporaryFolder();
    const clock = new VirtualClock();
    // A folder where the file should be.
    mkdirSync(join(folder, 'history.db'));
    const history = openTestHistory(folder, { clock, uplinks: [platform] });
    await waitUntil(
      () => history.figures().state === 'failing',
      () => 'it was opened',
    );
    history.append({ frames: [rawFrame(0)], summaries: [minuteSummary(0)] });
    await expect(history.readSummaries('platform', all)).rejects.toMatchObject({ kind: 'storage' });
    rmdirSync(join(folder, 'history.db'));
    const passing = setInterval(() => clock.advance(1_000), 5);
    await written(history);
    while ((await history.lastSummary('1min')) < 1) await written(history);
    clearInterval(passing);
    expect(await history.readSummaries('platform', all)).toHaveLength(1);
    closeWith(clock, history);
  });
});

/** The clock of these tests does not go on by itself. */
function closeWith(clock: VirtualClock, history: History): void {
  onTestFinished(async () => {
    const closing = history.close();
    for (const _ of range(1, 10)) await clock.advance(1_000);
    await closing;
  });
}

const allOfIt = Number.POSITIVE_INFINITY;

describe('what waits in memory', () => {
  const frameOf = (index: number) => packWork({ frames: [rawFrame(index)], summaries: [] });
  const windowOf = (index: number) => packWork({ frames: [], summaries: [minuteSummary(index)] });

  test('is bounded: the oldest raw frames go first, then the oldest summaries', () => {
    const waiting = createWaitingWork(5_000);
    for (const index of range(0, 3)) waiting.add(windowOf(index));
    for (const index of range(0, 19)) waiting.add(frameOf(index));
    expect(waiting.bytes).toBeLessThanOrEqual(5_000);
    const work = waiting.take(allOfIt);
    expect(work?.windows).toEqual(range(0, 3).flatMap(index => windowOf(index).windows));
    expect(work?.frames.at(-1)).toEqual(frameOf(19).frames[0]);
    expect(work?.frames.length).toBeGreaterThan(0);
    expect(waiting.dropped).toEqual({ samples: (20 - (work?.frames.length ?? 0)) * 60, summaries: 0 });
    expect(waiting.bytes).toBeGreaterThan(0);
    waiting.done();
    expect(waiting.bytes).toBe(0);
    for (const index of range(0, 99)) waiting.add(windowOf(index));
    const rest = waiting.take(allOfIt);
    expect(rest?.windows.at(-1)).toEqual(windowOf(99).windows[0]);
    expect(waiting.dropped.summaries).toBe(100 - (rest?.windows.length ?? 0));
    expect(waiting.take(allOfIt)).toBeUndefined();
  });

  test('goes to the disk in writes of a bounded size, summaries first, each row once and in its order', () => {
    const waiting = createWaitingWork(1_000_000);
    for (const index of range(0, 49)) waiting.add(frameOf(index));
    for (const index of range(0, 49)) waiting.add(windowOf(index));
    const writes: PackedWork[] = [];
    for (let before = waiting.bytes; ; before = waiting.bytes) {
      const work = waiting.take(4_000);
      if (!work) break;
      waiting.done();
      expect(before - waiting.bytes).toBeLessThanOrEqual(4_000);
      writes.push(work);
    }
    expect(writes.length).toBeGreaterThan(5);
    expect(writes.flatMap(({ windows }) => windows)).toEqual(range(0, 49).flatMap(index => windowOf(index).windows));
    expect(writes.flatMap(({ frames }) => frames)).toEqual(range(0, 49).flatMap(index => frameOf(index).frames));
    expect(writes.findIndex(({ frames }) => frames.length > 0)).toBeGreaterThan(1);
    expect(waiting.bytes).toBe(0);
  });

  test('that is larger than a write in one row is written all the same', () => {
    const waiting = createWaitingWork(1_000_000);
    waiting.add(frameOf(1));
    waiting.add(frameOf(2));
    expect(waiting.take(1)).toEqual(frameOf(1));
  });
});
