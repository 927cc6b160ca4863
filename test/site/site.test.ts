import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LimitRule, RateRule, StateRule } from '../../src/model/alarm.ts';
import { plainLife } from '../../src/model/alarm.ts';
import { usualPolicies } from '../../src/model/deadline.ts';
import type { Point } from '../../src/model/point.ts';
import type { Site } from '../../src/model/site.ts';
import { createNumbering, formatProblem, type LoadResult, loadSite } from '../../src/site/site.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-site-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const frame = `
gateway: { id: plant }
buses: [{ id: wire, protocol: modbus-tcp, host: 192.0.2.7 }]
`;

function load(text: string, numbering = createNumbering()): LoadResult {
  const path = join(folder, 'site.yaml');
  writeFileSync(path, text);
  return loadSite(path, { numbering });
}

function siteOf(result: LoadResult): Site {
  if (result.kind === 'ok') return result.site;
  throw new Error(result.problems.map(formatProblem).join('\n'));
}

const build = (devices: string, alarms = '[]', numbering = createNumbering()) =>
  siteOf(load(`${frame}devices:\n${devices}\nalarms: ${alarms}\n`, numbering));

function pointOf(site: Site, key: string): Point {
  const point = site.points.find(candidate => candidate.key === key);
  if (!point) throw new Error(`no point ${key}`);
  return point;
}

const onePoint = (fields: string) => {
  const site = build(`  - { id: pump, bus: wire, points: [{ id: p, ${fields} }] }`);
  return pointOf(site, 'pump/p');
};

const gauge = `  - id: pump
    name: Pump set
    bus: wire
    points:
      - { id: pressure, name: Pressure, holding-register: 0, type: u16, scale: 0.01, unit: bar }
      - { id: temp, holding-register: 1, type: s16, scale: 0.1, unit: degC }
      - { id: starts, holding-register: 2, type: u32 }
      - { id: state, holding-register: 4, type: u16, states: { 0: off, 1: on, 4: fault, 5: fault } }
      - { id: trip, name: Trip, coil: 0 }`;

const ruleOf = (alarm: string) => {
  const site = build(gauge, `[{ id: a, ${alarm} }]`);
  const rule = site.rules.find(candidate => candidate.key === 'pump/a');
  if (!rule) throw new Error('no rule');
  return rule;
};

describe('what is left out', () => {
  test('a small site is complete, with the gateway itself as its last device', () => {
    const site = build('  - { id: pump, bus: wire, points: [{ id: trip, coil: 3 }] }');
    expect(site.gateway).toEqual({ id: 'plant', name: 'plant', language: 'en' });
    expect(site.uplinks).toEqual([]);
    expect(site.store).toEqual({ sizeBytes: 2e9 });
    expect(site.buses).toEqual([
      {
        protocol: 'modbus-tcp',
        id: 'wire',
        host: '192.0.2.7',
        port: 502,
        connectTimeoutMs: 3_000,
        timeoutMs: 1_000,
        requestsInFlight: 1,
        deadDeviceShare: 0.1,
      },
      { protocol: 'self', id: 'self' },
    ]);
    expect(site.devices.map(device => [device.id, device.bus, device.unitId])).toEqual([
      ['pump', 'wire', 1],
      ['self', 'self', undefined],
    ]);
    expect(site.devices[0]?.readLimits).toEqual({ maxRegisters: 125, maxBits: 2_000, maxGap: undefined, barriers: [] });
    expect(pointOf(site, 'pump/trip')).toEqual({
      number: 0,
      key: 'pump/trip',
      id: 'trip',
      name: 'trip',
      device: 0,
      unit: '',
      intervalMs: 1_000,
      address: {
        protocol: 'modbus',
        table: 'coil',
        address: 3,
        type: 'bool',
        wordOrder: 'high-first',
        byteOrder: 'high-first',
        bit: 0,
        bitCount: 1,
        registerCount: 1,
        invalidWords: [],
      },
      scale: 1,
      offset: 0,
      invalidValues: [],
      states: new Map([
        [0, 'off'],
        [1, 'on'],
      ]),
      isCounter: false,
      recording: { deadband: 0, longestGapMs: 300_000 },
    });
  });

  test('an uplink needs nothing but its url', () => {
    const site = siteOf(load(`${frame}devices: []\nuplink: { url: 'mqtts://broker.example.org' }\n`));
    expect(site.uplinks[0]).toEqual({
      id: 'platform',
      format: 'native',
      urls: ['mqtts://broker.example.org'],
      clientId: 'plantroom-plant',
      username: undefined,
      password: undefined,
      topicPrefix: 'plantroom',
      keepaliveMs: 12_000,
      tls: undefined,
      confirm: 'broker',
      summaries: '1min',
      backlogRate: 2e6,
      commands: [],
      sparkplug: undefined,
    });
  });

  test('several uplinks have ids, brokers in order, formats and rates of their own', () => {
    const text = `${frame}devices: []
