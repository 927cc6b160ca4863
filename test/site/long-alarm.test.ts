import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatProblem, loadSite } from '../../src/site/site.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-site-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const points = `
      - { id: level, name: Tank level, holding-register: 0, type: u16, scale: 0.01, unit: m }
      - { id: state, name: Pump, holding-register: 1, type: u16, states: { 0: off, 1: on, 4: fault, 5: fault } }
      - { id: starts, name: Starts, holding-register: 2, type: u32, counter: true }
      - { id: energy, name: Energy, holding-register: 4, type: u16, scale: 0.1, unit: kWh }`;

function load(alarms: readonly string[]) {
  const path = join(folder, 'site.yaml');
  writeFileSync(
    path,
    `gateway: { id: plant }
buses: [{ id: wire, protocol: modbus-tcp, host: 192.0.2.7 }]
devices:
  - id: pump
    bus: wire
    points:${points}
alarms:
${alarms.map(alarm => `  - ${alarm}`).join('\n')}
`,
  );
  return loadSite(path);
}

function ruleOf(alarm: string) {
  const result = load([`{ id: a, ${alarm} }`]);
  if (result.kind === 'wrong') throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.site.rules.find(({ key }) => key === 'pump/a');
}

const startTerms = { divisor: 1, lowest: 0, range: 2 ** 32 };

test.each<[string, object]>([
  [
    'point: pump/starts, counter-rate: { more-than: 15, in: 1h }',
    {
      kind: 'counter-rate',
      counted: { kind: 'rise', terms: startTerms },
      comparison: 'more-than',
      limit: 15,
      windowMs: 3_600_000,
      message: 'Starts rises by more than 15 in 1h',
    },
  ],
  [
    'point: pump/energy, counter-rate: { less-than: 20000 Wh, in: 1d }',
    {
      counted: { kind: 'rise', terms: { divisor: 10, lowest: 0, range: 6_553.6 } },
      comparison: 'less-than',
      limit: 20,
      message: 'Energy rises by less than 20 kWh in 1d',
    },
  ],
  [
    'point: pump/state, counter-rate: { state: [on, fault], more-than: 1, in: 30min }',
    {
      counted: { kind: 'state', states: [1, 4, 5] },
      limit: 1,
      windowMs: 1_800_000,
      message: 'Pump comes to on or fault more than once in 30min',
    },
  ],
  [
    'point: pump/state, counter-rate: { state: on, less-than: 2, in: 1d }',
    { limit: 2, message: 'Pump comes to on less than 2 times in 1d' },
  ],
  [
    'point: pump/state, duration: { state: on, longer-than: 30min }, on-delay: 5s',
    {
      kind: 'duration',
      lasting: { kind: 'state', states: [1] },
      longestMs: 1_800_000,
      onDelayMs: 5_000,
      message: 'Pump is on for more than 30min',
    },
  ],
  [
    'point: pump/level, duration: { above: 150 cm, longer-than: 2h }, deadband: 5 cm',
    {
      lasting: { kind: 'above', limit: 1.5, deadband: 0.05 },
      message: 'Tank level is above 1.5 m for more than 2h',
    },
  ],
  [
    'point: pump/level, duration: { below: 1 m, longer-than: 60d }',
    { lasting: { kind: 'below', limit: 1, deadband: 0 }, longestMs: 60 * 86_400_000 },
  ],
  [
    'point: pump/state, missing: { state: on, within: 8d }',
    {
      kind: 'missing',
      counted: { kind: 'state', states: [1] },
      withinMs: 8 * 86_400_000,
      message: 'Pump was not on for 8d',
    },
  ],
  [
    'point: pump/starts, missing: { within: 35d }, message: no test run',
    { counted: { kind: 'rise', terms: startTerms }, withinMs: 35 * 86_400_000, message: 'no test run' },
  ],
  ['point: pump/starts, missing: { within: 35d }', { message: 'Starts has not risen for 35d' }],
  [
    'point: pump/level, band: { factor: 4, min-change: 5 cm }',
    {
      kind: 'band',
      slotMs: 3_600_000,
      days: 14,
      width: { kind: 'factor', value: 4 },
      minChange: 0.05,
      direction: 'both',
      message: 'Tank level is not what it was at this time of day',
    },
  ],
  [
    'point: pump/level, band: { of: 15min, days: 7, share: 40 %, min-change: 0 m, direction: above }',
    {
      slotMs: 900_000,
      days: 7,
      width: { kind: 'share', value: 0.4 },
      minChange: 0,
      deadband: 0,
      direction: 'above',
      message: 'Tank level is above what it was at this time of day',
    },
  ],
  ['point: pump/level, band: { factor: 4, min-change: 5 cm }, deadband: 2 cm', { minChange: 0.05, deadband: 0.02 }],
  [
    'point: pump/level, forecast: { reaches: 20 cm, within: 2h, over: 30min, min-change: 5 cm }',
    {
      kind: 'forecast',
      limit: 0.2,
      withinMs: 7_200_000,
      windowMs: 1_800_000,
      minChange: 0.05,
      message: 'Tank level reaches 0.2 m within 2h if it goes on so',
    },
  ],
])('%s', (alarm, expected) => {
  expect(ruleOf(alarm)).toMatchObject(expected);
});

test('one gateway learns by time of day for 200 points and not for more', () => {
  const bands = (count: number) =>
    load(
      Array.from(
        { length: count },
        (_, i) => `{ id: a${i}, point: pump/level, band: { factor: 4, min-change: 1 cm } }`,
      ),
    );
  expect(bands(200).kind).toBe('ok');
  const refused = bands(201);
  expect(refused.kind === 'wrong' && refused.problems.map(({ message }) => message)).toEqual([
    '201 alarms by time of day (band); one gateway takes 200',
  ]);
});
