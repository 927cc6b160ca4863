import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { codeOf } from '../../../src/base/errors.ts';
import { noEnd } from '../../../src/store/history/unsent.ts';
import { mayMountTinyDisks, mountTinyDisk } from '../../fakes/tiny-disk.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { minuteMs, noon } from '../../history/samples.ts';
import { range, temporaryFolder } from '../sample-store.ts';
import { askShell } from '../shell.ts';
import { minuteSummary, nextBatch, openTestFile, openTestHistory, rawFrame, type TestFile } from './sample-history.ts';

const mayMount = mayMountTinyDisks();
const mayFreeze = mayMount && canRun('fsfreeze', ['--version']) && canRun('losetup', ['-f']);
if (!mayMount) process.stderr.write('the tests of a full disk need root and the right to mount: they do not run\n');
if (!mayFreeze)
  process.stderr.write('the test of a disk that hangs needs root, fsfreeze and loop devices: it does not run\n');

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Takes what is free, to the last block that can be had, and leaves so many. Returns what gives the space back. */
function fillDisk(folder: string, blocksLeft = 0): () => void {
  const path = join(folder, 'somebody-elses.log');
  const descriptor = openSync(path, 'w');
  try {
    for (const block = Buffer.alloc(4_096, 1); ; ) writeSync(descriptor, block);
  } catch {
    closeSync(descriptor);
  }
  truncateSync(path, Math.max(0, statSync(path).size - blocksLeft * 4_096));
  return () => rmSync(path);
}

/** One time that the disk was full. */
const fullness = fc.record({
  before: fc.integer({ min: 0, max: 60 }),
  blocksLeft: fc.integer({ min: 0, max: 60 }),
  during: fc.integer({ min: 0, max: 60 }),
  isReopened: fc.boolean(),
});

/** As the thread does it after each write: what the disk refuses then, it refuses the next write too. */
function tidy(file: TestFile): void {
  try {
    file.tidy();
  } catch (error) {
    expect(codeOf(error)).toBe('SQLITE_FULL');
  }
}

const everything = { points: undefined, from: 0, to: 1e15, after: 0, limit: 10_000 };
const platform = { id: 'platform', span: '1min' } as const;

