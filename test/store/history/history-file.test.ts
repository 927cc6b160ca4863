import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRecorder } from '../../../src/history/recorder.ts';
import type { SummarySpan } from '../../../src/model/summary.ts';
import type { HistoryFile } from '../../../src/store/history/history-file.ts';
import { classShares } from '../../../src/store/history/limits.ts';
import { openHistoryReader } from '../../../src/store/history/reader.ts';
import { noEnd } from '../../../src/store/history/unsent.ts';
import { batch, good, keptIn, minuteMs, noon, point } from '../../history/samples.ts';
import { range, temporaryFolder } from '../sample-store.ts';
import { askShell } from '../shell.ts';
import { ampleBytes, minuteSummary, nextBatch, openTestFile, rawFrame, writeMinutes } from './sample-history.ts';

const always = { points: undefined, from: 0, to: 1e15 };
const everything = { ...always, after: 0, limit: 10_000 };

function unsentOf(file: HistoryFile, uplink = 'platform', span: SummarySpan = '1min'): number[] {
  return file.readSummaries(uplink, { span, after: 0, upTo: noEnd, limit: 1_000 }).rows.map(({ number }) => number);
}

function idsOf(file: HistoryFile, span: SummarySpan = '1min'): string[] {
  return file.readSummaries('platform', { span, after: 0, upTo: noEnd, limit: 1_000 }).rows.map(({ id }) => id);
}

const platform = { id: 'platform', span: '1min' } as const;

describe('raw history', () => {
  test('is read back as it was kept, after a restart too, by point and time', () => {
    const folder = temporaryFolder();
    const frames = range(0, 9).map(index => rawFrame(index));
    const file = openTestFile(folder);
    file.write(nextBatch(), { frames: frames.slice(0, 5), summaries: [] });
    file.write(nextBatch(), { frames: [...frames.slice(5), rawFrame(3, 10, 'pump')], summaries: [] });
    file.close();

    const again = openTestFile(folder);
    const { samples, next } = again.read(reading => reading.raw({ ...everything, points: ['meter/power'] }));
    expect(samples).toEqual(frames.flatMap(frame => keptIn(frame)));
    expect(next).toBeUndefined();
    const part = { points: undefined, from: noon + 3 * minuteMs, to: noon + 4 * minuteMs };
    const found = again.read(reading => reading.raw({ ...part, after: 0, limit: 100 })).samples;
    expect(Object.groupBy(found, sample => sample.point)).toMatchObject({
      'meter/power': { length: 60 },
      'pump/power': { length: 10 },
    });
  });

  test('is read a page at a time', () => {
    const file = openTestFile(temporaryFolder());
    for (const index of range(0, 24)) file.write(nextBatch(), { frames: [rawFrame(index, 3)], summaries: [] });
    const pages: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: { samples: readonly unknown[]; next: number | undefined } = file.read(reading =>
        reading.raw({ ...always, after: after ?? 0, limit: 10 }),
      );
      pages.push(page.samples.length);
      after = page.next;
    }
    expect(pages).toEqual([30, 30, 15]);
    expect(file.read(reading => reading.countRows('raw', noon, noon + 1e9))).toBe(25);
  });

  test('keeps points apart that changed their unit, and texts of bad values', () => {
    const file = openTestFile(temporaryFolder());
    const recorder = createRecorder();
    recorder.add(batch(0, [good(point(0), 5)]));
    recorder.add(batch(1_000, [{ ...good(point(0, { unit: 'W', scale: 1_000 }), 0), quality: 'refused' }]));
    const frames = recorder.flush().map(frame => ({ ...frame, device: 'meter' }));
    file.write(nextBatch(), { frames, summaries: [] });
    expect(file.read(reading => reading.raw(everything)).samples).toEqual([
      { point: 'meter/p0', unit: 'kW', at: noon, value: 5, quality: 'good' },
      { point: 'meter/p0', unit: 'W', at: noon + 1_000, value: undefined, quality: 'refused' },
    ]);
    expect(file.read(reading => reading.points())).toHaveLength(2);
  });

  test('is shown by another process that only reads, while it is written', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder);
    file.write(nextBatch(), { frames: [rawFrame(0)], summaries: [minuteSummary(0)] });
    const reader = openHistoryReader(folder);
    expect(reader.raw(everything).samples).toHaveLength(60);
    file.write(nextBatch(), { frames: [rawFrame(1, 60, 'pump')], summaries: [] });
    expect(reader.raw(everything).samples).toHaveLength(120);
    expect(reader.rows({ ...everything, span: '1min' }).rows).toMatchObject([
      { device: 'meter', point: 'meter/power', windowStart: noon, mean: 0 },
    ]);
    reader.close();
    expect(askShell(join(folder, 'history.db'), 'select count(*) from raw_frame; pragma integrity_check')).toBe(
      '2\nok',
    );
    expect(() => openHistoryReader(temporaryFolder())).toThrow('there is no history');
  });

  test('that is damaged in one frame is read without it', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder);
    for (const index of range(0, 2)) file.write(nextBatch(), { frames: [rawFrame(index)], summaries: [] });
    askShell(join(folder, 'history.db'), "update raw_frame set body = x'28b52ffd00' where number = 2");
    const { samples, damaged, scanned } = file.read(reading => reading.raw(everything));
    expect([samples.length, damaged, scanned]).toEqual([120, 1, 3]);
  });
});

