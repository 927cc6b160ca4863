import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createNumbering, parseSite } from '../../src/site/site.ts';
import { drawRuleSets } from './draw-rule-sets.ts';

const folder = join(import.meta.dirname, '../../config/profiles');
const names = readdirSync(join(folder, 'classes')).map(file => file.replace('.yaml', ''));

interface ClassFile {
  readonly points: readonly { id: string; unit?: string; states?: readonly string[] }[];
  readonly settings?: readonly { id: string; unit?: string; default?: string | number }[];
  readonly alarms: readonly { id: string; unless?: string; source?: string; message: { en: string; zh: string } }[];
}

function classFile(name: string): ClassFile {
  return parse(readFileSync(join(folder, 'classes', `${name}.yaml`), 'utf8')) as ClassFile;
}

function read(text: string) {
  return parseSite(text, 'site.yaml', {
    numbering: createNumbering(),
    resolvePath: path => path,
    readProfile: name => {
      const file = join(folder, `${name}.yaml`);
      try {
        return { kind: 'found', file, text: readFileSync(file, 'utf8') };
      } catch {
        return { kind: 'missing', known: names };
      }
    },
  });
}

function siteOf(text: string) {
  const loaded = read(text);
  if (loaded.kind === 'wrong') {
    throw new Error(
      loaded.problems.map(({ file, line, message, hint }) => `${file}:${line} ${message} (${hint})`).join('\n'),
    );
  }
  return loaded.site;
}

function problemsOf(text: string): string[] {
  const loaded = read(text);
  return (loaded.kind === 'wrong' ? loaded.problems : []).map(({ message, hint }) => `${message} (${hint})`);
}

const head = 'gateway: {id: g}\nbuses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]\ndevices:\n';

/** What has no unit is counted, and hours are. */
function isCounter(unit: string | undefined): boolean {
  return unit === undefined || unit === 'h';
}

/** A device that has all that a class looks at; the settings stand as numbers that fit any rule. */
function wholeDevice(name: string): string {
  const { points, settings = [] } = classFile(name);
  const ascending = new Map(settings.map(({ id }, index) => [id, 10 + index]));
  const lines = points.map(({ id, unit, states }, index) =>
    states
      ? `      - {id: ${id}, coil: ${index}}`
      : `      - {id: ${id}, holding-register: ${2 * index}, type: f32${unit ? `, unit: '${unit}'` : ''}${isCounter(unit) ? ', counter: true' : ''}}`,
  );
  const as = settings
    .filter(one => one.default === undefined)
    .map(({ id, unit = '' }) => `${id}: '${`${ascending.get(id)} ${unit}`.trim()}'`);
  const level = name === 'tank' ? '{low-low: 1 m, low: 2 m, high: 3 m, overflow: 4 m}' : `{${as.join(', ')}}`;
  return `  - id: thing\n    bus: b\n    class: ${name}\n    as: ${level}\n    points:\n${lines.join('\n')}\n`;
}

describe.each(names)('the rule set %s', name => {
  test('is whole: a device that has everything gets every rule', () => {
    const { ruleSets, rules } = siteOf(head + wholeDevice(name));
    expect(ruleSets).toMatchObject([{ device: 'thing', class: name, leftOut: [], off: [] }]);
    const keys = rules.map(({ key }) => key);
    for (const { id, unless } of classFile(name).alarms) {
      if (unless === undefined) expect(keys).toContain(`thing/${id}`);
      else expect(keys).not.toContain(`thing/${id}`);
    }
  });

  test('says for every rule where its numbers come from, and what to read in both languages', () => {
    for (const { id, source, message } of classFile(name).alarms) {
      expect(source, id).toMatch(/\S/);
      expect(message.en, id).toMatch(/^[\x20-\x7e’±]+$/);
      expect(message.zh, id).toMatch(/\p{Script=Han}/u);
    }
  });

  test('speaks Chinese at a Chinese gateway', () => {
    const site = siteOf((head + wholeDevice(name)).replace('{id: g}', '{id: g, language: zh}'));
    for (const { message } of site.rules.filter(({ key }) => key.startsWith('thing/'))) {
      expect(message).toMatch(/\p{Script=Han}/u);
    }
  });
});

const pumpDevice = (more: string) => `  - id: booster
    bus: b
    points:
      - {id: discharge, name: Discharge, holding-register: 0, type: f32, unit: kPa}
      - {id: flow, holding-register: 2, type: f32, unit: m3/h}
      - {id: running, coil: 0}
      - {id: p1-run, coil: 1}
      - {id: p1-command, coil: 2}
      - {id: p1-fault, coil: 3}
${more}`;

const boosterSet = `    class: booster-set
    as: {outlet-pressure: discharge, setpoint: 4.5 bar, flow-usual-maximum: 40 m3/h}
`;

function reportsOf(text: string) {
  return siteOf(text).ruleSets;
}

function ruleOf(text: string, key: string) {
  return siteOf(text).rules.find(rule => rule.key === key);
}

