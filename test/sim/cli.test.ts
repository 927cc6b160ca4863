import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../fakes/mosquitto.ts';
import { mbpoll } from './mbpoll.ts';

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

async function start(): Promise<string> {
  const child = spawn(process.execPath, [script, 'sim', 'run', '--site', 'site.yaml'], {
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
