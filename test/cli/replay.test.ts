import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { noon } from '../history/samples.ts';
import { logAlarms, recordLives, writeSite } from '../replay/recorded-plant.ts';
import { exampleOf } from './examples.ts';
import { makeFolder, remove, runCli } from './terminal.ts';

/*
 * An hour of a pump and a tank. The pressure falls below 2 bar for 30 s in each tenth minute and for 5 s in each fifth; the
 * tank does not answer from minute 20 to 22; the gateway was off from minute 40 to 50.
 */

const minutes = (count: number) => count * 60;
let folder: string;
/** It stays open: the command line reads beside it. */
let store: Store;

const isOff = (second: number) => second >= minutes(40) && second < minutes(50);

function pressureAt(second: number): number | undefined {
  if (isOff(second)) return undefined;
  const inTen = second % minutes(10);
  if (inTen >= 60 && inTen < 90) return 1.5;
  return inTen >= minutes(6) && inTen < minutes(6) + 5 ? 1.9 : 3;
}

function levelAt(second: number): number | null | undefined {
  if (isOff(second)) return undefined;
  return second >= minutes(20) && second < minutes(22) ? null : 1.2;
}

const low = (parts: string) => `  - { id: low, point: pump/pressure, low: 2 bar, deadband: 0.1 bar, ${parts} }\n`;

beforeAll(async () => {
  folder = makeFolder('replay');
  const site = writeSite(folder, 'old.yaml', { alarms: low('on-delay: 0s') });
  recordLives(folder, site, minutes(60), { 'pump/pressure': pressureAt, 'tank/level': levelAt });
  // What the old file, without a delay, made of it; and an alarm that no file has any more.
  const came = [0, 1, 2, 3, 5].flatMap(ten => [
    ['pump/low', minutes(10 * ten) + 60, minutes(10 * ten) + 90] as const,
    ['pump/low', minutes(10 * ten + 6), minutes(10 * ten + 6) + 5] as const,
  ]);
  store = await logAlarms(folder, [
    ...came,
    ['pump/forgotten', 100, 200],
    ['tank/communication', minutes(20) + 10, minutes(22)],
  ]);
});

afterAll(async () => {
  await store.close();
  remove(folder);
});

const hour = ['--since', new Date(noon).toISOString(), '--until', new Date(noon + 3_600_000).toISOString()];
const cli = (...args: string[]) => runCli(['replay', ...args], { cwd: folder, env: { PLANTROOM_SOCKET: 'nothing' } });
const history = (site: string, ...args: string[]) => cli('--site', site, '--data', '.', ...hour, ...args);

interface Row {
  alarm: string;
  difference: string;
  doubt: string | null;
  knownShare: number | null;
  would: {
    count: number;
    hidden: number;
    totalMs: number;
    longestMs: number;
    firstAt: number | null;
    lastAt: number | null;
  };
  came: { count: number; totalMs: number } | null;
}