store: { size: 500MB }
uplinks:
  - { id: owner, url: ['mqtt://10.0.0.1', 'mqtt://10.0.0.2'], confirm: platform, summaries: 'off', commands: [refresh] }
  - { id: city, url: 'mqtt://10.1.0.1', format: sparkplug-b, sparkplug: { primary-host: scada }, backlog-rate: 32 kbit/s }
`;
    const { uplinks, store } = siteOf(load(text));
    expect(store.sizeBytes).toBe(500e6);
    expect(uplinks).toMatchObject([
      { id: 'owner', urls: ['mqtt://10.0.0.1', 'mqtt://10.0.0.2'], confirm: 'platform', summaries: undefined },
      { id: 'city', clientId: 'plantroom-plant-city', backlogRate: 32_000, sparkplug: { primaryHost: 'scada' } },
    ]);
  });

  test('a half-open connection is found within 20 s unless the site file wants it otherwise', () => {
    const [uplink] = siteOf(load(`${frame}devices: []\nuplink: { url: 'mqtts://broker.example.org' }\n`)).uplinks;
    expect(1.5 * (uplink?.keepaliveMs ?? 0)).toBeLessThanOrEqual(20_000);
  });

  test('a password may be a credential that systemd hands over', () => {
    const text = `${frame}devices: []\nuplink: { url: 'mqtts://broker.example.org', password: { credential: mqtt.key } }\n`;
    expect(siteOf(load(text)).uplinks[0]?.password).toEqual({ kind: 'credential', name: 'mqtt.key' });
  });

  test('paths are relative to the site file and come out absolute', () => {
    const text = `${frame}devices: []
uplink:
  url: mqtts://broker.example.org
  password: { file: secrets/mqtt }
  tls: { ca: ca.pem, cert: /etc/own.pem, key: ../own.key }
