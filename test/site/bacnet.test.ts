import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Site } from '../../src/model/site.ts';
import { createNumbering } from '../../src/site/numbering.ts';
import { formatProblem, parseSite } from '../../src/site/site.ts';

const profile = `
vendor: V
model: M
protocol: bacnet
source: [S]
trust: T
timeout: 2s
points:
  - { id: mode, name: Mode, object: lift 1, property: car-mode, states: { 1: normal } }
  - { id: locked, name: Locked, object: lift 1, property: fault-signals, contains: 5 }
  - { id: model, name: Model, object: device, property: model-name, type: text }
`;
const selfProfile = 'vendor: V\nmodel: M\nprotocol: self\nsource: [S]\ntrust: T\npoints: [{ id: up, measure: uptime }]';

function load(devices: string, bus = '{ id: net, protocol: bacnet-ip }'): Site {
  const text = `gateway: { id: g }\nbuses: [${bus}]\ndevices:\n${devices}`;
  const result = parseSite(text, 'site.yaml', {
    readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: name === 'lift' ? profile : selfProfile }),
    numbering: createNumbering(),
    resolvePath: path => path,
  });
  if (result.kind !== 'ok') throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.site;
}

function addressOf(site: Site, key: string) {
  return site.points.find(point => point.key === key)?.address;
}

describe('a bus of BACnet/IP', () => {
  test('has what is usual where the file says nothing', () => {
    const site = load('  - { id: d, bus: net, instance: 1, points: [{ id: p, object: analog-input 3 }] }');
    expect(site.buses[0]).toEqual({
      protocol: 'bacnet-ip',
      id: 'net',
      address: '0.0.0.0',
      port: 47_808,
      broadcast: undefined,
      foreign: undefined,
      timeoutMs: 3_000,
      retries: 2,
      requestsInFlight: 32,
      deadDeviceShare: 0.1,
    });
  });

  test('is one interface, and may be a foreign device of another network', () => {
    const bus =
      '{ id: net, protocol: bacnet-ip, address: 10.0.0.2, port: 47809, broadcast: 10.0.0.255, foreign: { host: 10.9.0.1, ttl: 10m }, retries: 0 }';
    expect(
      load('  - { id: d, bus: net, instance: 1, points: [{ id: p, object: analog-input 3 }] }', bus).buses[0],
    ).toMatchObject({
      address: '10.0.0.2',
      port: 47_809,
      broadcast: '10.0.0.255',
      foreign: { host: '10.9.0.1', port: 47_808, ttlMs: 600_000 },
      retries: 0,
    });
  });
});

describe('a device of BACnet', () => {
  const point = 'points: [{ id: p, object: analog-input 3 }]';

  test('is known by its instance, and is missed when it is not heard, like any other', () => {
    const site = load(`  - { id: d, bus: net, instance: 1001, ${point} }`);
    expect(site.devices[0]).toMatchObject({
      unitId: undefined,
      bacnet: { instance: 1_001, address: undefined, routed: undefined },
    });
    expect(site.rules.map(({ key }) => key)).toContain('d/communication');
  });

  test.each([
    ['address: 10.0.0.5', { address: { host: '10.0.0.5', port: 47_809 }, routed: undefined }],
    ['address: 10.0.0.5:47900', { address: { host: '10.0.0.5', port: 47_900 }, routed: undefined }],
    [
      'address: 10.0.0.1, network: { number: 2001, mac: "0C" }',
      { address: { host: '10.0.0.1', port: 47_809 }, routed: { network: 2_001, mac: '0c' } },
    ],
  ])('with %s is where the file says', (written, bacnet) => {
    const site = load(
      `  - { id: d, bus: net, instance: 7, ${written}, ${point} }`,
      '{ id: net, protocol: bacnet-ip, port: 47809 }',
    );
    expect(site.devices[0]?.bacnet).toEqual({ instance: 7, ...bacnet });
  });

  test('may be two devices of the site, the second with other objects of the same profile', () => {
    const site = load(`
  - { id: lift-1, bus: net, instance: 9, profile: lift }
  - { id: lift-2, bus: net, instance: 9, profile: lift, object-offset: 1, points: [{ id: locked, contains: 6 }] }
`);
    expect(site.devices.map(({ timeoutMs }) => timeoutMs).slice(0, 2)).toEqual([2_000, 2_000]);
    expect(addressOf(site, 'lift-1/mode')).toMatchObject({ objectType: 59, instance: 1, property: 456 });
    expect(addressOf(site, 'lift-2/mode')).toMatchObject({ objectType: 59, instance: 2 });
    expect(addressOf(site, 'lift-2/locked')).toMatchObject({
      instance: 2,
      property: 463,
      part: { kind: 'contains', value: 6 },
    });
    expect(addressOf(site, 'lift-2/model')).toMatchObject({
      objectType: 8,
      instance: 9,
      property: 70,
      part: { kind: 'text' },
    });
  });
});