async function rowsOf(site: string, ...args: string[]) {
  const { code, out, err } = await history(site, '--json', ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const document = JSON.parse(out);
  return { document, row: (alarm: string) => document.alarms.find((one: Row) => one.alarm === alarm) as Row };
}

describe('a replay of the history', () => {
  test('with the alarms as they were says what came, to the second', async () => {
    const { document, row } = await rowsOf('old.yaml', '--each');
    expect(row('pump/low')).toMatchObject({
      difference: 'same',
      would: { count: 10, totalMs: 5 * 35_000, longestMs: 30_000, firstAt: noon + 60_000 },
      came: { count: 10, totalMs: 5 * 35_000 },
    });
    expect(row('tank/communication')).toMatchObject({
      difference: 'same',
      would: { count: 1, totalMs: 110_000, firstAt: noon + (minutes(20) + 10) * 1_000 },
    });
    expect(row('pump/forgotten')).toMatchObject({ difference: 'gone', would: { count: 0 }, came: { count: 1 } });
    const { occurrences } = document;
    const lows = (which: string) =>
      occurrences
        .filter((one: { which: string; alarm: string }) => one.which === which && one.alarm === 'pump/low')
        .map(({ from, to }: { from: number; to: number }) => [from, to]);
    expect(lows('would')).toEqual(lows('came'));
  });

  test('has the document that docs/cli.md shows', async () => {
    const { document } = await rowsOf('old.yaml', '--each');
    const example = exampleOf('replay');
    expect(Object.keys(document)).toEqual(Object.keys(example));
    expect(Object.keys(document.alarms[0])).toEqual(Object.keys(example.alarms[0]));
    expect(Object.keys(document.alarms[0].would)).toEqual(Object.keys(example.alarms[0].would));
    expect(Object.keys(document.occurrences[0])).toEqual(Object.keys(example.occurrences[0]));
  });

  test('with a longer delay says how many fewer would have come', async () => {
    writeSite(folder, 'delayed.yaml', { alarms: low('on-delay: 15s') });
    const { row } = await rowsOf('delayed.yaml');
    expect(row('pump/low')).toMatchObject({
      difference: 'fewer',
      would: { count: 5, totalMs: 5 * 15_000, firstAt: noon + 75_000 },
      came: { count: 10 },
    });
  });

  test('says what it cannot tell: a point that is not recorded, and the time in which nobody ran', async () => {
    writeSite(folder, 'more.yaml', {
      alarms: `${low('on-delay: 0s')}  - { id: dry, point: pump/flow, low: 1 m3/h }\n`,
    });
    const { document, row } = await rowsOf('more.yaml');
    expect(row('pump/dry')).toMatchObject({ difference: 'untold', doubt: 'not-recorded' });
    // What was kept last, at 12:36:05, stands for five minutes and a sample; it is known again when the gateway is back.
    expect(row('pump/low').knownShare).toBeCloseTo((41 * 60 + 7 + 600) / 3_600, 4);
    expect(document.notes.join('\n')).toContain('their points were never recorded: pump/dry');
    const earlier = ['--since', new Date(noon - 3_600_000).toISOString()];
    const before = await cli('--site', 'more.yaml', '--data', '.', ...earlier, '--until', hour[3] as string);
    expect(before.out).toContain('The record begins at 2026-01-01 12:00:00');
  });

  test('is a table, a picture of the time and, where asked for, a list', async () => {
    writeSite(folder, 'delayed.yaml', { alarms: low('on-delay: 15s') });
    const { out } = await history('delayed.yaml', '--each', '--alarm', 'low');
    expect(out).toMatchSnapshot();
  });

  test('works out expressions and suppressions anew, and counts what they hide apart', async () => {
    const alarms = `${low('on-delay: 0s, suppressed-by: [tank-silent]')}  - id: empty
    device: pump
    message: The tank empties while the pump sucks
    inputs: { p: pump/pressure, level: tank/level, lost: { alarm: tank/communication } }
    expression: p < 2.0 && level < 1.5 && !lost
suppressions:
  - { id: tank-silent, name: Tank silent, inputs: { lost: { alarm: tank/communication } }, expression: lost }
`;
    writeSite(folder, 'hiding.yaml', { alarms });
    const { document, row } = await rowsOf('hiding.yaml', '--each');
    // The tank is silent from 20:10 to 22:00: what came at 21:00 is hidden.
    expect(row('pump/low')).toMatchObject({ difference: 'fewer', would: { count: 9, hidden: 1 }, came: { hidden: 0 } });
    expect(document.would).toMatchObject({ hidden: 1 });
    expect(row('pump/empty')).toMatchObject({ difference: 'new', doubt: null, would: { count: 9, hidden: 0 } });
    const { out } = await history('hiding.yaml', '--alarm', 'low');
    expect(out).toMatch(/HIDDEN.*\n.*fewer +pump\/low .* 1, was 0 /);
    // With one alarm asked for, what it is made of is judged too, and not shown.
    const one = await rowsOf('hiding.yaml', '--alarm', 'low');
    expect(one.document.alarms.map(({ alarm }: Row) => alarm)).toEqual(['pump/low']);
    expect(one.row('pump/low').would).toEqual(row('pump/low').would);
  });

  test('says which alarms the record is too short for', async () => {
    const band = '  - { id: unusual, point: pump/pressure, band: { factor: 4, min-change: 1 bar } }\n';
    writeSite(folder, 'long.yaml', { alarms: band });
    const { code, out, err } = await history('long.yaml', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out).notes.join('\n')).toContain(
      'too late for what these remember, so they may come otherwise: pump/unusual',
    );
  });

  test('takes only the alarms that are meant', async () => {
    const { document } = await rowsOf('old.yaml', '--device', 'tank');
    expect(document.alarms.map(({ alarm }: Row) => alarm)).toEqual(['tank/communication']);
    const none = await history('old.yaml', '--alarm', 'nothing');
    expect(none.code).toBe(exitCodes['not-found']);
    expect(none.err).toContain('no alarm of the site file matches');
  });

  test.each([
    ['without a site file', ['--data', '.'], exitCodes.usage, '--site'],
    ['of a time that is none', ['--site', 'old.yaml', '--since', 'monday'], exitCodes.usage, 'which is no time'],
    ['of nothing', ['--site', 'old.yaml', '--data', 'nowhere'], exitCodes['not-found'], 'there is no history'],
    ['backwards', ['--site', 'old.yaml', '--since', '1d', '--until', '2d'], exitCodes.usage, 'not before --until'],
  ])('%s is refused in words', async (_what, args, code, text) => {
    const end = await cli(...args);
    expect(end.code).toBe(code);
    expect(end.err).toContain(text);
  });

  test('with a wrong site file says what is wrong, and where', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), readFileSync(join(folder, 'old.yaml'), 'utf8').replace('2 bar', '2 °C'));
    const end = await history('wrong.yaml');
    expect(end.code).toBe(exitCodes.site);
    expect(end.err).toMatch(/wrong\.yaml:\d+:\d+: .*temperature/);
  });
});

