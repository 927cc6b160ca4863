import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import { bad, batch, good, minuteMs, noon, point } from '../history/samples.ts';
import { ampleBytes, counted, nextBatch, TestFile } from '../store/history/sample-history.ts';
import { makeFolder, remove, root, runCli, startCli } from './terminal.ts';

const power = point(0, { key: 'meter/power', unit: 'kW', scale: Math.PI });
const energy = point(1, { key: 'meter/energy', unit: 'kWh', scale: 1 });
const level = point(2, { key: 'tank/level', unit: 'm', device: 1, scale: Math.PI });

let folder: string;

/** Values that say when they are of: minute and sample, each with digits that a float would lose. */
function valueAt(minute: number, second: number): number {
  return minute + second / 60 + 1e-9;
}

function fill(minutes: number, samples: number): void {
  const file = new TestFile({ folder, openedAt: noon, sizeBytes: ampleBytes, uplinks: [] });
  const recorder = createRecorder();
  const keep = (frames: readonly (ReturnType<typeof recorder.add> & object)[]) =>
    file.write(nextBatch(), {
      frames: frames.map(frame => ({ ...frame, device: frame.device === 0 ? 'meter' : 'tank' })),
      summaries: [],
    });
  for (let minute = 0; minute < minutes; minute += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      const atMs = minute * minuteMs + Math.floor((sample * minuteMs) / samples);
      const isLost = minute === 2 && sample === 0;
      const value = valueAt(minute, (sample * 60) / samples);
      const first = recorder.add(batch(atMs, [isLost ? bad(power) : good(power, value), good(energy, minute)]));
      const second = recorder.add(batch(atMs, [good(level, -value)], { device: 1 }));
      keep([first, second].filter(frame => frame !== undefined));
    }
    const windowStart = noon + minute * minuteMs;
    const window = { device: 'meter', windowStart, windowEnd: windowStart + minuteMs };
    const points = [counted(minute), counted(2 * minute, { point: 'meter/energy', unit: 'kWh', delta: 3, resets: 1 })];
    file.write(nextBatch(), { frames: [], summaries: [{ ...window, points }] });
  }
  keep(recorder.flush());
  file.close();
}

beforeAll(() => {
  folder = makeFolder('export');
  fill(40, 6);
});

afterAll(() => remove(folder));

const cli = (...args: string[]) =>
  runCli(['export', '--data', '.', ...args], { cwd: folder, env: { PLANTROOM_SOCKET: 'nothing' } });

async function rowsOf(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await cli('--format', 'jsonl', ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line));
}

/** A Parquet file as the Rust library of Apache Arrow reads it. */
function readTable(name: string) {
  const table = tableFromIPC(readParquet(readFileSync(join(folder, name))).intoIPCStream());
  return {
    types: table.schema.fields.map(field => [field.name, String(field.type)]),
    count: table.numRows,
    rows: () => table.toArray().map(row => row.toJSON() as Record<string, unknown>),
  };
}

const rfc3339 = (afterMs: number) => new Date(noon + afterMs).toISOString();

describe('an export of raw values', () => {
  test('has what was kept, of the points and the time that were asked for', async () => {
    const from = rfc3339(2 * minuteMs);
    const rows = await rowsOf(
      '--span',
      'raw',
      '--points',
      'meter/power',
      '--from',
      from,
      '--to',
      rfc3339(3 * minuteMs),
    );
    expect(rows).toEqual(
      [0, 10, 20, 30, 40, 50].map(second => ({
        point: 'meter/power',
        unit: 'kW',
        time: rfc3339(2 * minuteMs + second * 1_000),
        value: second === 0 ? null : valueAt(2, second),
        quality: second === 0 ? 'timeout' : 'good',
      })),
    );
    const device = await rowsOf('--span', 'raw', '--points', 'tank');
    expect(device).toHaveLength(40 * 6);
    expect(device.every(({ point: key, value }) => key === 'tank/level' && Number(value) <= 0)).toBe(true);
  });

  test('says the same as CSV, with local times where they are asked for', async () => {
    const args = ['--span', 'raw', '--points', 'tank/level', '--to', rfc3339(minuteMs)];
    const { out } = await cli(...args);
    const lines = out.split('\r\n');
    expect(lines[0]).toBe('point,unit,time,value,quality');
    expect(lines[2]).toBe(`tank/level,m,${rfc3339(10_000)},${-valueAt(0, 10)},good`);
    expect(lines).toHaveLength(8);
    const env = { PLANTROOM_SOCKET: 'nothing', TZ: 'Asia/Shanghai' };
    const local = await runCli(['export', '--data', '.', ...args, '--local'], { cwd: folder, env });
    expect(local.out.split('\r\n')[2]).toBe(`tank/level,m,2026-01-01T20:00:10.000+08:00,${-valueAt(0, 10)},good`);
  });

  test('is a Parquet file that Apache Arrow reads: every value, every null and every time', async () => {
    const done = await cli('--span', 'raw', '--out', 'raw.parquet');
    expect(done).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\d+ rows in raw\.parquet\n$/) });
    const rows = await rowsOf('--span', 'raw');
    const { types, rows: read } = readTable('raw.parquet');
    expect(read()).toEqual(rows.map(row => ({ ...row, time: Date.parse(String(row.time)) })));
    expect(types).toEqual([
      ['point', 'Utf8'],
      ['unit', 'Utf8'],
      ['time', 'Timestamp<MILLISECOND, UTC>'],
      ['value', 'Float64'],
      ['quality', 'Utf8'],
    ]);
  });
});

