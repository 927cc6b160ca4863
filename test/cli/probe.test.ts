import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { exitCodes } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { SampleGateway } from '../api/sample-gateway.ts';
import { type AnsweringUnits, startAnsweringUnits } from '../fakes/answering-units.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { makeFolder, remove, runCli } from './terminal.ts';
import { Tmux } from './tmux.ts';

/* probe against real bytes: over TCP, over a serial port, and through a daemon that owns the bus. */

/** 230.5 as a float in all orders, 1234567 as a counter, -42, a text. */
const registers = [
  ...[0x4366, 0x8000, 0x8000, 0x4366, 0x6643, 0x0080, 0x0080, 0x6643],
  ...[0x0012, 0xd687, 0xffd6, 0x5055, 0x4d50, 0x0000],
];

let folder: string;
let units: AnsweringUnits;

beforeEach(async () => {
  folder = makeFolder('probe');
  units = await startAnsweringUnits('tcp', [[1, { registers }]]);
});

afterEach(async () => {
  await units[Symbol.asyncDispose]();
  remove(folder);
});

const probe = (...args: string[]) => runCli(['probe', ...args], { cwd: folder });

function siteText(): string {
  return `gateway: {id: g1}
buses: [{id: plant, protocol: modbus-tcp, host: 127.0.0.1, port: ${units.port}}]
devices:
  - id: feeder
    bus: plant
    points: [{id: u-l1, holding-register: 2, type: f32, word-order: low-first, unit: V}]
`;
}

describe('probe without a daemon', () => {
  test('shows registers in every reading, and marks what is plausible', async () => {
    const { code, out, err } = await probe(`127.0.0.1:${units.port}`, '0', '14');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out.replace(/answered in .*/, 'answered in …')).toMatchFileSnapshot('../fixtures/cli/probe.txt');
  });

  test('says how it understood the number of a manual', async () => {
    const { code, out, err } = await probe(`tcp://127.0.0.1:${units.port}`, '40009', '2');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'note: "40009" in a manual is holding-register 8; for 40009 on the wire add --table holding-register\n',
    });
    expect(out).toContain('1234567*');
  });

  test('answers scripts with one document, in which the site file names the points', async () => {
    const file = `${folder}/site.yaml`;
    const { writeFileSync } = await import('node:fs');
    writeFileSync(file, siteText());
    const { code, out, err } = await probe('feeder', '2', '2', '--site', 'site.yaml', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const document = JSON.parse(out);
    expect(document).toMatchObject({ endpoint: `127.0.0.1:${units.port}`, bus: null, device: 'feeder', unitId: 1 });
    expect(document.registers[0].points).toEqual([{ key: 'feeder/u-l1', unit: 'V', type: 'f32 CDAB', value: 230.5 }]);
    expect(document.pairs[0].plausible).toContain('f32 CDAB');
  });

  test.each<[string, string[], keyof typeof exitCodes, RegExp]>([
    ['a device that refuses', ['0', '99'], 'network', /refuses: exception 2, illegal address.*\n hint: try fewer/],
    [
      'a unit that is silent',
      ['0', '--unit', '9', '--timeout', '100ms'],
      'network',
      /no answer.*\n hint: check --unit/,
    ],
    ['a count too large', ['0', '126'], 'usage', /count is "126".*\n hint: give a number from 1 to 125/],
    ['a count beyond the last address', ['65535', '2'], 'usage', /count is "2"/],
    ['an address that is none', ['forty'], 'usage', /"forty" is no address/],
  ])('tells %s, and what to do', async (_, args, kind, said) => {
    const { code, out, err } = await probe(`127.0.0.1:${units.port}`, ...args);
    expect({ code, out }).toEqual({ code: exitCodes[kind], out: '' });
    expect(err).toMatch(said);
  });

  test.each<[string, keyof typeof exitCodes, RegExp]>([
    ['127.0.0.1:1', 'network', /no connection: .*refused|ECONNREFUSED/],
    ['feeder', 'not-found', /no daemon is running: name its site file/],
    ['/dev/does-not-exist', 'not-found', /plantroom ports/],
  ])('of %s says what is wrong', async (where, kind, said) => {
    const { code, err } = await probe(where, '0');
    expect(code).toBe(exitCodes[kind]);
    expect(err).toMatch(said);
  });

  test('asks nothing but reads', async () => {
    await probe(`127.0.0.1:${units.port}`, '0', '4');
    expect([...units.functionCodes]).toEqual([3]);
  });

  test('reads a serial port in the same way', async () => {
    await using line = await startAnsweringUnits('rtu', [[7, { registers }]]);
    const { code, out, err } = await probe(`rtu://${line.path}?baud=19200&parity=none`, '0', '2', '--unit', '7');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('230.5*');
  });
});

