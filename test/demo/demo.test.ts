import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApiClient } from '../../src/api/client.ts';
import { findFreePort } from '../fakes/mosquitto.ts';

/*
 * The whole demo as a person runs it: its processes, its sockets, a real terminal. Only the ports and the folder are
 * other ones, so that it may run beside a demo of the person who runs the tests.
 */

const root = join(import.meta.dirname, '..', '..');
const script = join(root, 'src', 'bin', 'plantroom.mjs');
const patience = { timeout: 60_000, interval: 100 };

let folder = '';
let site = '';
let data = '';
let ports: number[] = [];
const closers: (() => void | Promise<void>)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-demo-'));
  data = join(folder, 'data');
  site = join(folder, 'site.yaml');
  ports = await Promise.all([findFreePort(), findFreePort(), findFreePort(), findFreePort()]);
  const demo = readFileSync(join(root, 'config', 'demo.yaml'), 'utf8');
  const originals = ['18830', '15502', '15503', '15504'];
  writeFileSync(
    site,
    originals.reduce((text, original, index) => text.replace(original, String(ports[index])), demo),
  );
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

const demoArgs = () => [script, 'demo', '--site', site, '--data', data];

/** The demo into a pipe. */
function startDemo() {
  const child = spawn(process.execPath, demoArgs(), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: undefined },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  closers.push(() => endOf(child, 'SIGTERM').then(() => {}));
  return { child, text: () => text };
}

/** Sends the signal and resolves with the exit code; the process may have ended before. */
function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise(resolve => {
    child.once('close', code => resolve(code));
    child.kill(signal);
  });
}

/** Processes whose parent this is. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** A process that ended and was not yet waited for has ended. */
function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function plantroom(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [script, ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr }),
    );
  });
}

describe('the demo', () => {
  test('breaks a pipe by itself, takes faults from a person, survives kill -9 of its gateway, and leaves nothing behind', {
    timeout: 120_000,
  }, async () => {
    const demo = startDemo();
    await expect
      .poll(demo.text, patience)
      .toMatch(/urgent raised · booster\/pipe-burst · \S+ bar\/s · Pressure is falling/);
    await expect.poll(demo.text, patience).toMatch(/urgent returned · booster\/pipe-burst/);
    await expect.poll(demo.text, patience).toMatch(/high returned · booster\/pressure-low/);
    expect(demo.text()).toMatch(/booster\/outlet-pressure \S+ bar · tank\/level \S+ m · feeder\/u-l1 \S+ V/);

    const fault = await plantroom('sim', 'fault', 'feeder', 'phase-loss', '--for', '4s', '--data', data);
    expect(fault).toEqual({ code: 0, text: 'feeder has phase-loss for 4s.\n' });
    await expect.poll(demo.text, patience).toMatch(/high raised · feeder\/u-l2-low/);
    await expect.poll(demo.text, patience).toMatch(/high returned · feeder\/u-l2-low/);

    const client = createApiClient(join(data, 'plantroom.sock'));
    const gateway = (await client.status()).pid;
    const children = childrenOf(demo.child.pid ?? 0);
    expect(children).toContain(gateway);
    process.kill(gateway, 'SIGKILL');
    await expect.poll(demo.text, patience).toContain('The gateway was ended by SIGKILL and is started again.');
    const pidNow = () =>
      client.status().then(
        ({ pid }) => pid,
        () => undefined,
      );
    await expect.poll(pidNow, patience).toBeTypeOf('number');

    const all = [...children, ...childrenOf(demo.child.pid ?? 0)];
    expect(await endOf(demo.child, 'SIGINT')).toBe(0);
    expect(all.filter(isAlive)).toEqual([]);
    expect(demo.text()).not.toContain('\x1b[');
  });

  test('takes its children with it when it is killed outright', { timeout: 120_000 }, async () => {
    const demo = startDemo();
    await expect.poll(demo.text, patience).toMatch(/([1-9]\d*) of \1 points good/);
    const children = childrenOf(demo.child.pid ?? 0);
    expect(children).toHaveLength(2);
    await endOf(demo.child, 'SIGKILL');
    await expect.poll(() => children.filter(isAlive), patience).toEqual([]);
  });

  test.each([
    [0, 'needed for the embedded MQTT broker'],
    [2, 'needed for a simulated bus'],
  ])('names the port that is taken (%i), says what it is for and what to do', async (index, purpose) => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(ports[index], '127.0.0.1', resolve));
    closers.push(() => new Promise<void>(resolve => void server.close(() => resolve())));
    const demo = startDemo();
    const code = await new Promise(resolve => demo.child.once('close', resolve));
    expect(code).toBe(6);
    const lines = demo.text().trim().split('\n').slice(-2);
    expect(lines[0]).toBe(`error: port ${ports[index]} on 127.0.0.1, ${purpose}, is already in use`);
    expect(lines[1]).toMatch(/^ hint: end the program that holds it .* in the site file$/);
  });

  test('says that a site without an uplink has nothing to show', async () => {
    writeFileSync(site, readFileSync(site, 'utf8').replace(/^uplink:[^\n]*\n[^\n]*\n/m, ''));
    const demo = startDemo();
    const code = await new Promise(resolve => demo.child.once('close', resolve));
    expect([code, demo.text()]).toEqual([3, expect.stringContaining('has no uplink, and the demo shows what arrives')]);
  });
});

describe('the demo in a real terminal', () => {
  /** A tmux server of its own, so that nobody else's is touched. */
  function startTerminal(command: string) {
    const socket = join(folder, 'tmux');
    const tmux = (...args: readonly string[]) => execFileSync('tmux', ['-S', socket, ...args], { encoding: 'utf8' });
    tmux('-f', '/dev/null', 'new-session', '-d', '-x', '110', '-y', '40', command);
    closers.push(() => {
      try {
        tmux('kill-server');
      } catch {
        // It ends with its last session.
      }
    });
    return {
      screen: () => tmux('capture-pane', '-p'),
      coloured: () => tmux('capture-pane', '-p', '-e'),
      keys: (keys: string) => tmux('send-keys', keys),
      /** `alternate screen, cursor` as 0 or 1. */
      state: () => tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim(),
    };
  }

  test('shows the alarm raised and returned, and Ctrl-C gives the terminal back', { timeout: 120_000 }, async () => {
    const command = [process.execPath, ...demoArgs()].map(word => `'${word}'`).join(' ');
    const terminal = startTerminal(`env NO_COLOR= ${command}; echo "exit code $?"; exec sleep 600`);
    await expect
      .poll(terminal.screen, patience)
      .toMatch(/^\S+ +urgent +raised +Pressure is falling.* bar\/s .* ms .*pipe-burst/m);
    expect(terminal.coloured()).toContain('\x1b[');
    expect(terminal.state()).toBe('1 0');
    await expect.poll(terminal.screen, patience).toMatch(/^\S+ +urgent +returned/m);
    const screen = terminal.screen();
    for (const part of ['booster/outlet-pressure', 'tank/level', 'lift/speed', 'npx plantroom sim clear']) {
      expect(screen).toContain(part);
    }
    terminal.keys('C-c');
    await expect.poll(terminal.screen, patience).toContain('exit code 0');
    expect(terminal.state()).toBe('0 1');
    expect(existsSync(join(data, 'plantroom.sock'))).toBe(false);
  });
});