describe('a device of any make', () => {
  test('gets the rules of its class that it has the points for; what is left out is told, with what is missing', () => {
    const [report] = reportsOf(head + pumpDevice(boosterSet));
    expect(report?.inForce).toEqual([
      ...['pipe-burst', 'outlet-pressure-low', 'outlet-pressure-high', 'pressure-hunting', 'pressure-oscillates'],
      ...['night-flow', 'sensor-frozen', 'sensor-lost'],
    ]);
    expect(report?.leftOut).toContainEqual({ alarm: 'dry-run', needs: ['inlet-pressure'] });
    expect(report?.leftOut).toContainEqual({ alarm: 'supply-fails', needs: ['all-at-maximum'] });
  });

  test('that is read too seldom for a window of a rule does without it, and is told how often it would have to be read', () => {
    const [report] = reportsOf(head + pumpDevice(`${boosterSet}    interval: 30s\n`));
    const tooSeldom = report?.leftOut.filter(({ needs }) => needs.some(need => need.includes(' every ')));
    expect(tooSeldom).toEqual([
      { alarm: 'pipe-burst', needs: ['booster/discharge every 1250ms'] },
      { alarm: 'pressure-hunting', needs: ['booster/discharge every 15s'] },
    ]);
    expect(report?.inForce).toContain('pressure-oscillates');
  });

  test('is judged in its own unit: a rule that is written in bar, at a sensor in kPa', () => {
    const text = head + pumpDevice(boosterSet);
    expect(ruleOf(text, 'booster/outlet-pressure-low')).toMatchObject({
      limit: 50,
      from: { kind: 'constant', value: 450 },
    });
    const burst = siteOf(text).expressions.find(({ text: cel }) => cel.includes('usual'));
    expect(burst?.inputs).toMatchObject([
      { name: 'p', conversion: { factor: 0.01 } },
      { name: 'dp', kind: 'rate', conversion: { factor: 0.01 } },
      { name: 'q' },
      { name: 'set', kind: 'constant', value: 4.5 },
      { name: 'usual', value: 40 },
    ]);
  });

  test('need not say what its profile says: a Grundfos set knows which of its points the class means', () => {
    const device =
      '  - {id: set, bus: b, profile: grundfos-cim200-booster, class: booster-set, as: {setpoint: 4 bar}}\n';
    const [report] = reportsOf(head + device);
    expect(report?.inForce).toContain('set-fault');
    expect(report?.inForce).toContain('dry-run');
    expect(ruleOf(head + device, 'set/set-fault')).toMatchObject({ kind: 'state', states: [1] });
  });

  test('has parts that are equipment themselves: their ids begin with that of the part, their messages with its name', () => {
    const parts = '    parts: [{id: p1, name: Pump 1, class: pump, as: {run: p1-run}}]\n';
    const text = head + pumpDevice(parts);
    expect(reportsOf(text)).toMatchObject([
      { part: 'p1', class: 'pump', inForce: ['p1-does-not-follow', 'p1-tripped', 'p1-never-runs'] },
    ]);
    expect(ruleOf(text, 'booster/p1-tripped')).toMatchObject({ message: 'Pump 1: The pump has tripped' });
    expect(ruleOf(text, 'booster/p1-does-not-follow')).toMatchObject({ startMessage: 'The pump does not start' });
  });

  test('may have its points at another device, and its own computed points in their place', () => {
    const more = `    class: booster-set
    as: {inlet-pressure: tank/p}
  - {id: tank, bus: b, unit-id: 2, points: [{id: p, holding-register: 0, type: f32, unit: bar}]}
computed: [{id: tank-empty, device: booster, states: {0: 'off', 1: 'on'}, inputs: {p: tank/p}, expression: p < 0.05}]
`;
    const [report] = reportsOf(head + pumpDevice(more));
    expect(report?.inForce).toEqual(['dry-run', 'dry-run-tank', 'night-flow']);
  });

  test('is told what of its class it does not understand', () => {
    const wrong = (more: string) => problemsOf(head + pumpDevice(more));
    expect(wrong('    class: boster-set\n')).toEqual(['no class is called "boster-set" (did you mean booster-set?)']);
    expect(wrong('    class: pump\n    as: {runs: p1-run}\n')).toEqual([
      'the class pump has no point "runs" (did you mean run?)',
    ]);
    expect(wrong('    class: pump\n    as: {run: p2-run}\n')).toEqual([
      'the device "booster" has no point "p2-run" (did you mean p1-run?)',
    ]);
    const drive =
      '  - {id: drive, bus: b, class: pump, points: [{id: run, coil: 9, states: {0: stopped, 1: running}}]}\n';
    expect(problemsOf(head + drive)).toEqual([
      "the class pump asks run for off and on, and drive/run has the states stopped, running (make a computed point of it, and name that one under as: {id: …, device: drive, states: {0: 'off', 1: 'on'}, inputs: {x: drive/run}, expression: …})",
    ]);
    expect(wrong('    class: booster-set\n    as: {outlet-pressure: flow, setpoint: 4 bar}\n')).toEqual([
      'the class booster-set has outlet-pressure in bar, and booster/flow is in m3/h (name another point under as:, or give it one of the units Pa, mbar, kPa, bar, MPa, psi, mmH2O, mH2O)',
    ]);
  });
});

