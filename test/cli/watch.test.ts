import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { exitCodes } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { SampleGateway, samplePoint } from '../api/sample-gateway.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { makeFolder, remove, startCli } from './terminal.ts';
import { Tmux } from './tmux.ts';

let folder: string;
let socketPath: string;
let gateway: SampleGateway;
let api: Api;

beforeEach(async () => {
  folder = makeFolder('watch');
  socketPath = join(folder, 's.sock');
  gateway = new SampleGateway();
  await startApi();
});

afterEach(async () => {
  await api.stop();
  remove(folder);
});

async function startApi(): Promise<void> {
  api = createApi({ gateway, socketPath, log: silentLog });
  await api.start();
}

function openTerminal(args: readonly string[], columns: number, rows: number): Tmux {
  return new Tmux(folder, ['--socket', socketPath, ...args], columns, rows);
}

describe('watch in a terminal', () => {
  test('shows live values in place, with their trend and what stands', async () => {
    using terminal = openTerminal(['watch', '--interval', '100ms'], 100, 16);
    await terminal.shows('high · Discharge pressure is low');
    expect(terminal.lines()[0]).toMatch(/^Demo plant · .* · every 100ms · q quits$/);
    expect(terminal.screen()).toMatch(/^booster\/pressure +5\.20 {2}bar {3}good +\d+ms {2}high pressure-low/m);
    expect(terminal.lines()).toHaveLength(16);
    expect(terminal.lines()[15]).toMatch(/^1 alarm stands \(1 high\) · 2 of 4 points good · backlog 0 alarms/);
    expect(terminal.modes()).toBe('1 0 0');
    gateway.pointViews = [samplePoint({ value: 7.5 }), ...gateway.pointViews.slice(1)];
    gateway.standing = [];
    await terminal.shows(/^booster\/pressure +7\.50 {2}bar .*▁█+$/m);
    await terminal.shows('no alarm stands');
  });

  test('fits the terminal when its size changes', async () => {
    const many = Array.from({ length: 40 }, (_, index) => samplePoint({ key: `tank/level-${index}` }));
    gateway.pointViews = [...gateway.pointViews, ...many];
    using terminal = openTerminal(['watch'], 100, 30);
    await terminal.shows('more points: enlarge the window');
    terminal.run('resize-window', '-x', '60', '-y', '12');
    await expect.poll(() => terminal.lines().length, { timeout: 20_000 }).toBe(12);
    await terminal.shows(/^1 alarm stands .*…$/m);
    expect(terminal.screen()).toContain('more points');
    terminal.run('resize-window', '-x', '120', '-y', '60');
    await terminal.shows('tank/level-39');
    expect(terminal.screen()).not.toContain('more points');
  });

  test('says since when nobody answers, and goes on by itself when the daemon is back', async () => {
    using terminal = openTerminal(['watch', '--interval', '100ms'], 100, 14);
    await terminal.shows('1 alarm stands');
    await api.stop();
    await terminal.shows(/^no answer since [\d.]+m?s: these values are old · no daemon answers on/m);
    await startApi();
    await terminal.shows('1 alarm stands');
    expect(terminal.screen()).not.toContain('no answer');
  });

  test('is not frozen by a daemon that hangs: the values grow old', async () => {
    using terminal = openTerminal(['watch', '--interval', '100ms'], 160, 14);
    await terminal.shows('1 alarm stands');
    gateway.alarms = () => new Promise(() => {});
    await terminal.shows(/^no answer since .* · the daemon is slow to answer/m);
    await terminal.shows(/^no answer since .* · the daemon on .* does not answer within 5 s/m);
  });

  test.each([
    ['q', (terminal: Tmux) => terminal.run('send-keys', 'q')],
    ['Ctrl-C', (terminal: Tmux) => terminal.run('send-keys', 'C-c')],
    ['SIGTERM', (terminal: Tmux) => process.kill(terminal.pid(), 'SIGTERM')],
    ['SIGINT', (terminal: Tmux) => process.kill(terminal.pid(), 'SIGINT')],
  ])('ends on %s and gives the terminal back as it was', async (_, end) => {
    using terminal = openTerminal(['watch'], 80, 14);
    await terminal.shows('1 alarm stands');
    end(terminal);
    await terminal.shows('ended with 0');
    expect(terminal.screen()).toBe('ended with 0');
    expect(terminal.modes()).toBe('0 1 1');
    // The keyboard echoes again.
    terminal.run('send-keys', 'hello');
    await terminal.shows('hello');
  });

  test('of nothing ends before it touches the screen', async () => {
    using terminal = openTerminal(['watch', 'nope'], 100, 14);
    await terminal.shows(`ended with ${exitCodes['not-found']}`);
    expect(terminal.screen()).toContain('error: no point matches "nope"');
  });
});

describe('watch in a pipe', () => {
  const start = (...args: string[]) =>
    startCli(['watch', '--interval', '100ms', '--socket', socketPath, ...args], { cwd: folder });

  test('prints one plain table a refresh, the whole of it', async () => {
    const run = start('booster');
    await waitUntil(() => run.out().split('Demo plant · ').length > 3, run.err);
    run.child.kill('SIGINT');
    const { code, out, err } = await run.end;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain('\x1b');
    const [, first = ''] = out.split('Demo plant · ');
    expect(first.split('\n').slice(1)).toEqual([
      '',
      expect.stringMatching(/^POINT +VALUE/),
      expect.stringMatching(/^booster\/pressure +5\.20/),
      expect.stringMatching(/^booster\/pump-1 +running/),
      '',
      expect.stringContaining('Discharge pressure is low'),
      '1 alarm stands (1 high) · 2 of 4 points good · backlog 0 alarms, 3 summaries · uplink connected',
      '',
      '',
    ]);
  });

  test('prints one JSON document a line, errors included', async () => {
    const run = start('--json');
    const documents = () =>
      run
        .out()
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line));
    await waitUntil(() => documents().length > 1, run.err);
    expect(documents()[0]).toMatchObject({
      points: gateway.pointViews,
      alarms: { history: [] },
      status: gateway.statusView,
    });
    await api.stop();
    await waitUntil(() => documents().at(-1).error !== undefined, run.out);
    expect(documents().at(-1)).toEqual({
      at: expect.any(Number),
      error: { kind: 'not-running', message: `no daemon answers on ${socketPath}`, hint: expect.any(String) },
    });
    await startApi();
    await waitUntil(() => documents().at(-1).points !== undefined, run.out);
    run.child.kill('SIGTERM');
    expect((await run.end).code).toBe(0);
  });

  test('ends quietly when its reader has seen enough', async () => {
    const run = start();
    await waitUntil(() => run.out() !== '', run.err);
    run.child.stdout?.destroy();
    expect(await run.end).toMatchObject({ code: 0, err: '' });
  });
});
