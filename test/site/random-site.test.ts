import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { formatDuration } from '../../src/base/duration.ts';
import { unitSymbols } from '../../src/model/unit.ts';
import { createNumbering } from '../../src/site/numbering.ts';
import { formatProblem, parseSite } from '../../src/site/site.ts';

/** Sites as a person could write them, made at random: what is legal must load, and come out as it was written. */
const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).filter(name => name !== 'self');
const duration = (min: number, max: number) => fc.integer({ min, max }).map(formatDuration);
const optional = { requiredKeys: ['id'] as const };

const register = fc.record(
  {
    table: fc.constantFrom('holding-register', 'input-register'),
    address: fc.integer({ min: 0, max: 65_000 }),
    type: fc.constantFrom('u16', 's16', 'u32', 's32', 'u64', 's64', 'f32', 'f64'),
    scale: fc.constantFrom(0.001, 0.1, 1, 10, -1),
    offset: fc.constantFrom(-273.15, 0, 100),
    unit: fc.constantFrom(...unitSymbols),
    interval: duration(50, 3_600_000),
  },
  { requiredKeys: ['table', 'address', 'type'] },
);

const point = fc.record({ id, register }).map(({ id: name, register: { table, address, ...rest } }) => ({
  id: name,
  [table]: address,
  ...rest,
}));
const bit = fc.record({ id, coil: fc.integer({ min: 0, max: 65_535 }) });

const device = fc.record(
  {
    id,
    name: fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter(text => !/[\p{Cc}\uFFFD]/u.test(text)),
    interval: duration(50, 3_600_000),
    communication: fc.constantFrom('off', {}, { priority: 'urgent' }, { 'on-delay': '5s' }),
    'max-gap': fc.integer({ min: 0, max: 124 }),
    points: fc.uniqueArray(fc.oneof(point, bit), { minLength: 1, maxLength: 6, selector: ({ id: name }) => name }),
  },
  { requiredKeys: [...optional.requiredKeys, 'points'] },
);

const site = fc
  .record({
    gateway: fc.record({ id }),
    buses: fc.uniqueArray(fc.record({ id, port: fc.integer({ min: 1, max: 65_535 }) }), {
      minLength: 1,
      maxLength: 3,
      selector: bus => bus.id,
    }),
    devices: fc.uniqueArray(device, { minLength: 1, maxLength: 5, selector: ({ id: name }) => name }),
  })
  .map(({ gateway, buses, devices }) => ({
    gateway,
    buses: buses.map(bus => ({ ...bus, protocol: 'modbus-tcp', host: '192.0.2.7' })),
    devices: devices.map((one, index) => ({ ...one, bus: buses[index % buses.length]?.id, 'unit-id': index })),
    alarms: devices
      .flatMap(one =>
        one.points.filter(p => 'coil' in p).map(p => ({ id: p.id, point: `${one.id}/${p.id}`, state: 'on' })),
      )
      .filter(alarm => alarm.id !== 'communication'),
  }));

const selfProfile = `
vendor: plantroom
model: test
protocol: self
source: [test]
trust: own
points: [{ id: uptime, measure: uptime, unit: s }]
`;

test('a legal site loads, in any style of YAML, with all its points and alarms', () => {
  fc.assert(
    fc.property(site, fc.boolean(), (written, isFlow) => {
      const text = stringify(written, { collectionStyle: isFlow ? 'flow' : 'block' });
      const result = parseSite(text, 'site.yaml', {
        readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: selfProfile }),
        numbering: createNumbering(),
        resolvePath: path => path,
      });
      if (result.kind === 'wrong') throw new Error(`${text}\n${result.problems.map(formatProblem).join('\n')}`);
      const keys = written.devices.flatMap(one => one.points.map(p => `${one.id}/${p.id}`));
      expect(result.site.points.map(p => p.key)).toEqual([...keys, 'self/uptime']);
      expect(new Set(result.site.points.map(p => p.number)).size).toBe(keys.length + 1);
      const states = result.site.rules.filter(rule => rule.kind === 'state');
      expect(states.map(rule => rule.key)).toEqual(written.alarms.map(alarm => alarm.point));
      for (const p of result.site.points) expect(p.intervalMs).toBeGreaterThanOrEqual(50);
    }),
    { numRuns: 200 },
  );
});
