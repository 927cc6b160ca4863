import { describe, expect, test } from 'vitest';
import { createNumbering, formatProblem, parseSite } from '../../src/site/site.ts';

const selfProfile = `protocol: self
vendor: plantroom
model: itself
source: [this test]
trust: whole
points: [{id: uptime, measure: uptime, unit: s}]
`;
const meterProfile = `protocol: modbus
vendor: ACME
model: Meter
source: [this test]
trust: whole
points:
  - {id: a, input-register: 0, type: u16, unit: A}
  - {id: b, input-register: 1, type: u16, unit: A}
  - {id: door, discrete-input: 0}
computed:
  - {id: spread, unit: A, inputs: {a: a, b: b}, expression: abs(a - b)}
`;

const meterAlarms = `alarms:
  - {id: spread-high, point: spread, high: 10 A}
  - {id: open, message: open under load, inputs: {a: a, door: door, far: {alarm: spread-high}}, expression: a > 1.0 && door == 'on' && !far}
`;

function read(site: string, profile = meterProfile + meterAlarms) {
  const result = parseSite(site, 'site.yaml', {
    numbering: createNumbering(),
    readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: name === 'meter' ? profile : selfProfile }),
    resolvePath: path => path,
  });
  return result.kind === 'ok' ? result.site : result.problems.map(formatProblem).join('\n');
}

function whole(site: string, profile?: string) {
  const found = read(site, profile);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

function wrong(site: string, profile?: string): string {
  const found = read(site, profile);
  if (typeof found !== 'string') throw new Error('nothing was found wrong');
  return found;
}

const head = `gateway: {id: g}
buses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]
`;
const twoMeters = `${head}devices:
  - {id: m1, bus: b, unit-id: 1, profile: meter}
  - {id: m2, bus: b, unit-id: 2, profile: meter}
`;

describe('a profile with computed points', () => {
  test('gives them and their alarms to each of its devices, made of points of that device', () => {
    const site = whole(twoMeters);
    const numberOf = new Map(site.points.map(({ key, number }) => [key, number]));
    const spread = site.expressions.filter(({ target }) => target.kind === 'point');
    expect(spread.map(({ target }) => target.kind === 'point' && target.point.key)).toEqual(['m1/spread', 'm2/spread']);
    expect(spread[1]?.inputs).toEqual([
      { kind: 'value', name: 'a', point: numberOf.get('m2/a'), isText: false },
      { kind: 'value', name: 'b', point: numberOf.get('m2/b'), isText: false },
    ]);
    expect(site.rules.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['m1/spread-high', 'm1/open', 'm2/spread-high', 'm2/open']),
    );
    const open = site.expressions.filter(({ target }) => target.kind === 'alarm')[1];
    expect(open?.inputs[2]).toMatchObject({
      kind: 'alarm',
      alarm: 'm2/spread-high',
      points: [numberOf.get('m2/spread')],
    });
  });

  test('loses those that are made of points that a device leaves out', () => {
    const site = whole(`${head}devices: [{id: m1, bus: b, profile: meter, only: [a, door]}]\n`);
    expect(site.points.map(({ key }) => key).filter(key => key.startsWith('m1'))).toEqual(['m1/a', 'm1/door']);
    expect(site.expressions).toEqual([]);
    expect(site.rules.map(({ key }) => key)).toEqual(['m1/communication']);
  });

  test('gives no two points the same id', () => {
    const twice = '  - {id: a, inputs: {a: a}, expression: a}\n';
    expect(wrong(twoMeters, meterProfile + twice)).toMatch(
      /meter\.yaml:12:10: error: the device "m1" has a point "a" already/,
    );
    const own = `computed: [{id: spread, device: m1, inputs: {a: m1/a}, expression: a}]\n`;
    expect(wrong(twoMeters + own)).toMatch(/site\.yaml:6:17: error: the device "m1" has a point "spread" already/);
  });

  test('has at most 200', () => {
    const more = Array.from({ length: 200 }, (_, at) => `  - {id: c${at}, inputs: {a: a}, expression: a}\n`).join('');
    expect(wrong(twoMeters, meterProfile + more)).toContain('201 expressions; one profile takes 200');
  });

  test('tells what is wrong in it once, however many devices use it', () => {
    const profile = meterProfile.replace('abs(a - b)', 'abs(a - c)');
    const found = wrong(twoMeters, profile);
    expect(found.match(/"c" is no input/g)).toHaveLength(1);
    expect(found).toContain('meter.yaml:11:69: error:');
    const foreign = wrong(twoMeters, meterProfile.replace('b: b}', 'b: m1/b}'));
    expect(foreign).toMatch(/"m1\/b" names no point of a device\n {2}write just the id/);
  });
});