describe('probe in a terminal', () => {
  test('with --watch marks what changed, and q gives the terminal back', async () => {
    using terminal = new Tmux(
      folder,
      ['probe', `127.0.0.1:${units.port}`, '8', '3', '--watch', '--interval', '100ms'],
      100,
      20,
    );
    await terminal.shows('1234567*');
    expect(terminal.screen()).not.toMatch(/≠ +8/);
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      units.units.set(1, { registers: registers.with(9, 0xd687 + count) });
    }, 100);
    await terminal.shows(/^≠ +9 +D6/m);
    clearInterval(timer);
    units.units.clear();
    await terminal.shows('old values: unit 1 on 127.0.0.1');
    terminal.run('send-keys', 'q');
    await terminal.shows('ended with 0');
  });
});

describe('probe with a daemon that owns the bus', () => {
  let daemon: Daemon;

  beforeEach(async () => {
    daemon = await startDaemon(siteText());
  });

  afterEach(() => daemon[Symbol.asyncDispose]());

  const through = (...args: string[]) => probe(...args, '--socket', daemon.socketPath);

  test('goes through it by the name of the device, and names its points', async () => {
    const { code, out, err } = await through('feeder', '2', '2');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/feeder\/u-l1 f32 CDAB 230\.5 V/);
  });

  test('goes through it for an endpoint that is its own, whatever its spelling, and says so', async () => {
    const { code, out, err } = await through(`tcp://localhost:${units.port}`, '0', '2', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ bus: 'plant', device: 'feeder' });
    expect((await through(`127.0.0.1:${units.port}`, '0')).err).toContain('asked through it, as bus plant');
    const other = await through(`rtu-over-tcp://127.0.0.1:${units.port}`, '0');
    expect(other.code).toBe(exitCodes.refused);
    expect(other.err).toContain('the daemon uses');
  });

  test('opens by itself what the daemon does not use', async () => {
    await using stranger = await startAnsweringUnits('tcp', [[1, { registers: [4711] }]]);
    const { code, out } = await through(`127.0.0.1:${stranger.port}`, '0', '1');
    expect(code).toBe(0);
    expect(out).toContain('4711');
  });

  test('tells which devices there are when the name is wrong', async () => {
    const { code, err } = await through('feedr', '0');
    expect(code).toBe(exitCodes['not-found']);
    expect(err).toContain('there are feeder, plant');
  });
});

describe('probe through the socket', () => {
  test('asks exactly what the person asked', async () => {
    const gateway = new SampleGateway();
    gateway.answer = { kind: 'raw', values: [1, 2, 3], responseMs: 4 };
    const api: Api = createApi({ gateway, socketPath: `${folder}/s.sock`, log: silentLog });
    await api.start();
    try {
      const args = ['booster', '0x10', '3', '--table', 'coil', '--timeout', '70ms', '--socket', 's.sock'];
      expect(await probe(...args)).toMatchObject({ code: 0, err: '' });
      const question = { kind: 'raw', unitId: 1, table: 'coil', address: 16, count: 3 };
      expect(gateway.questions).toEqual([{ question, timeoutMs: 70 }]);
    } finally {
      await api.stop();
    }
  });
});
