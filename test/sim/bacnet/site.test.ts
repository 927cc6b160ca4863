import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../src/sim/simulator.ts';
import { loadSite } from '../../../src/site/site.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { apduOf, frame, openWire, patience, settleWire } from './rig.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const port = 47_841;

/** A tower with a chiller, a lift group with an escalator behind a router, and a board that is looked for. */
const tower = `gateway: {id: test, name: Test}
buses:
  - {id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${port}, foreign: {host: 127.0.0.9, port: ${port}, ttl: 60s}}
devices:
  - id: chiller
    name: Chiller
    bus: net
    instance: 1001
    address: 127.0.0.2
    points:
      - {id: supply, name: Supply, object: analog-input 1, unit: °C}
      - {id: return, name: Return, object: analog-input 2, unit: °C}
      - {id: load, name: Load, object: analog-value 3, unit: '%'}
      - {id: running, name: Running, object: binary-input 4}
      - {id: energy, name: Energy, object: accumulator 5, unit: kWh, scale: 0.1}
  - id: lifts
    name: Lifts
    bus: net
    instance: 1002
    address: 127.0.0.3
    network: {number: 5, mac: '0c'}
    points:
      - {id: floor, name: Floor, object: lift 1, property: car-position}
      - {id: interlock, name: Interlock, object: lift 1, property: fault-signals, contains: 5}
      - {id: door, name: Door, object: lift 2, property: car-door-status, index: 1}
      - {id: calls, name: Calls, object: elevator-group 1, property: landing-calls, count: yes}
      - {id: comb, name: Comb, object: escalator 7, property: fault-signals, contains: 8}
  - id: board
    name: Board
    bus: net
    instance: 1003
    points:
      - {id: flag, name: Flag, object: analog-input 9, property: status-flags, bit: 1}
      - {id: word, name: Word, object: characterstring-value 1, type: text}
      - {id: list, name: List, object: '130 1', property: 600, contains: 3}
      - {id: some, name: Some, object: '130 1', property: 601, count: yes}
      - {id: third, name: Third, object: '130 1', property: 602, index: 3}
`;

function load(yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-sim-'));
  closers.push(async () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'site.yaml');
  writeFileSync(path, yaml);
  const loaded = loadSite(path);
  if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded.problems));
  return loaded.site;
}

async function start(values: SimulatorOptions['values'], yaml = tower) {
  const clock = new VirtualClock();
  const simulator = await startSimulator({ site: load(yaml), clock, random: seededRandom(1), values });
  closers.push(() => simulator.stop());
  const wire = await openWire();
  let invokeId = 0;
  /** The values of a property between their brackets, or the answer that is none. */
  const read = async (host: string, object: string, property: number, npdu = '0104') => {
    invokeId += 1;
    const id = invokeId.toString(16).padStart(2, '0');
    const [type = 0, instance = 0] = object.split(':').map(Number);
    const objectHex = (((type << 22) | instance) >>> 0).toString(16).padStart(8, '0');
    const propertyHex =
      property < 256 ? `19${property.toString(16).padStart(2, '0')}` : `1a${property.toString(16).padStart(4, '0')}`;
    wire.send(frame(`0275 ${id} 0c 0c ${objectHex} ${propertyHex}`, npdu), { host, port });
    await wire.next();
    const apdu = apduOf(wire.heard.at(-1)?.hex ?? '');
    return apdu.includes(`${propertyHex}3e`)
      ? apdu.slice(apdu.indexOf(`${propertyHex}3e`) + propertyHex.length + 2, -2)
      : apdu;
  };
  const readReal = async (host: string, object: string) =>
    Buffer.from((await read(host, object, 85)).slice(2), 'hex').readFloatBE(0);
  return { simulator, clock, wire, read, readReal };
}

/** The lifts are behind a router. */
const behind = '0124 0005 01 0c ff';