`;
    const [uplink] = siteOf(load(text)).uplinks;
    expect(uplink?.password).toEqual({ kind: 'file', path: join(folder, 'secrets/mqtt') });
    expect(uplink?.tls).toEqual({ ca: join(folder, 'ca.pem'), cert: '/etc/own.pem', key: join(folder, '../own.key') });
  });
});

describe('points', () => {
  test.each([
    ['u16', 1],
    ['s32', 2],
    ['f32', 2],
    ['u64', 4],
    ['f64', 4],
  ])('%s takes %d registers', (type, registers) => {
    expect(onePoint(`input-register: 7, type: ${type}`).address).toMatchObject({ registerCount: registers });
  });

  test('a string takes as many registers as it says', () => {
    expect(onePoint('holding-register: 7, type: string, length: 16').address).toMatchObject({ registerCount: 16 });
  });

  test('bits keep where they lie', () => {
    const { address } = onePoint('holding-register: 7, type: bits, bit: 4, bit-count: 3');
    expect(address).toMatchObject({ bit: 4, bitCount: 3, registerCount: 1 });
  });

  test.each([
    ['u16', '[0xFFFF, 0x8000]', [65_535, 32_768]],
    ['s16', '[0x8000, 0x7FFF, -1]', [-32_768, 32_767, -1]],
    ['s32', '[0x80000000]', [-2_147_483_648]],
    ['u64', '[0xFFFFFFFFFFFFFFFF]', [Number(0xffff_ffff_ffff_ffffn)]],
    ['f32', '[-0.1]', [Math.fround(-0.1)]],
  ])('an invalid %s of %s is compared as it is decoded', (type, written, expected) => {
    expect(onePoint(`holding-register: 7, type: ${type}, invalid: ${written}`).invalidValues).toEqual(expected);
  });

  test('the interval of a point goes before that of its device', () => {
    const site = build(
      '  - { id: pump, bus: wire, interval: 5s, points: [{ id: a, coil: 0 }, { id: b, coil: 1, interval: 50ms }] }',
    );
    expect([pointOf(site, 'pump/a').intervalMs, pointOf(site, 'pump/b').intervalMs]).toEqual([5_000, 50]);
  });
});

describe('profiles', () => {
  const profile = `
vendor: Nobody
model: M1
protocol: modbus
source: [a manual]
trust: manual
word-order: low-first
max-registers: 20
max-gap: 4
invalid: { u16: [0xFFFF] }
points:
  - { id: u, name: Voltage, name-zh: 电压, input-register: 0, type: f32, unit: V }
  - { id: t, input-register: 2, type: u16, scale: 0.1, unit: °C }
  - { id: f, input-register: 3, type: bool, bit: 2 }
alarms:
  - { id: fault, point: f, state: on, priority: high }
  - { id: hot, point: t, high: 80 °C }