describe('a point of BACnet', () => {
  test.each([
    [
      'object: analog-input 3',
      { objectType: 0, instance: 3, property: 85, index: undefined, part: { kind: 'whole' }, cov: undefined },
    ],
    ['object: 130 3, property: 512', { objectType: 130, instance: 3, property: 512 }],
    ['object: 130 3, property: "600"', { property: 600 }],
    ['object: lift 1, property: car-door-status, index: 2', { objectType: 59, property: 450, index: 2 }],
    ['object: analog-input 3, property: status-flags, bit: 1', { property: 111, part: { kind: 'bit', bit: 1 } }],
    ['object: lift 1, property: fault-signals, count: yes', { part: { kind: 'count' } }],
    ['object: device, property: object-name, type: text', { objectType: 8, instance: 5, part: { kind: 'text' } }],
    ['object: analog-input 3, cov: yes', { cov: { increment: undefined } }],
    ['object: analog-input 3, cov: { increment: 0.5 }', { cov: { increment: 0.5 } }],
    ['object: analog-input 3, cov: no', { cov: undefined }],
  ])('written as %s is that', (written, address) => {
    const site = load(`  - { id: d, bus: net, instance: 5, points: [{ id: p, ${written} }] }`);
    expect(addressOf(site, 'd/p')).toMatchObject({ protocol: 'bacnet', ...address });
  });

  test('tells changes by itself where its device is asked to, if it is a present value and says nothing else', () => {
    const site = load(`
  - id: d
    bus: net
    instance: 5
    cov: yes
    points:
      - { id: p, object: analog-input 3 }
      - { id: q, object: analog-input 3, property: description, type: text }
      - { id: r, object: analog-input 4, cov: no }
`);
    const told = site.points.flatMap(({ id, address }) => (address.protocol === 'bacnet' && address.cov ? [id] : []));
    expect(told).toEqual(['p']);
  });

  test('is a switch where it is a bit, a fault of a list, or a binary object, and a text has no history', () => {
    const site = load(`
  - id: d
    bus: net
    instance: 5
    points:
      - { id: bit, object: analog-input 3, property: status-flags, bit: 1 }
      - { id: fault, object: lift 1, property: fault-signals, contains: 3 }
      - { id: run, object: binary-value 3 }
      - { id: level, object: analog-value 3 }
      - { id: name, object: device, property: object-name, type: text }
`);
    const points = site.points.filter(({ key }) => key.startsWith('d/'));
    const kinds = points.map(({ id, states, recording }) => [id, states?.get(1), recording !== undefined]);
    expect(kinds).toEqual([
      ['bit', 'on', true],
      ['fault', 'on', true],
      ['run', 'on', true],
      ['level', undefined, true],
      ['name', undefined, false],
    ]);
  });
});

describe('a lift of whose properties its gateway has only some', () => {
  const readProfile = (name: string) => {
    const file = join(import.meta.dirname, `../../config/profiles/${name}.yaml`);
    return { kind: 'found' as const, file, text: readFileSync(file, 'utf8') };
  };
  const parse = (bus: string, device: string) =>
    parseSite(`gateway: { id: g }\nbuses: [{ id: b, ${bus} }]\ndevices: [{ id: d, bus: b, ${device} }]`, 'site.yaml', {
      numbering: createNumbering(),
      resolvePath: path => path,
      readProfile,
    });

  test('has the rules of its class that these are enough for, and says what the others need', () => {
    const loaded = parse(
      'protocol: bacnet-ip',
      'instance: 1, profile: bacnet-lift, class: lift, only: [normal-mode, alarm-button, position-lost]',
    );
    if (loaded.kind === 'wrong') throw new Error(loaded.problems.map(formatProblem).join('\n'));
    const [report] = loaded.site.ruleSets;
    expect(report?.inForce).toEqual(['alarm-button', 'position-lost']);
    expect(report?.leftOut.find(({ alarm }) => alarm === 'door-open-long')?.needs).toEqual(['door-closed']);
  });

  test('and so has a device of Modbus whose profile says what its points mean to the class', () => {
    const loaded = parse(
      'protocol: modbus-tcp, host: 192.0.2.7',
      'profile: grundfos-cim200-booster, class: booster-set, only: [outlet-pressure, status-on]',
    );
    if (loaded.kind === 'wrong') throw new Error(loaded.problems.map(formatProblem).join('\n'));
    const needs = loaded.site.ruleSets[0]?.leftOut.find(({ alarm }) => alarm === 'set-fault')?.needs;
    expect(needs).toEqual(['fault']);
  });
});

describe('the site files of docs/bacnet.md are right', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/bacnet.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const load = (text: string) =>
    parseSite(text, 'bacnet.md', {
      numbering: createNumbering(),
      readProfile: name => ({
        kind: 'found',
        file: name,
        text: readFileSync(join(import.meta.dirname, `../../config/profiles/${name}.yaml`), 'utf8'),
      }),
      resolvePath: path => path,
    });

  test.each(blocks)('%s', block => {
    const loaded = load(block);
    expect((loaded.kind === 'wrong' ? loaded.problems : loaded.warnings).map(formatProblem)).toEqual([]);
  });

  test('and the lift whose load nobody knows is still watched for passengers', () => {
    expect(blocks.length).toBe(2);
    const loaded = load(blocks[1] ?? '');
    expect(loaded.kind === 'ok' && loaded.site.ruleSets[0]?.inForce).toEqual(
      expect.arrayContaining(['trapped', 'trapped-at-level', 'alarm-button', 'out-of-service']),
    );
  });
});