describe('the BACnet devices of a site file', () => {
  test('are served where it says, or on an address of their own, and told in lines for people', async () => {
    const { simulator } = await start('plant');
    expect(simulator.endpoints).toEqual([
      { buses: ['net'], kind: 'BACnet/IP', place: `127.0.0.2:${port}`, port, devices: ['chiller'] },
      { buses: ['net'], kind: 'BACnet/IP, router', place: `127.0.0.3:${port}`, port, devices: ['lifts'] },
      { buses: ['net'], kind: 'BACnet/IP', place: `127.0.1.2:${port}`, port, devices: ['board'] },
    ]);
    expect(simulator.names.buses).toEqual(['net']);
  });

  test('hear a broadcast Who-Is, also behind their router and through the BBMD', async () => {
    const { wire } = await start('constant');
    wire.send('810b000c0120ffff00ff1008', { host: '127.255.255.255', port });
    await expect.poll(() => wire.heard.length, patience).toBe(3);
    expect(wire.heard.map(({ hex }) => /c40200(03e9|03ea|03eb)/.exec(hex)?.[1]).toSorted()).toEqual([
      '03e9',
      '03ea',
      '03eb',
    ]);
    wire.send('81050006003c', { host: '127.0.0.9', port });
    await expect.poll(() => wire.heard.at(-1)?.hex, patience).toBe('810000060000');
    wire.send('8109000c0120ffff00ff1008', { host: '127.0.0.9', port });
    await expect.poll(() => wire.heard.length, patience).toBe(7);
  });

  test('show what the equipment behind them measures, in raw values', async () => {
    const { clock, readReal, read, simulator } = await start('plant');
    expect(await readReal('127.0.0.2', '0:1')).toBeCloseTo(7, 0);
    expect(await read('127.0.0.2', '3:4', 85)).toBe('9101');
    // 812,400 kWh in tenths.
    expect(await read('127.0.0.2', '23:5', 85)).toBe('237bf660');
    expect(await read('127.0.0.2', '0:1', 117)).toBe('913e');
    simulator.startFault('chiller', 'no-flow', undefined);
    await clock.advance(60_000);
    expect(await readReal('127.0.0.2', '0:1')).toBeGreaterThan(9);
    expect(await read('127.0.0.2', '3:4', 85)).toBe('9100');
  });

  test('lifts, escalators and their group are whole objects that move', async () => {
    const { clock, read, simulator } = await start('plant');
    const lift = (property: number) => read('127.0.0.3', '59:1', property, behind);
    expect(await lift(463)).toBe('');
    expect(await lift(464)).toMatch(/^720047/);
    expect(await read('127.0.0.3', '57:1', 345, behind)).toBe('c40ec00001c40ec00002');
    const positions = new Set<string>();
    for (let step = 0; step < 30; step += 1) {
      await clock.advance(2_000);
      positions.add(await lift(458));
    }
    expect(positions.size).toBeGreaterThan(2);
    expect(simulator.faults()[1]?.possible.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['lift-stuck', 'silent']),
    );
    simulator.startFault('lifts', 'lift-stuck', undefined);
    await clock.advance(60_000);
    expect([await lift(463), await lift(478), await lift(456)]).toEqual(['91059108', '11', '910c']);
    // The other lift of the device goes on.
    expect(await read('127.0.0.3', '59:2', 463, behind)).toBe('');
    expect(await read('127.0.0.3', '58:7', 479, behind)).toBe('11');
  });

  test('that are one gateway of lifts are one device on the wire, each with its own faults of the plant', async () => {
    const lifts = `gateway: {id: test}
buses: [{id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${port}}]
devices:
  - {id: lift-1, bus: net, instance: 3100, profile: bacnet-lift}
  - {id: lift-2, bus: net, instance: 3100, profile: bacnet-lift, object-offset: 1}
  - {id: group, bus: net, instance: 3100, profile: bacnet-elevator-group}
  - {id: other, bus: net, instance: 3100, address: 127.0.0.7, points: [{id: p, object: analog-input 1}]}
`;
    const { clock, wire, read, simulator } = await start('plant', lifts);
    const [gateway, other] = simulator.endpoints;
    expect(gateway).toMatchObject({ place: `127.0.1.2:${port}`, devices: ['lift-1', 'lift-2', 'group'] });
    expect(other).toMatchObject({ place: `127.0.0.7:${port}`, devices: ['other'] });
    simulator.startFault('lift-2', 'lift-stuck', undefined);
    await clock.advance(60_000);
    expect(await read('127.0.1.2', '59:1', 463)).toBe('');
    expect(await read('127.0.1.2', '59:2', 463)).toBe('91059108');
    expect(await read('127.0.1.2', '57:1', 345)).toBe('c40ec00001c40ec00002');
    // A fault of the wire of one is one of the whole gateway, and nobody else's.
    simulator.startFault('group', 'busy', undefined);
    expect(await read('127.0.1.2', '59:1', 463)).toMatch(/^71..09$/);
    expect(await read('127.0.0.7', '0:1', 85)).not.toMatch(/^71/);
    expect(wire.heard.length).toBe(5);
  });

  test('show a value in the unit that the point has', async () => {
    const meter = (unit: string) => `gateway: {id: test}
buses: [{id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${port}}]
devices: [{id: meter, bus: net, instance: 7, address: 127.0.0.2, profile: bacnet-meter, points: [{id: p-total, unit: ${unit}}]}]
`;
    const watts = await start('plant', meter('W'));
    const power = await watts.readReal('127.0.0.2', '0:7');
    await watts.simulator.stop();
    const kilowatts = await (await start('plant', meter('kW'))).readReal('127.0.0.2', '0:7');
    expect(power).toBeGreaterThan(10_000);
    expect(kilowatts).toBeCloseTo(power / 1_000, 0);
  });

  test('ramp where no equipment is known: bits, texts, lists, counts and elements', async () => {
    const { clock, read } = await start('ramp');
    const board = async () => [
      await read('127.0.1.2', '0:9', 111),
      await read('127.0.1.2', '40:1', 85),
      await read('127.0.1.2', '130:1', 600),
      await read('127.0.1.2', '130:1', 601),
      await read('127.0.1.2', '130:1', 602),
    ];
    expect(await board()).toEqual(['820400', '720031', '', '910091019102', '210421042104']);
    await clock.advance(1_000);
    expect(await board()).toEqual(['820440', '720032', '9103', '9100910191029103', '210421042105']);
    // A lift without equipment counts like everything else.
    expect(await read('127.0.0.3', '59:1', 458, behind)).toBe('2101');
  });

  test('have the faults of BACnet, by the clock and until they are cleared', async () => {
    const { clock, simulator, read } = await start('constant');
    simulator.startFault('board', 'busy', 1_000);
    expect(await read('127.0.1.2', '0:9', 111)).toMatch(/^71..09$/);
    await clock.advance(1_000);
    expect(await read('127.0.1.2', '0:9', 111)).toBe('820400');
    expect(() => simulator.startFault('board', 'bad-crc', undefined)).toThrow('which is no fault of BACnet');
    expect(simulator.clearFaults(undefined)).toBe(0);
    expect(simulator.requests()).toBe(2);
  });

  test('tell subscribers what the plant does', async () => {
    const { clock, wire, simulator } = await start('plant');
    wire.send(frame('0275 01 1c 0912 1c 0ec00001 2900 3a0258 4e 0a01cf 4f', behind), { host: '127.0.0.3', port });
    await clock.advance(100);
    await expect.poll(() => wire.heard.length, patience).toBe(2);
    simulator.startFault('lifts', 'lift-stuck', undefined);
    await clock.advance(60_000);
    await expect.poll(() => wire.heard.at(-1)?.hex, patience).toMatch(/4e0a01cf2e910591082f096f2e8204002f4f$/);
  });

  test('are gone while the plug of their bus is pulled', async () => {
    const { simulator, wire, read } = await start('constant');
    await simulator.setPlugged('net', false);
    wire.send(frame('0275 63 0c 0c 020003e9 194b'), { host: '127.0.0.2', port });
    await settleWire();
    await simulator.setPlugged('net', true);
    expect(await read('127.0.0.2', '8:1001', 75)).toBe('c4020003e9');
    expect(wire.heard.length).toBe(1);
    // Its BBMD has forgotten its clients.
    const bbmd = { host: '127.0.0.9', port };
    wire.send('81050006003c', bbmd);
    expect(await wire.next()).toBe('810000060000');
    await simulator.setPlugged('net', false);
    await simulator.setPlugged('net', true);
    wire.send('8109000c0120ffff00ff1008', bbmd);
    expect(await wire.next()).toBe('810000060060');
    await expect(simulator.setPlugged('nat', false)).rejects.toMatchObject({ hint: 'it has: net' });
  });

  test.each([
    [
      'address: 127.0.0.1',
      'address: 10.0.0.1',
      'the bus net is at 10.0.0.1, and the simulator serves only the loopback interface',
    ],
    ['address: 127.0.0.2', 'address: 10.0.0.2', 'the device chiller is at 10.0.0.2, and'],
    ['host: 127.0.0.9', 'host: 10.0.0.9', 'the BBMD of the bus net is at 10.0.0.9, and'],
  ])('of another machine are not played: %s', async (from, to, message) => {
    const starting: Promise<Simulator> = start('constant', tower.replace(from, to)).then(({ simulator }) => simulator);
    await expect(starting).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining(message) });
  });

  test('an address that another program holds is named, and the others are let go', async () => {
    const taken = await openWire('127.0.0.3', port);
    await expect(start('constant')).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining(`UDP port ${port} on 127.0.0.3`),
    });
    expect(taken.port).toBe(port);
    await openWire('127.0.0.2', port);
  });
});