`;
  beforeEach(() => {
    mkdirSync(join(folder, 'profiles'));
    writeFileSync(join(folder, 'profiles/m1.yaml'), profile);
  });

  test('a device gets the points, the orders, the limits and the alarms of its profile', () => {
    const result = load(`${frame}devices:\n  - { id: d, bus: wire, profile: m1 }\n`);
    const site = siteOf(result);
    expect(site.devices[0]).toMatchObject({
      profile: 'm1',
      readLimits: { maxRegisters: 20, maxBits: 2_000, maxGap: 4 },
    });
    expect(pointOf(site, 'd/u')).toMatchObject({ name: 'Voltage', unit: 'V', address: { wordOrder: 'low-first' } });
    expect(pointOf(site, 'd/t').invalidValues).toEqual([65_535]);
    expect(pointOf(site, 'd/u').invalidValues).toEqual([]);
    expect(pointOf(site, 'd/f')).toMatchObject({ invalidValues: [], address: { invalidWords: [65_535] } });
    expect(site.rules.map(rule => rule.key)).toEqual([
      'd/fault',
      'd/hot',
      'd/communication',
      'self/store',
      'self/history',
      'self/uplink',
      'self/uplink-down',
      'self/outputs',
    ]);
    expect(result.kind === 'ok' && result.files.slice(1).map(file => file.split('/').at(-1))).toEqual([
      'm1.yaml',
      'gateway-self.yaml',
    ]);
  });

  test('a profile beside the site file goes before one of the same name that comes with plantroom', () => {
    writeFileSync(join(folder, 'profiles/eastron-sdm630.yaml'), profile);
    const site = siteOf(load(`${frame}devices:\n  - { id: d, bus: wire, profile: eastron-sdm630 }\n`));
    expect(site.devices[0]?.points.map(point => point.id)).toEqual(['u', 't', 'f']);
  });

  test("nothing beside the site file replaces the gateway's own profile", () => {
    writeFileSync(join(folder, 'profiles/gateway-self.yaml'), profile);
    const site = siteOf(load(`${frame}devices: []\n`));
    expect(site.points.map(point => point.key)).toContain('self/store');
  });

  test('a point of the same id changes only the fields given', () => {
    const site = build(
      '  - { id: d, bus: wire, profile: m1, only: [u], points: [{ id: u, name: Mains, interval: 2s }] }',
    );
    expect(site.devices[0]?.points).toHaveLength(1);
    expect(pointOf(site, 'd/u')).toMatchObject({
      name: 'Mains',
      unit: 'V',
      intervalMs: 2_000,
      address: { type: 'f32' },
    });
  });

  test('an address given anew replaces the old one, in another table too', () => {
    const site = build('  - { id: d, bus: wire, profile: m1, points: [{ id: u, holding-register: 9 }] }');
    expect(pointOf(site, 'd/u').address).toMatchObject({ table: 'holding-register', address: 9, type: 'f32' });
  });

  test('a point that is left out takes its alarms along', () => {
    const site = build('  - { id: d, bus: wire, profile: m1, only: [u, t] }');
    expect(site.rules.map(rule => rule.key)).toEqual([
      'd/hot',
      'd/communication',
      'self/store',
      'self/history',
      'self/uplink',
      'self/uplink-down',
      'self/outputs',
    ]);
  });

  test('an alarm of the site file takes the place of the same one of the profile', () => {
    const site = build('  - { id: d, bus: wire, profile: m1 }', '[{ id: hot, point: d/t, high: 60 °C }]');
    const hot = site.rules.filter(rule => rule.key === 'd/hot');
    expect(hot).toMatchObject([{ kind: 'limit', limit: 60 }]);
  });
});

describe('alarms', () => {
  test.each([
    ['high: 5 bar', 5],
    ['high: 500 kPa', 5],
    ['high: 0.5 MPa', 5],
  ])('%s is a limit of %d bar', (condition, limit) => {
    expect(ruleOf(`point: pump/pressure, ${condition}`)).toMatchObject({ kind: 'limit', level: 'high', limit });
  });

  test('a limit has its values in the unit of the point, and a message in words', () => {
    const rule = ruleOf(
      'point: pump/pressure, low-low: 150 kPa, deadband: 100 mbar, on-delay: 2s, off-delay: 1m',
    ) as LimitRule;
    expect(rule).toEqual({
      kind: 'limit',
      key: 'pump/a',
      device: 0,
      point: 0,
      priority: 'medium',
      message: 'Pressure is below 1.5 bar',
      onDelayMs: 2_000,
      offDelayMs: 60_000,
      life: plainLife,
      level: 'low-low',
      limit: 1.5,
      deadband: 0.1,
    });
  });

  test('a temperature is shifted as a limit and not as a deadband', () => {
    expect(ruleOf('point: pump/temp, high: 313.15 K, deadband: 9 °F')).toMatchObject({ limit: 40, deadband: 5 });
  });

  test('a bare number is enough where the point has no unit', () => {
    expect(ruleOf('point: pump/starts, high: 5000')).toMatchObject({ limit: 5_000, message: 'starts is above 5000' });
    expect(ruleOf('point: pump/starts, high: "5000"')).toMatchObject({ limit: 5_000 });
  });

  test.each([
    ['fall: 0.2 bar/s', 0.2],
    ['fall: 20 kPa/s', 0.2],
    ['fall: 6 bar/min', 0.1],
    ['both: 360 bar/h', 0.1],
  ])('%s is %d bar per second', (speed, ratePerS) => {
    const rule = ruleOf(`point: pump/pressure, rate: { ${speed}, over: 10s, min-change: 30 kPa }`) as RateRule;
    expect(rule).toMatchObject({ kind: 'rate', windowMs: 10_000, minChange: 0.3 });
    expect(rule.ratePerS).toBeCloseTo(ratePerS, 12);
  });

  test('a rate of a point without unit is a bare number per time', () => {
    expect(ruleOf('point: pump/starts, rate: { rise: 6/min, over: 1m, min-change: 3 }')).toMatchObject({
      ratePerS: 0.1,
    });
  });

  test.each([
    ['point: pump/state, state: fault', [4, 5]],
    ['point: pump/state, state: [on, fault]', [1, 4, 5]],
    ['point: pump/state, state: 5', [5]],
    ['point: pump/trip, state: on', [1]],
    ['point: pump/trip, state: 0', [0]],
  ])('%s means the numbers %j', (condition, states) => {
    expect((ruleOf(condition) as StateRule).states).toEqual(states);
  });

  test('every device of the plant has a communication alarm unless it is switched off', () => {
    const site = build(`  - { id: a, bus: wire, points: [{ id: x, coil: 0 }] }
  - { id: b, bus: wire, unit-id: 2, communication: { priority: urgent, on-delay: 3s }, points: [{ id: x, coil: 0 }] }
  - { id: c, bus: wire, unit-id: 3, communication: off, points: [{ id: x, coil: 0 }] }`);
    const rules = site.rules.filter(rule => rule.kind === 'communication');
    expect(rules).toMatchObject([
      { key: 'a/communication', device: 0, priority: 'high', onDelayMs: 10_000, message: 'a does not answer' },
      { key: 'b/communication', device: 1, priority: 'urgent', onDelayMs: 3_000 },
    ]);
  });

  test("the gateway's own points can have alarms, and its store and its uplink have them", () => {
    const site = build(gauge, '[{ id: backlog, point: self/backlog, high: 100, on-delay: 5m }]');
    expect(site.rules.filter(rule => rule.key.startsWith('self/'))).toMatchObject([
      { key: 'self/store', kind: 'state', states: [1, 2], priority: 'high' },
      { key: 'self/history', kind: 'state', states: [1, 2, 3], priority: 'low' },
      { key: 'self/uplink', kind: 'state', states: [2], priority: 'high', onDelayMs: 60_000 },
      { key: 'self/uplink-down', kind: 'state', states: [1], priority: 'medium', onDelayMs: 900_000 },
      { key: 'self/outputs', kind: 'state', states: [1], priority: 'high', onDelayMs: 5_000 },
      { key: 'self/backlog', kind: 'limit', limit: 100, onDelayMs: 300_000 },
    ]);
  });
});

describe('a site has its limits', () => {
  const many = (devices: number, points: number) => {
    mkdirSync(join(folder, 'profiles'), { recursive: true });
    const rows = Array.from({ length: points }, (_, i) => `  - { id: p${i}, coil: ${i} }`).join('\n');
    const alarms = Array.from({ length: points }, (_, i) => `  - { id: a${i}, point: p${i}, state: on }`).join('\n');
    const head = 'vendor: V\nmodel: M\nprotocol: modbus\nsource: [x]\ntrust: none';
    writeFileSync(join(folder, 'profiles/many.yaml'), `${head}\npoints:\n${rows}\nalarms:\n${alarms}\n`);
    const list = Array.from({ length: devices }, (_, i) => `  - { id: d${i}, bus: wire, profile: many }`).join('\n');
    const result = load(`${frame}devices:\n${list}\n`);
    return result.kind === 'ok'
      ? []
      : result.problems
          .filter(p => p.severity === 'error')
          .map(p => p.message)
          .sort();
  };

  test('500 devices are taken, 501 are not', () => {
    expect(many(500, 1)).toEqual([]);
    expect(many(501, 1)).toEqual(['501 devices; one gateway takes 500']);
  });

  test('20,000 points are too many by one, and so are their alarms', () => {
    expect(many(7, 2_857)).toEqual(['20011 alarms; one gateway takes 20000']);
    expect(many(3, 6_667)).toEqual(
      ['20001 points; one gateway takes 20000', '20009 alarms; one gateway takes 20000'].sort(),
    );
  });
});

describe('a reload', () => {
  test('keeps the numbers of what stayed and gives new ones to what came', () => {
    const numbering = createNumbering();
    const device = (id: string, unit: number, points: string[]) =>
      `  - { id: ${id}, bus: wire, unit-id: ${unit}, points: [${points.map((p, i) => `{ id: ${p}, coil: ${i} }`).join(', ')}] }`;
    const before = build([device('a', 1, ['x', 'y']), device('b', 2, ['x'])].join('\n'), '[]', numbering);
    const after = build([device('c', 3, ['x']), device('b', 2, ['z', 'x'])].join('\n'), '[]', numbering);
    expect(pointOf(after, 'b/x').number).toBe(pointOf(before, 'b/x').number);
    const old = before.points.filter(
      point => point.key !== 'b/x' && point.device !== pointOf(after, 'self/store').device,
    );
    for (const key of ['c/x', 'b/z']) {
      expect(old.map(point => point.number)).not.toContain(pointOf(after, key).number);
    }
    const self = (site: Site) => site.devices.at(-1)?.number;
    expect(self(after)).toBe(self(before));
  });
});

describe('what people owe an alarm', () => {
  const pump = '  - { id: pump, bus: wire, group: supply, points: [{ id: trip, coil: 3 }, { id: run, coil: 4 }] }';
  const whole = (text: string) => siteOf(load(`${frame}devices:\n${text}`));
  const ruleAt = ({ rules }: Site, key: string) => {
    const rule = rules.find(candidate => candidate.key === key);
    if (!rule) throw new Error(`no rule ${key}`);
    return rule;
  };
  const rest = `${pump}