describe('an export of summaries', () => {
  test('has the windows as rows', async () => {
    const rows = await rowsOf('--span', '1min', '--points', '*/energy');
    expect(rows).toHaveLength(40);
    expect(rows[7]).toEqual({
      point: 'meter/energy',
      unit: 'kWh',
      from: rfc3339(7 * minuteMs),
      to: rfc3339(8 * minuteMs),
      count: 60,
      min: 14,
      max: 14,
      mean: 14,
      last: 14,
      good_share: 1,
      delta: 3,
      resets: 1,
    });
    // 15 minutes is what is exported unless another span is asked for.
    expect((await rowsOf('--points', 'meter/energy')).map(({ count, delta }) => [count, delta])).toEqual([
      [900, 45],
      [900, 45],
    ]);
  });

  test('says the same as a Parquet file', async () => {
    await cli('--span', '1min', '--out', 'minutes.parquet');
    const { types, rows } = readTable('minutes.parquet');
    const times = ({ from, to, ...row }: Record<string, unknown>) => ({
      ...row,
      from: +new Date(`${from}`),
      to: +new Date(`${to}`),
    });
    expect(rows().map(row => ({ ...row }))).toEqual((await rowsOf('--span', '1min')).map(times));
    expect(rows().filter(({ delta }) => delta === null)).toHaveLength(40);
    expect(types).toContainEqual(['count', 'Int32']);
  });

  test('of a time in which there was nothing has only its head, and Parquet, which has none, is not made', async () => {
    expect((await cli('--from', '2020-01-01', '--to', '2020-01-02')).out).toBe(
      'point,unit,from,to,count,min,max,mean,last,good_share,delta,resets\r\n',
    );
    const nothing = await cli('--from', '2020-01-01', '--to', '2020-01-02', '--out', 'empty.parquet');
    expect(nothing.code).toBe(exitCodes['not-found']);
    expect(nothing.err).toContain('nothing of these points in that time');
    expect(readdirSync(folder).filter(name => name.startsWith('empty'))).toEqual([]);
  });
});

describe('an export', () => {
  test('never writes over a file, and leaves nothing behind when it fails', async () => {
    writeFileSync(join(folder, 'mine.csv'), 'mine');
    const taken = await cli('--out', 'mine.csv');
    expect(taken.code).toBe(exitCodes.usage);
    expect(readFileSync(join(folder, 'mine.csv'), 'utf8')).toBe('mine');
    expect((await cli('--out', 'nowhere/x.csv')).code).toBe(exitCodes.storage);
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([]);
    const told = await cli('--out', 'told.csv', '--json');
    expect(JSON.parse(told.out)).toEqual({ file: 'told.csv', rows: expect.any(Number), damaged: 0 });
    expect(existsSync(join(folder, 'told.csv'))).toBe(true);
  });

  test.each([
    ['a point that is not there', ['--points', 'pump'], exitCodes['not-found'], 'no point in the history matches'],
    ['a time that is none', ['--from', 'monday'], exitCodes.usage, 'which is no time'],
    ['an end before its beginning', ['--from', '1d', '--to', '2d'], exitCodes.usage, '--from is not before --to'],
    ['Parquet on a terminal', ['--format', 'parquet'], exitCodes.usage, 'to a file only'],
    ['local times in Parquet', ['--local', '--out', 'x.parquet'], exitCodes.usage, '--local has no meaning'],
    ['a span that is none', ['--span', '1h'], exitCodes.usage, 'give one of raw, 1min, 15min, 1day'],
  ])('of %s is refused in words', async (_what, args, code, text) => {
    const end = await cli(...args);
    expect(end.code).toBe(code);
    expect(end.err).toContain(text);
    expect(end.out).toBe('');
  });

  test('without a history, or a daemon to ask, says so', async () => {
    const empty = makeFolder('empty');
    const env = { PLANTROOM_SOCKET: 'nothing' };
    expect((await runCli(['export', '--data', '.'], { cwd: empty, env })).code).toBe(exitCodes['not-found']);
    expect((await runCli(['export'], { cwd: empty, env })).code).toBe(exitCodes['not-running']);
    remove(empty);
  });

  test('that nobody reads any more ends without a word', async () => {
    const run = startCli(['export', '--data', '.', '--span', 'raw'], { cwd: folder });
    run.child.stdout?.destroy();
    const { code, err } = await run.end;
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('of many values needs little memory', async () => {
    fill(1_200, 300);
    const node = join(root, 'node_modules/.bin/node');
    const env = { PLANTROOM_SOCKET: 'nothing', NODE_OPTIONS: '--max-old-space-size=60' };
    const args = ['export', '--data', '.', '--span', 'raw', '--out', 'many.parquet', '--json'];
    const { code, out, err } = await runCli(args, { cwd: folder, env, node });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { rows } = JSON.parse(out);
    expect(rows).toBeGreaterThan(700_000);
    expect(readTable('many.parquet').count).toBe(rows);
  }, 120_000);
});
