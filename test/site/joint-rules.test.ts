import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Rule } from '../../src/model/alarm.ts';
import type { Site } from '../../src/model/site.ts';
import { createNumbering, formatProblem, parseSite } from '../../src/site/site.ts';

/** Alarms that compare points or look at a window, from the site file and from a profile. */

const set = `vendor: V
model: M
source: [a test]
trust: high
protocol: modbus
points:
  - { id: pressure, name: Outlet, holding-register: 0, type: u16, scale: 0.01, unit: bar }
  - { id: setpoint, name: Setpoint, holding-register: 1, type: u16, unit: kPa }
  - { id: flow, name: Flow, holding-register: 2, type: u16, unit: m3/h }
  - { id: command, name: Start command, coil: 0 }
  - { id: state, name: Pump, holding-register: 3, type: u16, states: { 0: stopped, 1: running, 2: running, 3: fault } }
  - { id: air, name: Air, holding-register: 4, type: s16, unit: °F }
  - { id: room, name: Room, holding-register: 5, type: s16, unit: °C }
`;

const own = readFileSync(new URL('../../config/profiles/gateway-self.yaml', import.meta.url), 'utf8');

function parse(alarms: string, { ofProfile = '', only = '' } = {}) {
  const text = `
gateway: { id: plant }
buses: [{ id: wire, protocol: modbus-tcp, host: 192.0.2.7 }]
devices:
  - { id: a, bus: wire, unit-id: 1, profile: booster${only} }
  - { id: b, bus: wire, unit-id: 2, profile: booster }
alarms: ${alarms}
`;
  const profile = `${set}${ofProfile}`;
  return parseSite(text, 'site.yaml', {
    readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: name === 'booster' ? profile : own }),
    numbering: createNumbering(),
    resolvePath: path => path,
  });
}

function siteOf(alarms: string, parts: Parameters<typeof parse>[1] = {}): Site {
  const result = parse(alarms, parts);
  if (result.kind === 'ok') return result.site;
  throw new Error(result.problems.map(formatProblem).join('\n'));
}

function rulesOf(site: Site): readonly Rule[] {
  return site.rules.filter(({ key }) => /^[ab]\/(?!communication)/.test(key));
}

const ruleOf = (alarm: string) => rulesOf(siteOf(`[{ id: x, ${alarm} }]`))[0];

function numberOf(site: Site, key: string): number {
  return site.points.find(point => point.key === key)?.number ?? Number.NaN;
}

describe('a deviation', () => {
  test.each([
    ['by: 50 kPa', 'both', 'Outlet is more than 50 kPa away from 3 bar'],
    ['above: 0.5 bar', 'above', 'Outlet is more than 0.5 bar above 3 bar'],
    ['below: 0.5 bar', 'below', 'Outlet is more than 0.5 bar below 3 bar'],
  ])('from a constant, %s', (size, direction, message) => {
    const rule = ruleOf(`point: a/pressure, deviation: { from: 3 bar, ${size} }, deadband: 10 kPa`);
    const from = { kind: 'constant', value: 3 };
    expect(rule).toMatchObject({ kind: 'deviation', from, direction, limit: 0.5, deadband: 0.1, message });
  });

  test('from a point in another unit, of another device', () => {
    const site = siteOf('[{ id: x, point: a/pressure, deviation: { from: b/setpoint, by: 0.5 bar } }]');
    const from = { kind: 'point', point: numberOf(site, 'b/setpoint'), factor: 0.01, offset: 0 };
    expect(rulesOf(site)[0]).toMatchObject({ from, message: 'Outlet is more than 0.5 bar away from Setpoint' });
  });

  test('of temperatures: the reference is moved and stretched, the size only stretched', () => {
    const rule = ruleOf('point: a/room, deviation: { from: a/air, above: 9 °F }');
    expect(rule).toMatchObject({ limit: 5, from: { kind: 'point' } });
    const { from } = rule as Extract<Rule, { kind: 'deviation' }>;
    if (from.kind !== 'point') throw new Error('no point');
    expect(212 * from.factor + from.offset).toBeCloseTo(100, 8);
  });
});

test.each([
  ['deviation: 20 kPa', { measure: 'deviation', limit: 0.2 }],
  ['peak-to-peak: 0.2 bar', { measure: 'peak-to-peak', limit: 0.2 }],
])('a spread by %s', (size, terms) => {
  const rule = ruleOf(`point: a/pressure, spread: { over: 60s, ${size} }, deadband: 0.05 bar`);
  expect(rule).toMatchObject({ kind: 'spread', windowMs: 60_000, deadband: 0.05, ...terms });
  expect(rule?.message).toMatch(/^Outlet swings by more than .* in 60s$/);
});

