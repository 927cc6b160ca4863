import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import { type AnsweringUnits, startAnsweringUnits } from '../fakes/answering-units.ts';
import { startDaemon } from '../fakes/daemon.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { makeFolder, remove, runCli, startCli } from './terminal.ts';
import { Tmux } from './tmux.ts';

/* scan against real bytes: over TCP, over a serial port, and through a daemon that owns the bus. */

const meter = { registers: [1], names: ['Schneider Electric', 'PM5100', 'V1.2'] as [string, string, string] };

let folder: string;
let units: AnsweringUnits;

beforeEach(async () => {
  folder = makeFolder('scan');
  units = await startAnsweringUnits('tcp', [
    [2, meter],
    [4, { registers: [] }],
    [5, { registers: [1], isBroken: true }],
  ]);
});

afterEach(async () => {
  await units[Symbol.asyncDispose]();
  remove(folder);
});

const scan = (...args: string[]) => runCli(['scan', 'modbus', ...args], { cwd: folder });

describe('scan of a network', () => {
  test('tells who answers and how, who it is, and which profile fits', async () => {
    const { code, out, err } = await scan(`tcp://127.0.0.1:${units.port}`, '--units', '1-5', '--timeout', '100ms');
    expect(code).toBe(0);
    expect(err).toMatch(/^5 units on 127\.0\.0\.1:\d+: up to 500ms, Ctrl-C keeps what was found\nDone: 3 found\.\n$/);
    const [header, ...rows] = out.trimEnd().split('\n');
    expect(header).toMatch(/^WHERE +UNIT +ANSWERS WITH +AFTER +IDENTIFICATION +PROFILE$/);
    expect(rows).toEqual([
      expect.stringMatching(/ 2 {2}value .* Schneider Electric PM5100 V1\.2 +schneider-pm5100$/),
      expect.stringMatching(/ 4 {2}exception .* exception 2, illegal address$/),
      expect.stringMatching(/ 5 {2}bad frame /),
    ]);
  });

  test('asks nothing but a read and the identification', async () => {
    await scan(`tcp://127.0.0.1:${units.port}`, '--units', '1-5', '--timeout', '100ms');
    expect([...units.functionCodes].sort()).toEqual([3, 43]);
  });

  test('over a range of hosts prints one document, and leaves out who is not there', async () => {
    const { code, out, err } = await scan(
      '--hosts',
      '127.0.0.1-9',
      '--port',
      String(units.port),
      '--units',
      '2',
      '--json',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      isComplete: true,
      asked: 9,
      total: 9,
      found: [
        {
          endpoint: `127.0.0.1:${units.port}`,
          line: null,
          bus: null,
          unitId: 2,
          sign: 'value',
          detail: '',
          responseMs: expect.any(Number),
          identity: { vendor: 'Schneider Electric', product: 'PM5100', revision: 'V1.2' },
          profile: 'schneider-pm5100',
        },
      ],
    });
  });

  test('tells a port that is open though nobody answers', async () => {
    const { code, out } = await scan(`127.0.0.1:${units.port}`, '--units', '77', '--timeout', '100ms');
    expect(code).toBe(0);
    expect(out).toContain('port open');
  });

  test.each<[string[], keyof typeof exitCodes, string]>([
    [[], 'usage', 'say where to look'],
    [['127.0.0.1:1', '--hosts', '127.0.0.1'], 'usage', 'say where to look'],
    [['--hosts', '10.0.0.0/16'], 'usage', 'more than 254 hosts'],
    [['127.0.0.1:1', '--units', '0-300'], 'usage', 'no list of unit ids'],
    [['127.0.0.1:1'], 'not-found', 'nothing answered'],
    [['nowhere'], 'not-found', 'no bus is called "nowhere"'],
    [['/dev/nowhere'], 'not-found', 'there is no port /dev/nowhere'],
  ])('%j → %s', async (args, kind, said) => {
    const { code, err } = await scan(...args);
    expect(code).toBe(exitCodes[kind]);
    expect(err).toContain(said);
    expect(err).toMatch(/\n hint: .+\n$/);
  });
});

