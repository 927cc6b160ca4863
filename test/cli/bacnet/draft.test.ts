import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftPoints, idOf, uniqueId } from '../../../src/cli/bacnet/draft.ts';
import type { ObjectRow } from '../../../src/cli/bacnet/object-list.ts';
import { deviceYaml, scalar } from '../../../src/cli/bacnet/yaml.ts';
import { createNumbering } from '../../../src/site/numbering.ts';
import { parseSite } from '../../../src/site/site.ts';

/* What is written to a site file: whatever a device says, the file stays right. */

const row: ObjectRow = {
  ...{ objectType: 0, instance: 3, type: 'analog-input', name: 'Supply temp', value: '6.9', valueType: 'real' },
  ...{ units: 'degrees-celsius', unit: '°C', scale: undefined, description: undefined, flags: [], states: [] },
};

/** The gateway's own device needs one. */
const selfProfile = `protocol: self
vendor: plantroom
model: itself
source: [this test]
trust: whole
points: [{id: uptime, measure: uptime, unit: s}]
`;

function load(yaml: readonly string[]) {
  const text = `gateway: {id: g1}\nbuses: [{id: net, protocol: bacnet-ip}]\ndevices:\n${yaml
    .map((line, index) => `${index === 0 ? '  - ' : '    '}${line}\n`)
    .join('')}`;
  return parseSite(text, 'site.yaml', {
    readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: selfProfile }),
    numbering: createNumbering(),
    resolvePath: path => path,
  });
}

const draft = {
  id: 'chiller',
  name: 'Chiller',
  bus: 'net',
  busPort: 47_808,
  instance: 1001,
  place: undefined,
} as const;
const device = (rows: readonly ObjectRow[], name = 'Chiller') =>
  deviceYaml({ ...draft, name, points: draftPoints(rows) });

describe('a draft', () => {
  test.each<[string, string, string]>([
    ['Supply temp', 'x', 'supply-temp'],
    ['  AHU-1 / Return °C ', 'x', 'ahu-1-return-c'],
    ['Zählerstand', 'x', 'zahlerstand'],
    ['1号冷水机', 'analog-input-1', 'analog-input-1'],
    ['压力', 'analog-input-9', 'analog-input-9'],
    ['12', 'analog-input-1', 'analog-input-1'],
    ['a'.repeat(60), 'x', 'a'.repeat(40)],
  ])('makes an id of %j', (name, otherwise, id) => {
    expect(idOf(name, otherwise)).toBe(id);
  });

  test('gives no id twice', () => {
    const taken = new Set<string>();
    const ids = Array.from({ length: 12 }, () => uniqueId('x'.repeat(40), taken));
    expect(new Set(ids).size).toBe(12);
    expect(ids.every(id => id.length <= 40)).toBe(true);
  });

  test('says of a unit that has no symbol how the device calls it, and gives a count its scale', () => {
    const rows = [
      { ...row, instance: 1, units: 'delta-degrees-kelvin', unit: undefined },
      { ...row, instance: 2, objectType: 23, type: 'accumulator', units: 'kilowatt-hours', unit: 'kWh', scale: 0.1 },
    ];
    const lines = device(rows).block.join('\n');
    expect(lines).toContain('object: analog-input 1 } # the device says delta-degrees-kelvin');
    expect(lines).toContain('object: accumulator 2, scale: 0.1, unit: kWh, counter: true }');
  });

  test.each([
    [47_808, 47_808, 'address: 10.0.0.5'],
    [47_808, 47_809, 'address: "10.0.0.5:47808"'],
    [47_809, 47_809, 'address: "10.0.0.5:47809"'],
  ])('of a device at port %i, through a bus at port %i, says %s', (port, busPort, said) => {
    const place = { host: '10.0.0.5', port, network: 0, mac: '' };
    expect(deviceYaml({ ...draft, busPort, place, points: draftPoints([row]) }).block).toContain(said);
  });

  test('of a lift has the points that people watch', () => {
    const lift = {
      ...row,
      objectType: 59,
      type: 'lift',
      instance: 1,
      name: 'Lift A',
      units: undefined,
      unit: undefined,
    };
    const loaded = load(device([lift]).block);
    expect(loaded.kind).toBe('ok');
    if (loaded.kind !== 'ok') return;
    const points = loaded.site.devices.find(({ id }) => id === 'chiller')?.points ?? [];
    expect(points.map(({ id }) => id)).toContain('lift-a-faults');
  });

  test('leaves out what has no value, and states of which two have one name', () => {
    const rows = [
      { ...row, objectType: 17, type: 'schedule' },
      { ...row, objectType: 8, type: 'device' },
      { ...row, objectType: 13, type: 'multi-state-input', states: [[1, 'a'] as const, [2, 'a'] as const] },
      {
        ...{ ...row, objectType: 13, type: 'multi-state-input', instance: 4 },
        states: [[1, `${'a'.repeat(100)}1`] as const, [2, `${'a'.repeat(100)}2`] as const],
      },
    ];
    const lines = device(rows).block.join('\n');
    expect(lines).not.toMatch(/schedule|object: device|states/);
  });

  test('is a right site file, whatever names, states and texts the device gives', () => {
    const word = fc.oneof(fc.string({ maxLength: 120 }), fc.string({ unit: 'grapheme', maxLength: 40 }), yamlTraps);
    const rows = fc.array(
      fc.record({
        kind: fc.constantFrom(
          [0, 'analog-input'] as const,
          [13, 'multi-state-input'] as const,
          [40, 'characterstring-value'] as const,
        ),
        name: word,
        states: fc.uniqueArray(
          word.filter(text => text.trim() !== ''),
          { maxLength: 4 },
        ),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(rows, word, (given, deviceName) => {
        const objects = given.map(
          ({ kind: [objectType, type], name, states }, instance): ObjectRow => ({
            ...{ ...row, objectType, type, instance, name, unit: undefined, units: undefined },
            states: objectType === 13 ? states.map((text, index) => [index + 1, text] as const) : [],
          }),
        );
        const yaml = device(objects, deviceName.trim() || 'x');
        for (const lines of [yaml.block, yaml.flow]) {
          const loaded = load(lines);
          expect(loaded.kind === 'ok' ? [] : loaded.problems).toEqual([]);
          if (loaded.kind !== 'ok') continue;
          const built = loaded.site.devices.find(({ id }) => id === 'chiller');
          expect(built?.points).toHaveLength(given.length);
        }
      }),
      { numRuns: 150 },
    );
  });
});

const yamlTraps = fc.constantFrom(
  ...[
    'yes',
    'No',
    'null',
    '~',
    '1',
    '0x10',
    '1e3',
    '- a',
    'a: b',
    '#x',
    'a #b',
    "it's",
    '"q"',
    '[x]',
    '{a}',
    '*a',
    '&a',
  ],
  ...['!t', '%', '@', '`', '|', '>', '', ' ', 'a\tb', 'a\nb', '\u0000', '\u2028', '\ufeff', '压力', 'Zähler', 'true'],
);

describe('a text in YAML', () => {
  test.each([
    ['Supply temp', 'Supply temp'],
    ['°C', '°C'],
    ['m3/h', 'm3/h'],
    ['%', '"%"'],
    ['Off', '"Off"'],
    ['1', '"1"'],
    ['a: b', '"a: b"'],
  ])('%j is written %s', (text, written) => {
    expect(scalar(text)).toBe(written);
  });
});
