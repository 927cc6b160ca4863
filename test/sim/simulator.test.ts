import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Site } from '../../src/model/site.ts';
import { openControl } from '../../src/sim/control.ts';
import { createControlClient } from '../../src/sim/control-client.ts';
import { controlSocketIn } from '../../src/sim/control-socket.ts';
import { FaultDesk } from '../../src/sim/fault-desk.ts';
import { type Simulator, startSimulator } from '../../src/sim/simulator.ts';
import { wireFaults } from '../../src/sim/wire-fault.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';
import { mbpoll } from './mbpoll.ts';
import { type SampleDevice, samplePoints, sampleSite } from './sample-site.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const pump: SampleDevice = { id: 'pump', unitId: 1, points: samplePoints('holding-register', 0, 4) };
const tank: SampleDevice = { id: 'tank', unitId: 2, points: [{ id: 'level', address: 4, scale: 0.01 }] };

async function start(
  site: Site,
  more: Partial<Parameters<typeof startSimulator>[0]> = {},
): Promise<Simulator & { readonly port: number }> {
  const simulator = await startSimulator({
    site,
    clock: systemClock,
    random: seededRandom(1),
    values: 'ramp',
    ...more,
  });
  closers.push(() => simulator.stop());
  return { ...simulator, port: simulator.endpoints[0]?.port ?? 0 };
}

/** A raw Modbus TCP connection that keeps what came back. */
async function open(port: number) {
  const socket = connect({ host: '127.0.0.1', port });
  let received = '';
  let isClosed = false;
  socket.on('data', chunk => {
    received += chunk.toString('hex');
  });
  socket.on('close', () => {
    isClosed = true;
  });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => {});
  closers.push(async () => void socket.destroy());
  return {
    ask: (hex: string) => socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex')),
    received: () => received,
    isClosed: () => isClosed,
  };
}

const read = '0007 0000 0006 01 03 0000 0002';
const readNeighbour = '0008 0000 0006 02 03 0004 0001';
const patience = { timeout: 10_000 };

describe('faults of the wire', () => {
  // Constant values: register n of the pump holds n.
  const good = '0007 0000 0007 01 03 04 0000 0001'.replaceAll(' ', '');

  test.each([
    ['refuse', '0007 0000 0003 01 83 02'],
    ['busy', '0007 0000 0003 01 83 06'],
    ['wrong-unit', '0007 0000 0007 02 03 04 0000 0001'],
  ])('%s sends these bytes and no others', async (fault, bytes) => {
    const { port, startFault, clearFaults } = await start(sampleSite([pump, tank]), { values: 'constant' });
    const wire = await open(port);
    startFault('pump', fault, undefined);
    wire.ask(read);
    // The neighbour on the same wire is well, and its answer is the sign that nothing more comes.
    wire.ask(readNeighbour);
    const neighbour = '000800000005020302' + '0000';
    const expected = bytes.replaceAll(' ', '') + neighbour;
    await expect.poll(wire.received, patience).toBe(expected);
    clearFaults('pump');
    wire.ask(read);
    await expect.poll(wire.received, patience).toBe(expected + good);
  });

  test('torn sends the beginning of an answer and stops there', async () => {
    const { port, startFault } = await start(sampleSite([pump, tank]), { values: 'constant' });
    const wire = await open(port);
    startFault('pump', 'torn', undefined);
    wire.ask(read);
    wire.ask(readNeighbour);
    const neighbour = '0008000000050203020000';
    await expect.poll(wire.received, patience).toMatch(new RegExp(`${neighbour}$`));
    const torn = wire.received().slice(0, -neighbour.length);
    expect(torn.length).toBeGreaterThan(0);
    expect(torn.length).toBeLessThan(good.length);
    expect(good.startsWith(torn)).toBe(true);
  });

  test('silent answers nothing, while its neighbour goes on', async () => {
    const { port, startFault } = await start(sampleSite([pump, tank]), { values: 'constant' });
    const wire = await open(port);
    startFault('pump', 'silent', undefined);
    wire.ask(read);
    wire.ask(readNeighbour);
    await expect.poll(wire.received, patience).toBe('0008000000050203020000');
    expect(wire.isClosed()).toBe(false);
  });

  test('close ends the connection without a byte', async () => {
    const { port, startFault } = await start(sampleSite([pump]));
    const wire = await open(port);
    startFault('pump', 'close', undefined);
    wire.ask(read);
    await expect.poll(wire.isClosed, patience).toBe(true);
    expect(wire.received()).toBe('');
  });

  test('late answers after the timeout, under the transaction id of its question', async () => {
    const clock = new VirtualClock();
    const simulator = await start(sampleSite([pump, tank]), { values: 'constant', clock });
    const wire = await open(simulator.port);
    simulator.startFault('pump', 'late', undefined);
    wire.ask(read);
    wire.ask(readNeighbour);
    await expect.poll(wire.received, patience).toBe('0008000000050203020000');
    await clock.advance(1_150);
    await settle();
    expect(wire.received()).toBe('0008000000050203020000');
    await clock.advance(100);
    await expect.poll(wire.received, patience).toBe(`0008000000050203020000${good}`);
  });

  test('a late answer dies with its connection and leaves no timer', async () => {
    const clock = new VirtualClock();
    const simulator = await start(sampleSite([pump]), { clock });
    const wire = await open(simulator.port);
    const before = clock.pending;
    simulator.startFault('pump', 'late', undefined);
    wire.ask(read);
    await expect.poll(() => clock.pending, patience).toBe(before + 1);
    await simulator.stop();
    await expect.poll(() => clock.pending, patience).toBe(0);
  });

  test('all of them are described', () => {
    expect(Object.values(wireFaults).every(({ text }) => text.length > 20)).toBe(true);
  });
});