describe('a replay of a CSV', () => {
  const csv = (name: string, ...args: string[]) => cli('--site', 'old.yaml', '--csv', name, '--json', ...args);

  test('that plantroom export wrote says the same as the history', async () => {
    const { out } = await runCli(['export', '--span', 'raw', '--data', '.', '--out', 'raw.csv'], {
      cwd: folder,
      env: { PLANTROOM_SOCKET: 'nothing' },
    });
    expect(out).toContain('rows in raw.csv');
    const { code, out: document } = await csv('raw.csv', ...hour, '--data', '.');
    expect(code).toBe(0);
    const ofHistory = (await rowsOf('old.yaml')).document;
    expect(JSON.parse(document).alarms).toEqual(ofHistory.alarms);
  });

  test('with a column for each point, units in the head and the times of this machine', async () => {
    const rows = Array.from({ length: 120 }, (_, second) => {
      const time = new Date(noon + second * 1_000).toISOString().slice(0, 19).replace('T', ' ');
      return `${time},${second >= 60 && second < 70 ? 150 : 300},`;
    });
    writeFileSync(join(folder, 'wide.csv'), `\ufefftime,pump/pressure [kPa],tank/level\r\n${rows.join('\r\n')}\r\n`);
    const { out, err } = await csv('wide.csv');
    expect(err).toBe('');
    const [row] = JSON.parse(out).alarms as Row[];
    expect(row).toMatchObject({ alarm: 'pump/low', difference: 'new', came: null });
    expect(row?.would).toMatchObject({ count: 1, firstAt: noon + 60_000, totalMs: 10_000 });
  });

  test('that has nothing of the site says so, and what was meant', async () => {
    writeFileSync(join(folder, 'else.csv'), 'time,pump/presure\n2026-01-01T12:00Z,3\n');
    const end = await csv('else.csv');
    expect(end.code).toBe(exitCodes['not-found']);
    expect(JSON.parse(end.err).error).toMatchObject({
      message: 'else.csv has no value of a point that the alarms look at: "pump/presure" is none',
      hint: 'did you mean pump/pressure?',
    });
    const none = await csv('raw.csv', '--since', '2031-01-01', '--until', '2031-01-02');
    expect(JSON.parse(none.err).error.hint).toContain('--since');
  });

  test.each([
    ['a time', 'point,time,value\npump/pressure,yesterday,1\n', '2:15: "yesterday" is no time'],
    ['a number', 'point,time,value\npump/pressure,2026-01-01T12:00:00Z,"1,5"\n', '2:36: "1,5" is no number'],
    [
      'a quality',
      'point,time,value,quality\npump/pressure,2026-01-01T12:00Z,,broken\n',
      '2:34: "broken" is no quality',
    ],
    ['a quoted field', 'point,time,value\n"pump/pressure,2026-01-01T12:00Z,1\n', '2:1: a quoted field does not end'],
    ['the count of fields', 'time,pump/pressure\n2026-01-01T12:00Z,1,2\n', '2:19: the line has 3 fields'],
    ['a column', 'time,pressure\n', '1:6: "pressure" is no key of a point'],
    ['what it is', 'point,unit,from,to,count\n', '1:1: there is no column "time"'],
    ['what parts it', 'time;pump/pressure\n2026-01-01 12:00:00;4,2\n', '1:1: the columns are not parted by commas'],
    ['everything', '', ':1: the file is empty'],
  ])('that is wrong in %s says where', async (_what, text, message) => {
    writeFileSync(join(folder, 'wrong.csv'), text);
    const end = await csv('wrong.csv');
    expect(end.code).toBe(exitCodes.usage);
    expect(JSON.parse(end.err).error.message).toContain(`wrong.csv:${message.startsWith(':') ? '0' : ''}${message}`);
  });
});