alarms:
  - { id: trip, point: pump/trip, state: on, priority: low, re-alarm: 30m }
  - { id: stop, point: pump/run, state: off, priority: urgent, group: water }
`;

  test('is as usual where the site file says nothing', () => {
    const site = build('  - { id: pump, bus: wire, points: [{ id: trip, coil: 3 }] }');
    expect(site.policies).toEqual(usualPolicies);
    expect(site.groups).toEqual([]);
    expect(site.rules[0]?.life).toEqual(plainLife);
  });

  test('is what is written, and the rest as usual', () => {
    const site = whole(
      `${rest}priorities:
  urgent: { acknowledge: 1m, restore: off, shelve: yes }
  low: { arrive: 2d, acknowledge-by: person, shelve: false }
`
        .replace('group: supply, ', '')
        .replace(', group: water', ''),
    );
    expect(site.policies).toEqual({
      ...usualPolicies,
      urgent: { acknowledge: 60_000, arrive: 900_000, restore: undefined, canShelve: true, needsAcknowledge: true },
      low: {
        acknowledge: undefined,
        arrive: 172_800_000,
        restore: undefined,
        canShelve: false,
        needsAcknowledge: true,
      },
    });
    const { life } = ruleAt(site, 'pump/trip');
    expect([life.needsAcknowledge, life.reAlarmMs, life.group]).toEqual([true, 1_800_000, undefined]);
  });

  test('is not asked of a low alarm: the gateway acknowledges it', () => {
    const site = whole(rest.replace('group: supply, ', '').replace(', group: water', ''));
    expect(ruleAt(site, 'pump/trip').life.needsAcknowledge).toBe(false);
    expect(ruleAt(site, 'pump/stop').life.needsAcknowledge).toBe(true);
  });

  test('is one call for a group: all alarms of a device are in its group but those that name another', () => {
    const site = whole(`${rest}groups: [{ id: supply }, { id: water, window: 500ms }]\n`);
    expect(site.groups).toEqual([
      { id: 'supply', windowMs: 3_000 },
      { id: 'water', windowMs: 500 },
    ]);
    expect(site.rules.filter(({ life }) => life.group === 'supply').map(({ key }) => key)).toEqual([
      'pump/communication',
      'pump/trip',
    ]);
    expect(ruleAt(site, 'pump/stop').life.group).toBe('water');
  });
});
