import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiClient, createApiClient } from '../../src/api/client.ts';
import { exitCodes } from '../../src/base/errors.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import {
  type CliOptions,
  type CliRun,
  copyProject,
  findOtherNode,
  makeFolder,
  remove,
  runCli,
  startCli,
} from './terminal.ts';

/** Nobody listens on port 9 of this machine: the gateway runs, and its one device does not answer. */
function siteText(pointCount: number, gatewayId = 'g1'): string {
  const points = Array.from(
    { length: pointCount },
    (_, index) => `      - {id: p${index}, holding-register: ${index}, type: u16}`,
  );
  return [
    `gateway: {id: ${gatewayId}, name: Test}`,
    'buses:',
    '  - {id: bus, protocol: modbus-tcp, host: 127.0.0.1, port: 9}',
    'devices:',
    '  - id: meter',
    '    bus: bus',
    '    points:',
    ...points,
    '',
  ].join('\n');
}

let folder: string;
let runs: CliRun[];

beforeEach(() => {
  folder = makeFolder('run');
  writeFileSync(join(folder, 'site.yaml'), siteText(1));
  runs = [];
});

afterEach(async () => {
  for (const { child, end } of runs) {
    if (child.exitCode === null) child.kill('SIGKILL');
    await end;
  }
  remove(folder);
});

/** Starts `plantroom run` and waits until it answers on the socket at `socket` below the folder. */
async function startDaemon(args: readonly string[], socket: string, options: Partial<CliOptions> = {}) {
  const run = startCli(['run', '--site', 'site.yaml', ...args], { cwd: folder, ...options });
  runs.push(run);
  const client = createApiClient(join(folder, socket));
  await waitForAnswer(client, run);
  return { run, client };
}

async function waitForAnswer(client: ApiClient, run: CliRun): Promise<void> {
  let isUp = false;
  const ask = async () => {
    while (!isUp && run.child.exitCode === null) {
      isUp = await client.status().then(
        () => true,
        () => false,
      );
    }
  };
  const asked = ask();
  await waitUntil(
    () => isUp || run.child.exitCode !== null,
    () => `no answer:\n${run.err()}`,
  );
  await asked;
  if (!isUp) throw new Error(`the daemon ended:\n${run.err()}`);
}

/** The own points of the site: the gateway always measures itself as well. */
async function meterPoints(client: ApiClient): Promise<string[]> {
  return (await client.points('meter')).map(({ key }) => key);
}

describe('run', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('keeps its data below var, and ends cleanly on %s', async signal => {
    const { run, client } = await startDaemon([], 'var/g1/plantroom.sock');
    expect((await client.status()).gateway.id).toBe('g1');
    expect(existsSync(join(folder, 'var/g1/plantroom.db'))).toBe(true);
    run.child.kill(signal);
    const { code, out, err } = await run.end;
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(existsSync(join(folder, 'var/g1/plantroom.sock'))).toBe(false);
    const lines = err
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['gateway started', 'stopping', 'gateway stopped']),
    );
  });

  test('takes its folders from systemd, and the first of several', async () => {
    const env = { STATE_DIRECTORY: `${folder}/state:${folder}/other`, RUNTIME_DIRECTORY: `${folder}/rt` };
    await startDaemon([], 'rt/plantroom.sock', { env });
    expect(existsSync(join(folder, 'state/plantroom.db'))).toBe(true);
    expect(existsSync(join(folder, 'var'))).toBe(false);
  });

  test('listens where it is told to, and is found from its folder', async () => {
    const place = makeFolder('clone');
    try {
      const script = join(copyProject(place, { hasPackages: true }), 'src/bin/plantroom.mjs');
      const named = await startDaemon(['--data', 'd', '--socket', 's/p.sock'], 's/p.sock', { script });
      expect(existsSync(join(folder, 'd/plantroom.db'))).toBe(true);
      expect((await runCli(['status'], { cwd: folder, script })).code).toBe(exitCodes['not-running']);
      named.run.child.kill('SIGTERM');
      await named.run.end;
      await startDaemon([], 'var/g1/plantroom.sock', { script });
      const status = await runCli(['status', '--json'], { cwd: folder, script });
      expect(JSON.parse(status.out).gateway.id).toBe('g1');
    } finally {
      remove(place);
    }
  });

  test('takes up a changed site file on SIGHUP and on reload, and refuses a wrong one', async () => {
    const { run, client } = await startDaemon([], 'var/g1/plantroom.sock');
    expect(await meterPoints(client)).toEqual(['meter/p0']);
    writeFileSync(join(folder, 'site.yaml'), siteText(2));
    run.child.kill('SIGHUP');
    await expect.poll(() => meterPoints(client), { timeout: 20_000 }).toEqual(['meter/p0', 'meter/p1']);

    const reload = () => runCli(['reload', '--socket', 'var/g1/plantroom.sock'], { cwd: folder });
    writeFileSync(join(folder, 'site.yaml'), siteText(3));
    expect(await reload()).toMatchObject({ code: 0, err: '' });
    expect(await meterPoints(client)).toHaveLength(3);

    writeFileSync(join(folder, 'site.yaml'), siteText(4).replace('type: u16', 'type: u17'));
    const refused = await reload();
    expect(refused.code).toBe(exitCodes.refused);
    expect(refused.out).toMatch(/site\.yaml:8:\d+: error: /);
    run.child.kill('SIGHUP');
    await waitUntil(() => run.err().split('"details"').length > 1, run.err);
    expect(await meterPoints(client)).toHaveLength(3);
  });

  test('beside a living one on the same socket ends with busy, and the first goes on', async () => {
    const { client } = await startDaemon([], 'var/g1/plantroom.sock');
    const second = await runCli(['run', '--site', 'site.yaml'], { cwd: folder });
    expect(second.code).toBe(exitCodes.busy);
    expect(second.err).toMatch(/^error: another daemon already listens on .*\n hint: .*\n$/);
    expect((await client.status()).gateway.id).toBe('g1');
  });

  test('on the data of a living one ends with busy, and leaves no socket behind', async () => {
    await startDaemon([], 'var/g1/plantroom.sock');
    const second = await runCli(['run', '--site', 'site.yaml', '--socket', 'second.sock'], { cwd: folder });
    expect(second.code).toBe(exitCodes.busy);
    expect(existsSync(join(folder, 'second.sock'))).toBe(false);
  });

  test('after kill -9 starts again on what is left', async () => {
    const first = await startDaemon([], 'var/g1/plantroom.sock');
    first.run.child.kill('SIGKILL');
    await first.run.end;
    expect(existsSync(join(folder, 'var/g1/plantroom.sock'))).toBe(true);
    const { client } = await startDaemon([], 'var/g1/plantroom.sock');
    expect((await client.status()).store.state).toBe('ok');
  });

  test('of a wrong site file lists what is wrong and starts nothing', async () => {
    writeFileSync(join(folder, 'site.yaml'), 'gateway: {id: g1}\nbusses: []\n');
    const { code, out, err } = await runCli(['run', '--site', 'site.yaml'], { cwd: folder });
    expect({ code, out }).toEqual({ code: exitCodes.site, out: '' });
    expect(err).toMatch(/^site\.yaml:2:1: error: .*busses/m);
    expect(err).toMatch(/\nerror: site\.yaml is wrong: \d+ problems?\n hint: .*\n$/);
    expect(existsSync(join(folder, 'var'))).toBe(false);
  });

  test('ends with one error where its data cannot be kept', async () => {
    writeFileSync(join(folder, 'var'), 'not a folder');
    const { code, err } = await runCli(['run', '--site', 'site.yaml'], { cwd: folder });
    expect(code).toBe(exitCodes.storage);
    const said = err.split('\n').filter(line => !line.startsWith('{'));
    expect(said).toEqual([expect.stringMatching(/^error: /), expect.stringMatching(/^ hint: /), '']);
  });
});