describe.runIf(mayMount)('a full disk', () => {
  test('costs raw values, the oldest first, and no summary; what comes is kept', () => {
    const folder = mountTinyDisk(16);
    const file = openTestFile(folder, { uplinks: [platform], sizeBytes: 12_000_000 });
    for (const index of range(0, 299)) {
      file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [minuteSummary(index)] });
      file.tidy();
      if (index === 99) fillDisk(folder);
    }
    const { classes } = file.figures() ?? {};
    expect(classes?.raw.shedRows).toBeGreaterThan(100);
    expect(classes?.['1min'].shedRows).toBe(0);
    const { samples } = file.read(reading => reading.raw(everything));
    expect(samples.at(-1)?.at).toBe(noon + 299 * minuteMs + 59_940);
    expect(file.readSummaries('platform', { span: '1min', after: 0, upTo: noEnd, limit: 1_000 }).rows).toHaveLength(
      300,
    );
    file.close();
    expect(askShell(join(folder, 'history.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('costs summaries of a minute when there is nothing raw left, and counts what an uplink had not sent', () => {
    const folder = mountTinyDisk(4);
    const file = openTestFile(folder, { uplinks: [platform], sizeBytes: 8_000_000 });
    const write = (index: number) =>
      file.write(nextBatch(), {
        frames: [],
        summaries: range(0, 199).map(device => minuteSummary(index, `meter-${device}`)),
      });
    for (const index of range(0, 59)) write(index);
    fillDisk(folder);
    for (const index of range(60, 299)) {
      write(index);
      file.tidy();
    }
    const { classes, uplinks } = file.figures() ?? {};
    expect(classes?.['1min'].shedRows).toBeGreaterThan(1_000);
    expect(classes?.['15min'].shedRows).toBe(0);
    expect(uplinks?.[0]?.dropped).toBe(classes?.['1min'].shedRows);
    expect((uplinks?.[0]?.dropped ?? 0) + (uplinks?.[0]?.unsent ?? 0)).toBe(300 * 200);
  });

  test('that is full twenty times and emptied again loses no order and needs nobody', async () => {
    const folder = mountTinyDisk(4);
    const history = openTestHistory(folder, { uplinks: [platform], sizeBytes: 8_000_000 });
    let minute = await history.lastSummary('1min');
    for (const _ of range(1, 20)) {
      const freeDisk = fillDisk(folder);
      for (const __ of range(1, 20)) {
        history.append({ frames: [rawFrame(minute, 500)], summaries: [minuteSummary(minute)] });
        minute += 1;
        await new Promise(resolve => setTimeout(resolve, 2));
      }
      freeDisk();
    }
    await waitUntil(
      () => history.figures().waitingBytes === 0 && history.figures().state !== 'failing',
      () => JSON.stringify(history.figures()),
    );
    while ((await history.lastSummary('1min')) < minute) await new Promise(resolve => setTimeout(resolve, 10));
    const { rows } = await history.readSummaryRows({ ...everything, span: '1min' });
    const { shedRows } = history.figures().classes['1min'];
    expect(rows.map(({ windowStart }) => (windowStart - noon) / minuteMs)).toEqual(range(shedRows, minute - 1));
    expect(history.figures().uplinks).toEqual([{ id: 'platform', unsent: minute - shedRows, dropped: shedRows }]);
    await history.close();
    expect(askShell(join(folder, 'history.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('however it came to be full, is over when it has room again: what comes then is kept, behind all that is left', () => {
    fc.assert(
      fc.property(fc.array(fullness, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (times, rows) => {
        const folder = mountTinyDisk(4);
        const open = () => openTestFile(folder, { uplinks: [platform], sizeBytes: 8_000_000 });
        let file = open();
        let minute = 0;
        const write = () => {
          try {
            const frames = range(1, rows).map(index => rawFrame(minute + index, 500));
            file.write(nextBatch(), { frames, summaries: [minuteSummary(minute)] });
            minute += rows;
          } catch (error) {
            expect(codeOf(error)).toBe('SQLITE_FULL');
          }
        };
        for (const { before, blocksLeft, during, isReopened } of times) {
          for (const _ of range(1, before)) write();
          const freeDisk = fillDisk(folder, blocksLeft);
          for (const _ of range(1, during)) write();
          tidy(file);
          freeDisk();
          if (!isReopened) continue;
          file.close();
          file = open();
        }
        tidy(file);
        const last = minute;
        write();
        expect(minute).toBe(last + rows);
        file.close();
        expect(askShell(join(folder, 'history.db'), 'pragma integrity_check')).toBe('ok');
      }),
      { numRuns: Number(process.env.RUNS ?? 20) },
    );
  }, 120_000);

  test('at the start makes it wait, and costs a broken history that was set aside before it costs the living one', () => {
    const folder = mountTinyDisk(8);
    writeFileSync(join(folder, 'history.broken-2025-01-01T00-00-00.db'), Buffer.alloc(2_000_000));
    const file = openTestFile(folder, { sizeBytes: 12_000_000 });
    for (const index of range(0, 20)) file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [] });
    fillDisk(folder);
    for (const index of range(21, 140)) file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [] });
    expect(file.figures()?.classes.raw.shedRows).toBe(0);
    expect(readdirSync(folder).filter(name => name.includes('broken'))).toEqual([]);
  });
});

test.runIf(mayFreeze)(
  'a disk that hangs costs history and nothing else: it is noticed, bounded, and over when it is over',
  async () => {
    const folder = temporaryFolder();
    const image = join(temporaryFolder(), 'disk.img');
    execFileSync('truncate', ['-s', '32M', image]);
    execFileSync('mkfs.ext4', ['-q', image]);
    execFileSync('mount', ['-o', 'loop', image, folder]);
    onTestFinished(() => {
      execFileSync('umount', ['-l', folder]);
    });
    const history = openTestHistory(folder, { uplinks: [platform], limits: { hangMs: 200, waitingBytes: 50_000 } });
    history.append({ frames: [rawFrame(0)], summaries: [minuteSummary(0)] });
    while ((await history.lastSummary('1min').catch(() => 0)) < 1)
      await new Promise(resolve => setTimeout(resolve, 10));
    execFileSync('fsfreeze', ['-f', folder]);
    let longestMs = 0;
    try {
      for (const index of range(1, 100)) {
        const startMs = performance.now();
        history.append({ frames: [rawFrame(index)], summaries: [minuteSummary(index)] });
        longestMs = Math.max(longestMs, performance.now() - startMs);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      await waitUntil(
        () => history.figures().state === 'failing',
        () => 'the hang was not noticed',
      );
      expect(history.figures().waitingBytes).toBeLessThanOrEqual(50_000);
      expect(history.figures().lastFailure).toContain('has not answered');
      await expect(history.lastSummary('1min')).rejects.toMatchObject({ kind: 'storage' });
    } finally {
      execFileSync('fsfreeze', ['-u', folder]);
    }
    await waitUntil(
      () => history.figures().state === 'ok' && history.figures().waitingBytes === 0,
      () => JSON.stringify(history.figures()),
    );
    const rows = await history.readSummaries('platform', { span: '1min', after: 0, upTo: noEnd, limit: 1_000 });
    expect(rows.at(-1)?.record.windowStart).toBe(noon + 100 * minuteMs);
    expect(longestMs).toBeLessThan(100);
    await history.close();
  },
);
