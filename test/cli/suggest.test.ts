import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { noon } from '../history/samples.ts';
import { recordLives, writeSite } from '../replay/recorded-plant.ts';
import { exampleOf } from './examples.ts';
import { makeFolder, remove, runCli } from './terminal.ts';

/*
 * A tank for thirty hours: its level swings by 0.3 m about 2 m, shakes by a centimetre or two, spills up to 2.5 m for a minute
 * or so every three hours, and once, for an hour, somebody had the transmitter out: 9 m.
 */

let folder: string;
const seconds = 108_000;

beforeAll(() => {
  folder = makeFolder('suggest');
  const site = writeSite(folder, 'site.yaml', { alarms: '  - { id: full, point: tank/level, high: 3 m }\n' });
  const random = seededRandom(7);
  recordLives(folder, site, seconds, {
    'tank/level': second => {
      if (second >= 90_000 && second < 93_600) return 9;
      const spill = second % 10_800 < 40 + (Math.floor(second / 10_800) % 5) * 10 ? 0.4 : 0;
      const level =
        2 + 0.3 * Math.sin((2 * Math.PI * second) / 43_200) + spill + (random.next() + random.next() - 1) * 0.02;
      return Math.round(level * 100) / 100;
    },
  });
});

afterAll(() => remove(folder));

const times = ['--since', new Date(noon).toISOString(), '--until', new Date(noon + seconds * 1_000).toISOString()];
const cli = (...args: string[]) =>
  runCli(['suggest', ...args, '--site', 'site.yaml', '--data', '.'], {
    cwd: folder,
    env: { PLANTROOM_SOCKET: 'nothing' },
  });

test('limits lie around what is ordinary, a broken transmitter moves none of them, and what would have come is by the detector', async () => {
  const { code, out, err } = await cli('tank/level', ...times, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const document = JSON.parse(out);
  const example = exampleOf('suggest');
  expect(Object.keys(document)).toEqual(Object.keys(example));
  expect(Object.keys(document.limits[0])).toEqual(Object.keys(example.limits[0]));
  const { limits, values, would, goodMs } = document;
  expect(goodMs).toBe(seconds * 1_000);
  expect(values.most).toBe(9);
  expect(Math.abs(values.median - 2)).toBeLessThan(0.15);
  expect(values.noise).toBeGreaterThan(0.003);
  expect(values.noise).toBeLessThan(0.02);
  const [high, low] = limits;
  expect(high).toMatchObject({ level: 'high', onDelayMs: expect.any(Number) });
  expect(high.limit).toBeGreaterThan(2.32);
  expect(high.limit).toBeLessThan(3);
  expect(low).toMatchObject({ level: 'low' });
  expect(low.limit).toBeGreaterThan(1.4);
  expect(low.limit).toBeLessThan(1.69);
  // Two in a hundred of a range of some three metres, and no delay below a minute: a level.
  expect(high.deadband).toBeGreaterThanOrEqual(0.02 * 2.3);
  expect(high.onDelayMs).toBeGreaterThanOrEqual(60_000);
  expect(would.low).toMatchObject({ count: 0 });
  expect(would.high.count).toBeGreaterThanOrEqual(1);
  expect(would.high.longestMs).toBeGreaterThan(3_500_000);
});

test('the lines to paste are a site file that is right, and a replay of it says what was promised', async () => {
  for (const rule of ['limit', 'rate']) {
    const { out } = await cli('tank/level', ...times, '--rule', rule, '--json');
    const { yaml, would } = JSON.parse(out);
    const text = readFileSync(join(folder, 'site.yaml'), 'utf8');
    writeFileSync(join(folder, 'pasted.yaml'), `${text.slice(0, text.indexOf('alarms:'))}${yaml}\n`);
    const replayed = await runCli(
      ['replay', '--site', 'pasted.yaml', '--data', '.', ...times, '--json', '--alarm', 'level-*'],
      {
        cwd: folder,
        env: {},
      },
    );
    expect(replayed.err).toBe('');
    const { alarms } = JSON.parse(replayed.out);
    const counts = Object.fromEntries(
      alarms.map((row: { alarm: string; would: { count: number } }) => [
        row.alarm.replace('tank/level-', ''),
        row.would.count,
      ]),
    );
    expect(counts).toEqual(
      Object.fromEntries(Object.entries<{ count: number }>(would).map(([name, { count }]) => [name, count])),
    );
  }
});

test('a person sees the time, how often which value was had, and where the limits lie', async () => {
  const { out } = await cli('tank/level', ...times);
  expect(out).toMatchSnapshot();
});

test.each([
  ['a point that is not there', ['tank/pressure', ...times], exitCodes['not-found'], 'has no point "tank/pressure"'],
  [
    'a point that is not recorded',
    ['pump/flow', ...times],
    exitCodes['not-found'],
    'nothing of pump/flow was recorded',
  ],
  [
    'an hour',
    ['tank/level', ...times.slice(0, 3), new Date(noon + 3_600_000).toISOString()],
    exitCodes['not-found'],
    'there are 60m of good values',
  ],
])('of %s there is no proposal', async (_what, args, code, text) => {
  const end = await cli(...args);
  expect(end.code).toBe(code);
  expect(end.err).toContain(text);
  expect(end.out).toBe('');
});