describe('coarser windows', () => {
  test('are the same whether or not the gateway was restarted in between, however often', () => {
    const read = (file: HistoryFile, span: SummarySpan) =>
      file
        .read(reading => reading.rows({ ...everything, span }))
        .rows.map(({ windowStart, mean, count }) => [windowStart, mean, count]);
    const straight = openTestFile(temporaryFolder());
    writeMinutes(straight, 0, 3_000);
    const folder = temporaryFolder();
    for (let minute = 0; minute <= 3_000; minute += 97) {
      const file = openTestFile(folder);
      writeMinutes(file, minute, Math.min(3_000, minute + 96));
      file.close();
    }
    const restarted = openTestFile(folder);
    expect(read(restarted, '15min')).toEqual(read(straight, '15min'));
    expect(read(restarted, '15min')).toHaveLength(200);
    expect(read(restarted, '1day')).toEqual(read(straight, '1day'));
    expect(read(restarted, '1day').length).toBeGreaterThanOrEqual(2);
  });

  test('hold each minute of every device once, in whatever order they come', () => {
    const folder = temporaryFolder();
    for (const start of [0, 40, 80]) {
      const file = openTestFile(folder);
      for (let minute = start; minute < start + 40; minute += 1) {
        for (const device of ['a', 'b', 'c'])
          if (device !== 'b' || minute % 7 === 0) writeMinutes(file, minute, minute, device);
      }
      file.close();
    }
    const file = openTestFile(folder);
    const quarters = file.read(reading => reading.rows({ ...everything, span: '15min' })).rows;
    const minutesOf = (device: string) =>
      quarters
        .filter(row => row.device === device)
        .map(({ windowStart, count }) => [(windowStart - noon) / minuteMs, count / 60]);
    expect(minutesOf('a')).toEqual(range(0, 6).map(quarter => [quarter * 15, 15]));
    expect(minutesOf('b')).toEqual(
      range(0, 6).map(quarter => [
        quarter * 15,
        range(0, 119).filter(minute => minute % 7 === 0 && Math.floor(minute / 15) === quarter).length,
      ]),
    );
  });
});