describe('the fault desk', () => {
  const device = sampleSite([pump]).devices[0];
  if (!device) throw new Error('no device');

  test('a fault with a duration ends by itself, one without stays', () => {
    const clock = new VirtualClock();
    const desk = new FaultDesk([{ device, kind: 'tank', framing: 'tcp' }], clock);
    desk.start('pump', 'tank-leak', 20_000);
    desk.start('pump', 'silent', undefined);
    clock.freeze(19_999);
    expect(desk.view()[0]?.active).toEqual([
      { name: 'tank-leak', leftMs: 1 },
      { name: 'silent', leftMs: null },
    ]);
    clock.freeze(1);
    expect(desk.view()[0]?.active).toEqual([{ name: 'silent', leftMs: null }]);
    expect(desk.clear(undefined)).toBe(1);
    expect(desk.clear('pump')).toBe(0);
  });

  test('of two faults on one wire the last one counts, until it ends', () => {
    const clock = new VirtualClock();
    const desk = new FaultDesk([{ device, kind: undefined, framing: 'tcp' }], clock);
    desk.start('pump', 'busy', undefined);
    desk.start('pump', 'silent', 1_000);
    expect(desk.wireFault('pump')).toBe('silent');
    clock.freeze(1_000);
    desk.expire();
    expect(desk.wireFault('pump')).toBe('busy');
  });

  test.each([
    ['tnak', 'tank-leak', 'the simulated plant has no device tnak', 'it has: pump'],
    ['pump', 'tank-leek', 'the device pump has no fault tank-leek', 'its faults: tank-leak, tank-overflow, silent'],
    ['pump', 'phase-loss', 'fault of another kind of device (feeder-meter)', 'its faults: tank-leak'],
  ])('%s %s is refused, and what there is is listed', (id, fault, message, hint) => {
    const desk = new FaultDesk([{ device, kind: 'tank', framing: 'tcp' }], new VirtualClock());
    expect(() => desk.start(id, fault, undefined)).toThrow(
      expect.objectContaining({
        kind: 'not-found',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});

describe('the simulator', () => {
  test('serves several units behind one port, and two devices that are one unit', async () => {
    const twin: SampleDevice = { id: 'twin', unitId: 2, points: [{ id: 'x', address: 6 }] };
    const { port, endpoints } = await start(sampleSite([pump, tank, twin]), { values: 'constant' });
    expect(endpoints).toMatchObject([{ place: `127.0.0.1:${port}`, port, devices: ['pump', 'tank', 'twin'] }]);
    expect((await mbpoll(port, '4', 0, 4)).values).toEqual(['0', '1', '2', '3']);
    expect((await mbpoll(port, '4', 4, 3, ['-a', '2'])).values).toEqual(['0', '0', '0']);
  });

  test('ramps every value by one a second, each from its own place', async () => {
    const clock = new VirtualClock();
    const { port } = await start(sampleSite([pump]), { clock });
    expect((await mbpoll(port, '4', 0, 4)).values).toEqual(['0', '1', '2', '3']);
    await clock.advance(5_000);
    expect((await mbpoll(port, '4', 0, 4)).values).toEqual(['5', '6', '7', '8']);
  });

  test('serves equipment where the points are those of known equipment', async () => {
    const clock = new VirtualClock();
    const { port, faults, startFault } = await start(sampleSite([tank]), { clock, values: 'plant' });
    const level = async () => Number((await mbpoll(port, '4', 4, 1, ['-a', '2'])).values[0]);
    const before = await level();
    expect(before).toBeGreaterThan(200);
    expect(faults()[0]?.possible.map(fault => fault.name)).toContain('tank-leak');
    startFault('tank', 'tank-leak', undefined);
    await clock.advance(20_000);
    expect(await level()).toBeLessThan(before - 50);
  });

  test('says who made a device, where that is known', async () => {
    const identify = ({ id }: { readonly id: string }) =>
      id === 'pump' ? { vendor: 'Grundfos', product: 'CIM 200', revision: 'simulated' } : undefined;
    const { port } = await start(sampleSite([pump, tank]), { identify });
    const wire = await open(port);
    wire.ask('0001 0000 0005 01 2b 0e 04 01');
    wire.ask('0002 0000 0005 02 2b 0e 04 01');
    const product = Buffer.from('CIM 200').toString('hex');
    const unknown = '00020000000302ab01';
    await expect.poll(wire.received, patience).toBe(`000100000011012b0e04810000010107${product}${unknown}`);
  });

  test('pulls the plug of a bus: connections are cut, and nobody can connect until it is in again', async () => {
    const { port, setPlugged } = await start(sampleSite([pump]), { values: 'constant' });
    const wire = await open(port);
    await setPlugged('bus', false);
    await expect.poll(wire.isClosed, patience).toBe(true);
    await expect(open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await setPlugged('bus', true);
    await setPlugged('bus', true);
    expect((await mbpoll(port, '4', 0, 2)).values).toEqual(['0', '1']);
  });

  test('refuses to play a device of another machine', async () => {
    await expect(start(sampleSite([pump], '192.0.2.7'))).rejects.toMatchObject({
      kind: 'refused',
      message: 'the bus bus is at 192.0.2.7, and the simulator serves only this machine',
    });
  });

  test('names the port that another program holds, and lets go of those it had', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise<void>(resolve => void server.close(() => resolve())));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const site = sampleSite([pump]);
    const [bus] = site.buses;
    const taken: Site = { ...site, buses: bus?.protocol === 'modbus-tcp' ? [{ ...bus, port }] : [] };
    await expect(start(taken)).rejects.toMatchObject({
      kind: 'busy',
      message: `port ${port} on 127.0.0.1, needed for a simulated bus, is already in use`,
    });
  });

  test('holds 200 devices of 50 points', async () => {
    const devices = Array.from({ length: 200 }, (_, index) => ({
      id: `d${index}`,
      unitId: index + 1,
      points: samplePoints('holding-register', 0, 50),
    }));
    const { port } = await start(sampleSite(devices), { values: 'constant' });
    expect((await mbpoll(port, '4', 0, 50, ['-a', '200'])).values.length).toBe(50);
  });
});

describe('the control socket', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plantroom-sim-'));
    const made = folder;
    closers.push(async () => rmSync(made, { recursive: true, force: true }));
  });

  async function startControl() {
    const simulator = await start(sampleSite([pump]));
    const socketPath = controlSocketIn(join(folder, 'data'));
    const control = await openControl(simulator, socketPath);
    closers.push(() => control.close());
    return { simulator, socketPath, control, client: createControlClient(socketPath) };
  }

  test('starts, shows and clears faults', async () => {
    const { client } = await startControl();
    await client.startFault('pump', 'silent', 20_000);
    const [view] = await client.faults();
    expect(view?.device).toBe('pump');
    expect(view?.active).toEqual([{ name: 'silent', leftMs: expect.any(Number) }]);
    expect(await client.clear(undefined)).toBe(1);
    expect((await client.faults())[0]?.active).toEqual([]);
  });

  test('carries an error over with its kind and its hint', async () => {
    const { client } = await startControl();
    await expect(client.startFault('pump', 'flood', undefined)).rejects.toMatchObject({
      kind: 'not-found',
      message: 'the device pump has no fault flood',
      hint: expect.stringContaining('silent'),
    });
    await expect(client.startFault('pump', 'silent', -1)).rejects.toMatchObject({ kind: 'usage' });
  });

  test('says so when no simulator runs, never was or is dead', async () => {
    const nowhere = createControlClient(join(folder, 'sim.sock'));
    await expect(nowhere.faults()).rejects.toMatchObject({
      kind: 'not-running',
      hint: expect.stringContaining('plantroom sim run --site FILE'),
    });
  });

  test('belongs to its owner alone', async () => {
    const { socketPath } = await startControl();
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  test('refuses a second simulator, and takes over from a dead one', async () => {
    const { simulator, socketPath, control } = await startControl();
    await expect(openControl(simulator, socketPath)).rejects.toMatchObject({ kind: 'busy' });
    await control.close();
    const again = await openControl(simulator, socketPath);
    await again.close();
  });

  test('leaves a file alone that is no socket', async () => {
    const simulator = await start(sampleSite([pump]));
    const path = join(folder, 'sim.sock');
    writeFileSync(path, 'precious');
    await expect(openControl(simulator, path)).rejects.toMatchObject({ kind: 'storage' });
    expect(statSync(path).size).toBe(8);
  });

  test('is spelt from the current folder where its path is too long', () => {
    const deep = join(process.cwd(), 'a'.repeat(60), 'b'.repeat(20));
    expect(Buffer.byteLength(controlSocketIn(deep))).toBeLessThanOrEqual(107);
    expect(() => controlSocketIn(join('/', 'c'.repeat(120)))).toThrow(/longer than 107 bytes/);
  });
});
