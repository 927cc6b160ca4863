import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../fakes/mosquitto.ts';
import { mbpoll, mbpollSerial } from './mbpoll.ts';

const script = join(import.meta.dirname, '..', '..', 'src', 'bin', 'plantroom.mjs');

let folder = '';
let port = 0;
let simulator: ChildProcess | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-sim-'));
  port = await findFreePort();
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

function writeSite(host: string): void {
  writeFileSync(
    join(folder, 'site.yaml'),
    `gateway: {id: test, name: Test}
buses: [{id: bus, protocol: modbus-tcp, host: ${host}, port: ${port}}]
devices:
  - {id: tank, name: Tank, bus: bus, unit-id: 2, points: [{id: level, name: Level, holding-register: 4, type: s16, scale: 0.01, unit: m}]}
`,
  );
}

function plantroom(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [script, ...args], { cwd: folder }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

async function start(...more: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [script, 'sim', 'run', '--site', 'site.yaml', ...more], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  simulator = child;
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', chunk => {
      text += chunk;
    });
  }
  await expect.poll(() => text, { timeout: 20_000 }).toContain('Ctrl-C stops it');
  return text;
}

async function stop(): Promise<number | null> {
  const child = simulator;
  simulator = undefined;
  if (!child || child.exitCode !== null) return child?.exitCode ?? null;
  return new Promise(resolve => {
    child.once('close', resolve);
    child.kill('SIGTERM');
  });
}

test('a person runs a plant, breaks it, looks, mends it and stops it', async () => {
  writeSite('127.0.0.1');
  expect(await start()).toContain(`127.0.0.1:${port}  tank`);
  expect(Number((await mbpoll(port, '4', 4, 1, ['-a', '2'])).values[0])).toBeGreaterThan(200);

  expect(await plantroom('sim', 'fault', 'tank', 'refuse', '--for', '1h')).toMatchObject({
    code: 0,
    out: 'tank has refuse for 1h.\n',
  });
  expect((await mbpoll(port, '4', 4, 1, ['-a', '2'])).text).toContain('Illegal data address');
  const { out } = await plantroom('sim', 'faults');
  expect(out).toMatch(/^tank +refuse +60m left +answers every request with exception 2/m);
  expect(out).toMatch(/^tank +tank-leak +the tank loses water/m);
  const [view] = JSON.parse((await plantroom('sim', 'faults', '--json')).out);
  expect(view.active).toEqual([{ name: 'refuse', leftMs: expect.any(Number) }]);

  expect((await plantroom('sim', 'clear', 'tank')).out).toBe('Faults ended: 1.\n');
  expect((await mbpoll(port, '4', 4, 1, ['-a', '2'])).values).toHaveLength(1);
  expect((await plantroom('sim', 'clear')).out).toBe('There was no fault.\n');
  expect(await stop()).toBe(0);
});

/** A serial line and a device server, each with a tank. */
function writeSerialSite(): string {
  const path = join(folder, 'var', 'line-1');
  const point = '{id: level, name: Level, holding-register: 4, type: s16, scale: 0.01, unit: m}';
  writeFileSync(
    join(folder, 'site.yaml'),
    `gateway: {id: test, name: Test}
buses:
  - {id: line, protocol: modbus-rtu, path: ${path}, baud-rate: 9600, parity: even}
  - {id: server, protocol: modbus-rtu-over-tcp, host: 127.0.0.1, port: ${port}, baud-rate: 19200, parity: none}
devices:
  - {id: tank, name: Tank, bus: line, unit-id: 2, points: [${point}]}
  - {id: far-tank, name: Far tank, bus: server, unit-id: 3, points: [${point}]}
`,
  );
  return path;
}