describe('an uplink', () => {
  test('that is new begins behind the newest, and another has a place of its own', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder, { uplinks: [platform] });
    writeMinutes(file, 0, 2);
    file.useUplinks([platform, { id: 'twin', span: '1min' }]);
    writeMinutes(file, 3, 4);
    expect(unsentOf(file)).toEqual([1, 2, 3, 4, 5]);
    expect(unsentOf(file, 'twin')).toEqual([4, 5]);
    file.settle('platform', '1min', [1, 2, 4]);
    expect(unsentOf(file)).toEqual([3, 5]);
    expect(unsentOf(file, 'twin')).toEqual([4, 5]);
    file.close();
    const again = openTestFile(folder, { uplinks: [platform, { id: 'twin', span: '1min' }] });
    expect(unsentOf(again)).toEqual([3, 5]);
    expect(unsentOf(again, 'twin')).toEqual([4, 5]);
  });

  test('that left the site is forgotten, and begins anew when it comes back', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder, { uplinks: [platform] });
    writeMinutes(file, 0, 2);
    file.useUplinks([]);
    expect(unsentOf(file)).toEqual([]);
    file.useUplinks([platform]);
    writeMinutes(file, 3, 3);
    expect(unsentOf(file)).toEqual([4]);
  });

  test('that sends another span now begins behind the newest of that', () => {
    const file = openTestFile(temporaryFolder(), { uplinks: [platform] });
    writeMinutes(file, 0, 20);
    file.useUplinks([{ id: 'platform', span: '15min' }]);
    writeMinutes(file, 21, 60);
    expect(unsentOf(file, 'platform', '15min')).toEqual([2, 3, 4]);
    expect(unsentOf(file)).toEqual([]);
  });

  test('reads by number, up to a number, and no more than it asked for', () => {
    const file = openTestFile(temporaryFolder(), { uplinks: [platform] });
    writeMinutes(file, 0, 19);
    file.settle('platform', '1min', [5, 6, 12]);
    const read = (after: number, upTo: number, limit: number) =>
      file.readSummaries('platform', { span: '1min', after, upTo, limit }).rows.map(({ number }) => number);
    expect(read(3, 14, 100)).toEqual([4, 7, 8, 9, 10, 11, 13, 14]);
    expect(read(0, noEnd, 5)).toEqual([1, 2, 3, 4, 7]);
    expect(file.lastSummary('1min')).toBe(20);
    expect(file.lastSummary('1day')).toBe(0);
  });

  test('gets the same id for a summary however often it reads it, and no id twice', () => {
    const folder = temporaryFolder();
    const first = openTestFile(folder, { uplinks: [platform] });
    writeMinutes(first, 0, 2);
    const ids = idsOf(first);
    first.close();
    const second = openTestFile(folder, { uplinks: [platform] });
    expect(idsOf(second)).toEqual(ids);
    writeMinutes(second, 3, 4);
    expect(idsOf(second).slice(0, 3)).toEqual(ids);
    expect(new Set(idsOf(second)).size).toBe(5);
    expect(ids[0]).toMatch(/^[a-z2-9]{12}-[a-z2-9]{6}-1min-1$/);
  });

  test('never gets an id again that a power cut took back and another summary had', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder, { uplinks: [platform] });
    writeMinutes(file, 0, 2);
    const sent = idsOf(file);
    // What had not reached the disk yet is gone, numbers and all.
    file.close();
    askShell(
      join(folder, 'history.db'),
      'delete from summary_1min where number > 1; update chunk set last = 1; delete from unsent; insert into unsent values ("platform", 2, 9007199254740991)',
    );
    const again = openTestFile(folder, { uplinks: [platform] });
    writeMinutes(again, 10, 11);
    const ids = idsOf(again);
    expect(ids).toHaveLength(2);
    expect(ids.filter(id => sent.includes(id))).toEqual([]);
  });

  test('has the summaries that retention removes counted as dropped', () => {
    // Of which minutes may take 300 kB: far less than what is written here.
    const sizeBytes = 300_000 / classShares['1min'];
    const file = openTestFile(temporaryFolder(), { uplinks: [platform], sizeBytes });
    writeMinutes(file, 0, 50);
    file.settle('platform', '1min', range(1, 10));
    for (let index = 51; index < 8_000; index += 100) {
      writeBatch(file, range(index, index + 99));
      file.tidy();
    }
    const [figures] = file.figures()?.uplinks ?? [];
    const [oldest = 0] = unsentOf(file);
    expect(oldest).toBeGreaterThan(1_000);
    expect(figures?.dropped).toBe(oldest - 1 - 10);
    expect(figures?.unsent).toBe(file.lastSummary('1min') - oldest + 1);
  });
});

function writeBatch(file: ReturnType<typeof openTestFile>, minutes: readonly number[]): void {
  file.write(nextBatch(), { frames: [], summaries: minutes.map(index => minuteSummary(index)) });
}

