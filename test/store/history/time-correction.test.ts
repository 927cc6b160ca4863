import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NumberedSummary } from '../../../src/model/outbox.ts';
import type { ClockDoubt } from '../../../src/model/time.ts';
import { correctionRows } from '../../../src/store/history/limits.ts';
import { unpackSummaries } from '../../../src/store/history/unpack-summaries.ts';
import { noEnd } from '../../../src/store/history/unsent.ts';
import { minuteMs, noon } from '../../history/samples.ts';
import { range, temporaryFolder } from '../sample-store.ts';
import { askShell } from '../shell.ts';
import { minuteSummary, openTestFile, openTestHistory, rawFrame, type TestFile } from './sample-history.ts';

/** The clock began a boot at noon of a day long ago, and was wrong by this. */
const wrongMs = 56 * 365 * 86_400_000;

const doubt: ClockDoubt = { bootId: 'this-boot', bootedAt: noon };
const fix = { bootId: 'this-boot', bootedAt: noon + wrongMs };
const uplinks = [
  { id: 'platform', span: '1min' },
  { id: 'scada', span: '15min' },
] as const;
const everything = { points: undefined, from: 0, to: 1e15, after: 0, limit: 10_000 };

function minutes(first: number, last: number, of?: ClockDoubt) {
  return {
    frames: range(first, last).map(index => ({ ...rawFrame(index, 3), doubt: of })),
    summaries: range(first, last).map(index => ({ ...minuteSummary(index), doubt: of })),
  };
}

function unsent(file: TestFile, uplink: 'platform' | 'scada' = 'platform'): readonly NumberedSummary[] {
  const span = uplink === 'platform' ? '1min' : '15min';
  return unpackSummaries(file.readSummaries(uplink, { span, after: 0, upTo: noEnd, limit: 1_000 }), span);
}

/** Times as minutes after noon of the day as it was, and how good they are. */
function told(rows: readonly NumberedSummary[], since = noon) {
  return rows.map(({ record }) => [(record.windowStart - since) / minuteMs, record.clock]);
}

function rawTimes(file: TestFile): number[] {
  return file.read(reading => reading.raw(everything)).samples.map(({ at }) => at);
}

function correct(file: TestFile): number {
  let steps = 0;
  while (file.correctTimes(fix) > 0) steps += 1;
  return steps;
}

describe('what was recorded before the clock was set', () => {
  test('is moved by as much as the clock was wrong, once, down to each raw value', () => {
    const file = openTestFile(temporaryFolder(), { uplinks });
    file.write('a', minutes(0, 4, doubt));
    const before = rawTimes(file);
    expect(told(unsent(file))).toEqual(range(0, 4).map(minute => [minute, 'unsynchronised']));
    correct(file);
    expect(told(unsent(file), noon + wrongMs)).toEqual(range(0, 4).map(minute => [minute, 'corrected']));
    expect(rawTimes(file)).toEqual(before.map(at => at + wrongMs));
    expect(file.correctTimes(fix)).toBe(0);
    expect(file.figures()?.classes.raw.oldestAt).toBe(Math.min(...before) + wrongMs);
    // The chunks that an export looks into have moved as well.
    const since = { ...everything, from: noon + wrongMs };
    expect(file.read(reading => reading.raw(since)).samples).toHaveLength(before.length);
    expect(file.read(reading => reading.rows({ ...since, span: '1min' })).rows).toHaveLength(5);
  });

  test('and sent keeps the times that it was sent with, though its raw values are right then', () => {
    const file = openTestFile(temporaryFolder(), { uplinks });
    file.write('a', minutes(0, 4, doubt));
    file.settle('platform', '1min', [1, 3]);
    correct(file);
    const rows = file.read(reading => reading.rows({ ...everything, span: '1min' })).rows;
    const isOld = rows.map(({ windowStart }) => windowStart < noon + wrongMs);
    expect(isOld).toEqual([true, false, true, false, false]);
    expect(told(unsent(file), noon + wrongMs)).toEqual([1, 3, 4].map(minute => [minute, 'corrected']));
    expect(Math.min(...rawTimes(file))).toBeGreaterThanOrEqual(noon + wrongMs);
  });

  test('by an earlier process of the same boot is moved too, by one of another boot never', () => {
    const folder = temporaryFolder();
    const first = openTestFile(folder, { uplinks });
    first.write('a', minutes(0, 1, { bootId: 'a-boot-before', bootedAt: noon - 1 }));
    first.write('b', minutes(2, 3, doubt));
    first.close();
    const file = openTestFile(folder, { uplinks });
    correct(file);
    file.write('c', minutes(4, 4));
    expect(told(unsent(file).slice(0, 2))).toEqual([
      [0, 'unsynchronised'],
      [1, 'unsynchronised'],
    ]);
    expect(told(unsent(file).slice(2, 4), noon + wrongMs)).toEqual([
      [2, 'corrected'],
      [3, 'corrected'],
    ]);
    expect(told(unsent(file).slice(4))).toEqual([[4, 'synchronised']]);
  });

  test('and is written only afterwards is put right on the way, under its own number', () => {
    const file = openTestFile(temporaryFolder(), { uplinks });
    correct(file);
    file.write('a', minutes(0, 1, doubt));
    expect(told(unsent(file), noon + wrongMs)).toEqual([
      [0, 'corrected'],
      [1, 'corrected'],
    ]);
    expect(Math.min(...rawTimes(file))).toBeGreaterThanOrEqual(noon + wrongMs);
    expect(file.correctTimes(fix)).toBe(0);
  });

  test('under a clock that was set by hand meanwhile is moved by what it was wrong at the time', () => {
    const file = openTestFile(temporaryFolder(), { uplinks });
    file.write('a', minutes(0, 1, { ...doubt, bootedAt: noon - 3_600_000 }));
    file.write('b', minutes(2, 3, doubt));
    correct(file);
    expect(told(unsent(file), noon + wrongMs)).toEqual([
      [60, 'corrected'],
      [61, 'corrected'],
      [2, 'corrected'],
      [3, 'corrected'],
    ]);
  });

  test('is corrected in steps, and what is written between them is not in the way', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder, { uplinks });
    const count = 2 * correctionRows + 1;
    file.write('a', { frames: [], summaries: minutes(0, count - 1, doubt).summaries });
    expect(file.correctTimes(fix)).toBe(correctionRows);
    file.write('b', { frames: [], summaries: minutes(count, count).summaries });
    correct(file);
    file.close();
    const clocks = "select clock, sum(last - first + 1) from clock_mark where class = '1min' group by clock";
    expect(askShell(join(folder, 'history.db'), clocks)).toBe(`corrected|${count}`);
    const old = `select count(*) from summary_1min where from_at < ${noon + wrongMs}`;
    expect(askShell(join(folder, 'history.db'), old)).toBe('1');
  });
});