describe('expressions of a site', () => {
  test('stand in order of dependency, alarms between them included', () => {
    const site = whole(`${twoMeters}computed:
  - {id: last, inputs: {x: {alarm: computed/middle}, y: computed/first}, expression: "x ? y : 0.0"}
  - {id: first, inputs: {a: m1/a}, expression: a}
alarms:
  - {id: middle, message: middle, inputs: {f: computed/first}, expression: f > 1.0}
`);
    const names = site.expressions.map(({ target }) => (target.kind === 'suppression' ? target.id : target.point.key));
    const at = (name: string) => names.indexOf(name);
    expect(at('computed/first')).toBeLessThan(at('computed/alarm:middle'));
    expect(at('computed/alarm:middle')).toBeLessThan(at('computed/last'));
  });

  test('may be a chain of a thousand, and no circle of a thousand', () => {
    const chain = (end: string) =>
      `${twoMeters}computed:\n${Array.from({ length: 1_000 }, (_, at) => `  - {id: c${at}, inputs: {x: ${at === 999 ? end : `computed/c${at + 1}`}}, expression: x + 1.0}`).join('\n')}\n`;
    expect(whole(chain('m1/a')).expressions.length).toBe(1_004);
    expect(wrong(chain('computed/c0'))).toMatch(
      /depends on itself: computed\/c0 → computed\/c1 → .* → … → .* → computed\/c0/,
    );
  });

  test('are at most 2,000', () => {
    const lines = Array.from({ length: 2_001 }, (_, at) => `  - {id: c${at}, inputs: {x: m1/a}, expression: x}`);
    expect(wrong(`${twoMeters}computed:\n${lines.join('\n')}\n`)).toContain('one gateway takes 2000');
  });

  test('ask for alarms that there are', () => {
    const more = 'suppressions: [{id: s, inputs: {x: {alarm: m1/spred-high}}, expression: x}]\n';
    expect(wrong(`${twoMeters}${more}`)).toMatch(
      /there is no alarm "m1\/spred-high"\n {2}did you mean m1\/spread-high\?/,
    );
  });

  test('hide the alarm of a bus when they hide the silence of each of its devices', () => {
    const site = (second: string) => `${head}devices:
  - {id: m1, bus: b, unit-id: 1, profile: meter, communication: {suppressed-by: [dead, off]}}
  - {id: m2, bus: b, unit-id: 2, profile: meter, communication: {suppressed-by: [${second}]}}
suppressions:
  - {id: dead, inputs: {a: m1/a}, expression: a < 1.0}
  - {id: off, inputs: {a: m1/a}, expression: a < 2.0}
`;
    const ofBus = (text: string) =>
      whole(text).rules.find(({ kind }) => kind === 'bus-communication')?.life.suppressedBy;
    expect(ofBus(site('dead'))).toEqual(['dead']);
    expect(ofBus(site(''))).toEqual([]);
  });

  test('share a suppression for the same schedule', () => {
    const schedule = (days: string) => `schedule: {days: ${days}, from: "22:00", to: "06:00"}`;
    const { rules, suppressions } = whole(`${twoMeters}alarms:
  - {id: x, point: m1/a, high: 5 A, ${schedule('sat-mon')}}
  - {id: y, point: m1/a, low: 1 A, ${schedule('[sun, mon, sat]')}}
  - {id: z, point: m2/a, low: 1 A, schedule: {from: "00:00", to: "12:00"}}
`);
    expect(suppressions.map(({ id }) => id)).toEqual([
      'outside mon+sat+sun 22:00-06:00',
      'outside every day 00:00-12:00',
    ]);
    expect(rules.find(({ key }) => key === 'm1/y')?.life).toMatchObject({
      suppressedBy: ['outside mon+sat+sun 22:00-06:00'],
      schedule: { days: ['mon', 'sat', 'sun'], fromMinute: 1_320, toMinute: 360 },
    });
  });
});