describe('retention', () => {
  test('keeps each class within its share by removing its oldest, and the file within its size', () => {
    const folder = temporaryFolder();
    const sizeBytes = 2_000_000;
    const file = openTestFile(folder, { sizeBytes });
    for (const index of range(0, 599)) {
      file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [minuteSummary(index)] });
      file.tidy();
    }
    const figures = file.figures();
    expect(figures?.classes.raw.bytes).toBeGreaterThan(sizeBytes * 0.4);
    expect(figures?.classes.raw.bytes).toBeLessThanOrEqual(sizeBytes * 0.5);
    expect(figures?.classes.raw.shedRows).toBe(0);
    expect(figures?.classes['1min'].oldestAt).toBe(noon);
    const { samples } = file.read(reading => reading.raw(everything));
    expect(samples.at(-1)?.at).toBe(noon + 599 * minuteMs + 59_940);
    expect(figures?.classes.raw.oldestAt).toBe(samples[0]?.at);
    file.close();
    expect(
      Number(
        askShell(join(folder, 'history.db'), 'select page_count * page_size from pragma_page_count, pragma_page_size'),
      ),
    ).toBeLessThanOrEqual(sizeBytes);
  });

  test('does not care what the clock says: a jump removes nothing', () => {
    const file = openTestFile(temporaryFolder());
    const years = 10 * 365 * 24 * 60;
    writeMinutes(file, 0, 5);
    writeMinutes(file, years, years + 5);
    writeMinutes(file, 6, 9);
    file.tidy();
    expect(file.read(reading => reading.rows({ ...everything, span: '1min' })).rows).toHaveLength(16);
    const inFuture = { points: undefined, from: noon + years * minuteMs, to: 1e15, after: 0, limit: 100 };
    expect(file.read(reading => reading.rows({ ...inFuture, span: '1min' })).rows).toHaveLength(6);
  });

  test('sheds the oldest raw values first when the file is full', () => {
    const file = openTestFile(temporaryFolder(), { sizeBytes: 2_000_000 });
    // Without a tidy in between the file fills to its very end.
    for (const index of range(0, 399))
      file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [minuteSummary(index)] });
    const { classes } = file.figures() ?? {};
    expect(classes?.raw.shedRows).toBeGreaterThan(0);
    expect(classes?.['1min'].shedRows).toBe(0);
    expect(file.read(reading => reading.rows({ ...everything, span: '1min' })).rows).toHaveLength(400);
    expect(file.read(reading => reading.raw(everything)).samples.at(-1)?.at).toBe(noon + 399 * minuteMs + 59_940);
  });

  test('gives space back when the store is made smaller, or when others need it', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder);
    for (const index of range(0, 299)) file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [] });
    const before = file.figures()?.sizeBytes ?? 0;
    expect(file.makeRoom(400_000)).toBeGreaterThanOrEqual(400_000);
    expect(file.figures()?.classes.raw.shedRows).toBeGreaterThan(0);
    file.resize(1_000_000);
    for (const _ of range(1, 30)) file.tidy();
    file.close();
    const pages = askShell(
      join(folder, 'history.db'),
      'select page_count * page_size from pragma_page_count, pragma_page_size',
    );
    expect(before).toBeGreaterThan(2_000_000);
    expect(Number(pages)).toBeLessThanOrEqual(1_000_000);
    expect(askShell(join(folder, 'history.db'), 'pragma integrity_check')).toBe('ok');
  });
});

describe('a history that is', () => {
  test.each<[string, (path: string) => void]>([
    ['no database at all', path => writeFileSync(path, 'x'.repeat(10_000))],
    ['zeroed in its middle', path => writeFileSync(path, Buffer.alloc(80_000), { flag: 'r+' })],
    ['cut short', path => truncateSync(path, 8_192 * 3)],
  ])('%s is set aside and begun anew', (_name, damage) => {
    const folder = temporaryFolder();
    const first = openTestFile(folder, { uplinks: [platform] });
    for (const index of range(0, 99))
      first.write(nextBatch(), { frames: [rawFrame(index)], summaries: [minuteSummary(index)] });
    first.close();
    damage(join(folder, 'history.db'));
    const file = openTestFile(folder, { uplinks: [platform] });
    for (const index of range(100, 120))
      file.write(nextBatch(), { frames: [rawFrame(index)], summaries: [minuteSummary(index)] });
    expect(file.figures()?.setAside).toBe(join(folder, 'history.broken-2026-01-01T12-00-00.db'));
    expect(existsSync(file.figures()?.setAside ?? '')).toBe(true);
    expect(unsentOf(file).length).toBeGreaterThanOrEqual(20);
    file.close();
    expect(askShell(join(folder, 'history.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('broken while it is in use goes on with higher numbers, for those who read by number', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder, { uplinks: [platform] });
    writeMinutes(file, 0, 20);
    for (const index of range(0, 299)) file.write(nextBatch(), { frames: [rawFrame(index, 1_000)], summaries: [] });
    const path = join(folder, 'history.db');
    askShell(path, 'pragma wal_checkpoint(truncate)');
    writeFileSync(path, Buffer.alloc(statSync(path).size - 8_192, 7), { flag: 'r+', flush: true });
    expect(file.read(reading => reading.raw(everything)).samples).toEqual([]);
    writeMinutes(file, 21, 25);
    expect(file.figures()?.setAside).toBeDefined();
    expect(unsentOf(file).at(-1)).toBeGreaterThan(21);
    expect(readdirSync(folder).filter(name => /^history\.broken.*\.db$/.test(name))).toHaveLength(1);
  });

  test('of a newer plantroom is left alone, with a word', () => {
    const folder = temporaryFolder();
    openTestFile(folder).close();
    askShell(join(folder, 'history.db'), 'pragma user_version = 99');
    expect(() => openTestFile(folder)).toThrow('newer plantroom');
  });
});

test('a batch that is handed in twice is stored once', () => {
  const file = openTestFile(temporaryFolder(), { sizeBytes: ampleBytes });
  const name = nextBatch();
  const work = { frames: [rawFrame(0)], summaries: [minuteSummary(0)] };
  file.write(name, work);
  file.write(name, work);
  expect(file.read(reading => reading.raw(everything)).scanned).toBe(1);
  expect(file.lastSummary('1min')).toBe(1);
});