describe('a quarter of an hour', () => {
  test.each(['that was closed', 'that is still open'])('%s before the clock was set is moved as it is', how => {
    const file = openTestFile(temporaryFolder(), { uplinks });
    const last = how === 'that was closed' ? 15 : 14;
    file.write('a', { frames: [], summaries: minutes(0, last, doubt).summaries });
    expect(unsent(file, 'scada')).toHaveLength(how === 'that was closed' ? 1 : 0);
    correct(file);
    const set = (wrongMs + 20 * minuteMs) / minuteMs;
    file.write('b', { frames: [], summaries: minutes(set, set + 20).summaries });
    const [quarter] = unsent(file, 'scada');
    expect(told(quarter ? [quarter] : [], noon + wrongMs)).toEqual([[0, 'corrected']]);
    expect(quarter?.record.points[0]?.count).toBe(15 * 60);
  });

  test('that is open over a restart is made of corrected minutes, or moved when they were not yet', () => {
    for (const isCorrectedBefore of [true, false]) {
      const folder = temporaryFolder();
      const first = openTestFile(folder, { uplinks });
      first.write('a', { frames: [], summaries: minutes(0, 9, doubt).summaries });
      if (isCorrectedBefore) correct(first);
      first.close();
      const file = openTestFile(folder, { uplinks });
      if (!isCorrectedBefore) correct(file);
      const set = wrongMs / minuteMs + 30;
      file.write('b', { frames: [], summaries: minutes(set, set + 16).summaries });
      expect(told(unsent(file, 'scada').slice(0, 1), noon + wrongMs)).toEqual([[0, 'corrected']]);
    }
  });
});

test('what waits in memory and what is in the file are corrected by one call, through the thread', async () => {
  const history = openTestHistory(temporaryFolder(), { uplinks, limits: { gatherMs: 50 } });
  history.append(minutes(0, 2, doubt));
  expect(await history.correctTimes(fix)).toBe(0);
  history.append(minutes(3, 3));
  const query = { span: '1min', after: 0, upTo: noEnd, limit: 10 } as const;
  await expect.poll(async () => (await history.readSummaries('platform', query)).length, { timeout: 10_000 }).toBe(4);
  const rows = await history.readSummaries('platform', query);
  expect(told(rows.slice(0, 3), noon + wrongMs)).toEqual([0, 1, 2].map(minute => [minute, 'corrected']));
  expect(told(rows.slice(3))).toEqual([[3, 'synchronised']]);
});