const otherNode = findOtherNode();
const why = otherNode === undefined ? ' (skipped: this machine has no Node but the pinned one)' : '';

describe.skipIf(otherNode === undefined)(`on a machine whose own Node is another one${why}`, () => {
  const node = otherNode ?? '';

  test('the command runs on the pinned Node, and passes its exit code on', async () => {
    const version = await runCli(['--version'], { cwd: folder, node });
    expect({ code: version.code, err: version.err }).toEqual({ code: 0, err: '' });
    expect((await runCli(['pionts'], { cwd: folder, node })).code).toBe(exitCodes.usage);
    const { run } = await startDaemon([], 'var/g1/plantroom.sock', { node });
    expect(exeOf(daemonPid(run))).toBe(exeOf(process.pid));
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s to the command reaches the daemon', async signal => {
    const { run } = await startDaemon([], 'var/g1/plantroom.sock', { node });
    run.child.kill(signal);
    expect(await run.end).toMatchObject({ code: 0, signal: null });
    expect(run.err()).toContain('gateway stopped');
  });

  test('Ctrl-C, which a terminal sends to both of them, is one order to stop', async () => {
    const { run } = await startDaemon([], 'var/g1/plantroom.sock', { node });
    process.kill(daemonPid(run), 'SIGINT');
    run.child.kill('SIGINT');
    expect(await run.end).toMatchObject({ code: 0 });
    expect(run.err()).toContain('gateway stopped');
  });

  test('SIGHUP to the command reloads', async () => {
    const { run, client } = await startDaemon([], 'var/g1/plantroom.sock', { node });
    writeFileSync(join(folder, 'site.yaml'), siteText(2));
    run.child.kill('SIGHUP');
    await expect.poll(() => meterPoints(client), { timeout: 20_000 }).toHaveLength(2);
  });

  test('a daemon whose command was killed outright stops, and does not go on unseen', async () => {
    const { run } = await startDaemon([], 'var/g1/plantroom.sock', { node });
    run.child.kill('SIGKILL');
    await waitUntil(() => !existsSync(join(folder, 'var/g1/plantroom.sock')), run.err);
    await waitUntil(() => run.err().includes('gateway stopped'), run.err);
  });

  test('a daemon that was killed takes its command along, by the same signal', async () => {
    const { run } = await startDaemon([], 'var/g1/plantroom.sock', { node });
    process.kill(daemonPid(run), 'SIGKILL');
    expect(await run.end).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});

/** The daemon below the command: its only child. */
function daemonPid(run: CliRun): number {
  const { pid } = run.child;
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

function exeOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/exe`);
}