test('crossings of a level', () => {
  const rule = ruleOf('point: a/pressure, crossings: { of: a/setpoint, more-than: 6, in: 2m, band: 10 kPa }');
  expect(rule).toMatchObject({ kind: 'crossings', most: 6, windowMs: 120_000, band: 0.1, of: { kind: 'point' } });
  expect(rule?.message).toBe('Outlet has crossed Setpoint more than 6 times in 2m');
});

describe('a mismatch', () => {
  test('has a text for each way', () => {
    expect(ruleOf('point: a/state, mismatch: { command: a/command, start: 5s, stop: 30s }')).toMatchObject({
      kind: 'mismatch',
      startMs: 5_000,
      stopMs: 30_000,
      commandOn: undefined,
      feedbackOn: undefined,
      message: 'Pump does not follow Start command',
      startMessage: 'Pump is not on 5s after Start command came',
      stopMessage: 'Pump is still on 30s after Start command went',
    });
  });

  test('takes texts of its own, and the one message for both', () => {
    const own = "start-message: It won't start, stop-message: It won't stop";
    expect(ruleOf(`point: a/state, mismatch: { command: a/command, start: 5s, stop: 30s, ${own} }`)).toMatchObject({
      startMessage: "It won't start",
      stopMessage: "It won't stop",
    });
    expect(
      ruleOf('point: a/state, message: Look, mismatch: { command: a/command, start: 5s, stop: 30s }'),
    ).toMatchObject({ startMessage: 'Look', stopMessage: 'Look' });
  });

  test('knows which states mean on, by text and by number', () => {
    const states = 'running: [running, 3], commanded: 1';
    expect(ruleOf(`point: a/state, mismatch: { command: a/command, start: 5s, stop: 30s, ${states} }`)).toMatchObject({
      feedbackOn: [1, 2, 3],
      commandOn: [1],
    });
  });
});

test('a stale point may have states', () => {
  expect(ruleOf('point: a/state, stale: 5m')).toMatchObject({
    kind: 'stale',
    longestMs: 300_000,
    message: 'Pump has had no good value for 5m',
  });
});

describe('a frozen value', () => {
  test('at all times', () => {
    const rule = ruleOf('point: a/pressure, frozen: { for: 6h, span: 20 kPa }');
    expect(rule).toMatchObject({ kind: 'frozen', forMs: 21_600_000, span: 0.2, companion: undefined });
    expect(rule?.message).toBe('Outlet has not moved for 6h');
  });

  test('while another point moves by so much in its own unit, or at all', () => {
    const site = siteOf(
      '[{ id: x, point: a/pressure, frozen: { for: 6h, span: 0, while: b/flow, moves: 2 L/s } }]'.replace(
        '0,',
        '0 bar,',
      ),
    );
    const companion = { point: numberOf(site, 'b/flow'), span: 7.2 };
    expect(rulesOf(site)[0]).toMatchObject({ companion, message: 'Outlet has not moved for 6h, while Flow has' });
    expect(ruleOf('point: a/pressure, frozen: { for: 6h, span: 0.1 bar, while: a/flow }')).toMatchObject({
      companion: { span: 0 },
    });
  });
});

describe('in a profile', () => {
  const hunting = 'alarms: [{ id: off, point: pressure, deviation: { from: setpoint, by: 0.5 bar } }]\n';

  test('points are ids of the same device', () => {
    const site = siteOf('[]', { ofProfile: hunting });
    expect(rulesOf(site)).toMatchObject([
      { key: 'a/off', from: { point: numberOf(site, 'a/setpoint') } },
      { key: 'b/off', from: { point: numberOf(site, 'b/setpoint') } },
    ]);
  });

  test('an alarm that looks at a point which a device leaves out is left out with it', () => {
    expect(rulesOf(siteOf('[]', { ofProfile: hunting, only: ', only: [pressure]' }))).toMatchObject([{ key: 'b/off' }]);
  });

  test('a wrong id is told once, however many devices have the profile', () => {
    const result = parse('[]', { ofProfile: hunting.replace('from: setpoint', 'from: setpiont') });
    expect(result.kind === 'wrong' && result.problems.map(formatProblem)).toEqual([
      expect.stringContaining('this profile has no point "setpiont"\n  did you mean setpoint?'),
    ]);
  });
});