test('a person pulls the plug of a serial line and puts it in again', async () => {
  const path = writeSerialSite();
  const text = await start();
  expect(text).toContain(`${path}  tank  (RTU, 9600 8E1)`);
  expect(text).toContain(`127.0.0.1:${port}  far-tank  (RTU over TCP, 19200 8N1)`);
  expect(Number((await mbpollSerial(path, '4', 4, 1, ['-a', '2'])).values[0])).toBeGreaterThan(200);
  const faults = (await plantroom('sim', 'faults')).out;
  expect(faults).toMatch(/^any on RTU +bad-crc +/m);
  expect(faults).not.toContain('wrong-transaction');

  expect(await plantroom('sim', 'unplug', 'line')).toMatchObject({ code: 0, out: 'line is unplugged.\n' });
  expect(existsSync(path)).toBe(false);
  expect(await plantroom('sim', 'plug', 'line')).toMatchObject({ code: 0, out: 'line is plugged in.\n' });
  expect((await mbpollSerial(path, '4', 4, 1, ['-a', '2'])).values).toHaveLength(1);
  expect(await plantroom('sim', 'unplug', 'lime')).toMatchObject({
    code: 5,
    err: 'error: the simulated plant has no bus lime\n hint: it has: line, server\n',
  });
  expect(await stop()).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test('a person runs a chiller that speaks BACnet beside a tank that speaks Modbus, and breaks it', async () => {
  writeFileSync(
    join(folder, 'site.yaml'),
    `gateway: {id: test, name: Test}
buses:
  - {id: bus, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}
  - {id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${port}}
devices:
  - {id: tank, name: Tank, bus: bus, unit-id: 2, points: [{id: level, name: Level, holding-register: 4, type: s16, scale: 0.01, unit: m}]}
  - {id: chiller, name: Chiller, bus: net, instance: 7, address: 127.0.0.2, points: [{id: running, name: Running, object: binary-input 1}, {id: supply, object: analog-input 1, unit: °C}]}
`,
  );
  expect(await start()).toContain(`127.0.0.2:${port}  chiller  (BACnet/IP)`);
  // A datagram by hand: no client of ours is asked whether this is BACnet.
  const ask = () => askDatagram('810a001101040275010c0c00c000011955', '127.0.0.2', port);
  expect(await ask()).toBe('810a0014010030010c0c00c0000119553e91013f');
  expect((await plantroom('sim', 'fault', 'chiller', 'abort', '--for', '1h')).out).toBe('chiller has abort for 1h.\n');
  expect(await ask()).toBe('810a00090100710100');
  const { out } = await plantroom('sim', 'faults');
  expect(out).toMatch(/^chiller +chiller-trip +the chiller trips/m);
  expect(out).toMatch(/^any on BACnet +no-rpm +knows no ReadPropertyMultiple/m);
  expect(out).toMatch(/^any on Modbus +silent /m);
  expect(out).toMatch(/^any on BACnet +silent /m);
  expect((await plantroom('sim', 'unplug', 'net')).out).toBe('net is unplugged.\n');
  expect((await plantroom('sim', 'plug', 'net')).out).toBe('net is plugged in.\n');
  expect(await plantroom('sim', 'fault', 'chiller', 'bad-crc')).toMatchObject({
    code: 5,
    err: expect.stringContaining('which is no fault of BACnet'),
  });
  expect(await stop()).toBe(0);
});

/** Sends a datagram from a port of its own and gives the first that comes back, both as hex. */
function askDatagram(hex: string, host: string, to: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.once('message', answer => socket.close(() => resolve(answer.toString('hex'))));
    socket.bind(0, '127.0.0.1', () => socket.send(Buffer.from(hex, 'hex'), to, host));
  });
}

test('a scenario runs by itself, and a wrong one is explained', async () => {
  writeSerialSite();
  const scenario = join(folder, 'bad-day.yaml');
  writeFileSync(scenario, 'events:\n  - {at: 100ms, device: tank, fault: bad-crc, for: 1h}\n');
  await start('--scenario', scenario);
  await expect.poll(async () => (await plantroom('sim', 'faults')).out, { timeout: 20_000 }).toMatch(/^tank +bad-crc/m);
  await stop();

  writeFileSync(scenario, 'events:\n  - {at: 1s, device: tank, fault: wrong-transaction}\n');
  expect(await plantroom('sim', 'run', '--site', 'site.yaml', '--scenario', scenario)).toMatchObject({
    code: 3,
    err: expect.stringContaining(`${scenario}:2:35: error: tank has no fault "wrong-transaction"`),
  });
});

test('a fault or a device that is not there is refused, and those that are are listed', async () => {
  writeSite('127.0.0.1');
  await start();
  expect(await plantroom('sim', 'fault', 'tank', 'tank-leek')).toMatchObject({
    code: 5,
    err: expect.stringMatching(/^error: the device tank has no fault tank-leek\n hint: its faults: tank-leak, /),
  });
  expect(await plantroom('sim', 'fault', 'tnk', 'silent')).toMatchObject({
    code: 5,
    err: 'error: the simulated plant has no device tnk\n hint: it has: tank\n',
  });
  expect(await plantroom('sim', 'faults', 'tnk')).toMatchObject({ code: 5 });
  expect(await plantroom('sim', 'fault', 'tank', 'silent', '--for', '20')).toMatchObject({ code: 2 });
});

test('without a simulator it says how to start one', async () => {
  expect(await plantroom('sim', 'clear', '--data', folder)).toMatchObject({
    code: 4,
    err: expect.stringMatching(/^error: no simulator answers on .*\n hint: start the demo with npm start/),
  });
});

test('a site of another machine is not played', async () => {
  writeSite('192.0.2.1');
  expect(await plantroom('sim', 'run', '--site', 'site.yaml')).toMatchObject({
    code: 9,
    err: expect.stringContaining('the bus bus is at 192.0.2.1, and the simulator serves only this machine'),
  });
});

test('a site file that is wrong is explained', async () => {
  writeFileSync(join(folder, 'site.yaml'), 'gateway: {}\n');
  expect(await plantroom('sim', 'run', '--site', 'site.yaml')).toMatchObject({ code: 3 });
});