describe('scan of a serial line', () => {
  test('asks every unit in every setting, the usual ones first', async () => {
    await using line = await startAnsweringUnits('rtu', [[3, meter]]);
    const { code, out } = await scan(
      line.path,
      '--units',
      '2-4',
      '--timeout',
      '60ms',
      '--baud',
      '9600,19200',
      '--json',
    );
    expect(code).toBe(0);
    const { found, total } = JSON.parse(out);
    expect(total).toBe(12);
    expect(found.map(({ line }: { line: unknown }) => line)).toEqual([
      { baudRate: 9_600, parity: 'none', stopBits: 1 },
      { baudRate: 9_600, parity: 'even', stopBits: 1 },
      { baudRate: 19_200, parity: 'none', stopBits: 1 },
      { baudRate: 19_200, parity: 'even', stopBits: 1 },
    ]);
    expect(found[0]).toMatchObject({ endpoint: line.path, unitId: 3, profile: 'schneider-pm5100' });
    expect(line.asked.slice(0, 4)).toEqual([2, 3, 3, 4]);
  });
});

describe('Ctrl-C in the middle of a scan', () => {
  test('keeps what was found, in the document too', async () => {
    await using line = await startAnsweringUnits('rtu', [[1, meter]]);
    const run = startCli(['scan', 'modbus', line.path, '--timeout', '5s', '--json'], { cwd: folder });
    await waitUntil(() => line.asked.includes(2), run.err);
    run.child.kill('SIGINT');
    const { code, out, err } = await run.end;
    expect({ code, err }).toEqual({ code: 130, err: '' });
    expect(JSON.parse(out)).toMatchObject({ isComplete: false, asked: 2, found: [{ unitId: 1 }] });
  });

  test('leaves the rows on the terminal, and the bar is gone', async () => {
    await using line = await startAnsweringUnits('rtu', [[1, meter]]);
    using terminal = new Tmux(folder, ['scan', 'modbus', line.path, '--timeout', '2s', '--units', '1-40'], 110, 12);
    await terminal.shows('schneider-pm5100');
    await terminal.shows(/^\[█* *\] +\d+ % {2}9600 8N1 unit \d+ · 1 found · about \d+\w left$/m);
    terminal.run('send-keys', 'C-c');
    await terminal.shows('ended with 130');
    expect(terminal.screen()).toMatch(/^Stopped after \d of 160 questions, 1 found\.$/m);
    expect(terminal.screen()).toContain('schneider-pm5100');
    expect(terminal.screen()).not.toContain('left');
  });
});

describe('scan with a daemon that owns the bus', () => {
  test('goes through it, refuses another speed, and the polling goes on', async () => {
    await using line = await startAnsweringUnits('rtu', [
      [1, { registers: [42] }],
      [2, meter],
    ]);
    await using daemon = await startDaemon(`gateway: {id: g1}
buses: [{id: meters, protocol: modbus-rtu, path: ${line.path}, baud-rate: 19200, parity: none}]
devices: [{id: m1, bus: meters, points: [{id: p, holding-register: 0, type: u16, interval: 200ms}]}]
`);
    const through = (...args: string[]) => scan(...args, '--socket', daemon.socketPath);
    const { code, out, err } = await through(line.path, '--units', '1-3', '--timeout', '100ms');
    expect(code).toBe(0);
    expect(err).toContain('asked through it, as bus meters; stop it to try other baud rates');
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(out).toContain('schneider-pm5100');
    const named = await through('meters', '--units', '2', '--json');
    expect(JSON.parse(named.out)).toMatchObject({ found: [{ bus: 'meters', unitId: 2 }] });
    for (const where of [line.path, 'meters']) {
      const other = await through(where, '--baud', '4800');
      expect(other.code).toBe(exitCodes.refused);
      expect(other.err).toContain('stop the daemon to try another way');
    }
    expect((await daemon.client.points('m1'))[0]).toMatchObject({ value: 42, quality: 'good' });
  });
});