describe('a site file changes an alarm', () => {
  const changed = (alarm: string, device = boosterSet) => `${head}${pumpDevice(device)}alarms:\n  - ${alarm}\n`;

  test('by its device and id, and by what differs', () => {
    const text = changed(
      '{device: booster, id: outlet-pressure-low, deviation: {below: 1 bar}, on-delay: 1m, priority: urgent}',
    );
    const rule = ruleOf(text, 'booster/outlet-pressure-low');
    expect(rule).toMatchObject({
      limit: 100,
      onDelayMs: 60_000,
      priority: 'urgent',
      message: 'The outlet pressure is too low',
    });
    expect(rule?.life.suppressedBy).toEqual(['booster-set-off']);
  });

  test('that its device has no number for: the change brings it along', () => {
    const tank =
      '  - {id: tank, bus: b, class: tank, points: [{id: level, holding-register: 0, type: f32, unit: m}]}\n';
    const alarms = 'alarms: [{device: tank, id: level-low, low: 1.5 m}]\n';
    expect(reportsOf(head + tank + alarms)[0]?.inForce).toEqual(['level-low']);
    expect(ruleOf(head + tank + alarms, 'tank/level-low')).toMatchObject({ limit: 1.5, deadband: 0.05 });
  });

  test('into another condition, or off', () => {
    const other = changed(
      '{device: booster, id: pressure-hunting, spread: {over: 2m, peak-to-peak: 1 bar}, enabled: yes}',
    );
    expect(problemsOf(other)).toEqual([
      'a spread has one measure, not both (write one of deviation or peak-to-peak: {over: 60s, deviation: 0.2 bar})',
    ]);
    const limit = changed('{device: booster, id: pressure-hunting, high: 8 bar}');
    expect(ruleOf(limit, 'booster/pressure-hunting')).toMatchObject({ kind: 'limit', limit: 800, onDelayMs: 300_000 });
    const off = changed('{device: booster, id: pressure-hunting, enabled: no}');
    expect(ruleOf(off, 'booster/pressure-hunting')).toBeUndefined();
    expect(reportsOf(off)[0]?.off).toEqual(['pressure-hunting']);
  });

  test('of a profile in the same way', () => {
    const text = `${head}  - {id: x, bus: b, points: [{id: a, coil: 0}]}\nalarms:\n  - {device: self, id: uplink, on-delay: 5m}\n  - {device: self, id: history, enabled: no}\n`;
    expect(ruleOf(text, 'self/uplink')).toMatchObject({ onDelayMs: 300_000, priority: 'high' });
    expect(ruleOf(text, 'self/history')).toBeUndefined();
  });

  test('by writing it anew, with its point', () => {
    const text = changed('{id: pressure-hunting, point: booster/discharge, high: 9 bar}');
    expect(ruleOf(text, 'booster/pressure-hunting')).toMatchObject({ kind: 'limit', priority: 'medium', onDelayMs: 0 });
  });

  test('that is there: another one is told', () => {
    expect(problemsOf(changed('{device: booster, id: presure-hunting, on-delay: 1m}'))).toEqual([
      'the device "booster" has no alarm "presure-hunting" to change (give it a point: and a condition, or the device a class: or profile: that has it)',
    ]);
    expect(problemsOf(changed('{device: boster, id: x, on-delay: 1m}'))).toEqual([
      'no device is called "boster" (did you mean booster?)',
    ]);
    expect(problemsOf(changed('{device: booster, id: outlet-pressure-low, on-dely: 1m}'))).toEqual([
      'an alarm has no key "on-dely" (did you mean on-delay?)',
    ]);
  });
});

describe('docs/rule-sets.md', () => {
  const path = join(import.meta.dirname, '../../docs/rule-sets.md');
  const page = readFileSync(path, 'utf8');

  test('has the tables of the files', () => {
    const [before = '', after = ''] = page.split(/<!-- table: begin -->[\s\S]*<!-- table: end -->/);
    const drawn = `${before}<!-- table: begin -->\n\n${drawRuleSets()}\n\n<!-- table: end -->${after}`;
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, drawn);
    else expect(page, 'UPDATE_GOLDEN=1 npx vitest run test/site/rule-sets.test.ts draws them anew').toBe(drawn);
  });

  test('has examples that are right', () => {
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, example = '']) => example);
    expect(examples.map(problemsOf)).toEqual([[], []]);
    expect(siteOf(examples[0] ?? '').ruleSets).toMatchObject([{ class: 'booster-set' }, { class: 'pump', part: 'p1' }]);
    expect(siteOf(examples[1] ?? '').ruleSets).toMatchObject([{ class: 'lift-bank', inForce: ['capacity'] }]);
  });
});
