import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { type Api, createApi } from '../../src/api/server.ts';
import { exitCodes } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { SampleGateway, samplePoint } from '../api/sample-gateway.ts';
import { bin, copyProject, makeFolder, remove, root, runCli, startCli } from './terminal.ts';

let folder: string;
let socketPath: string;
let gateway: SampleGateway;
let api: Api;

beforeAll(async () => {
  folder = makeFolder('cli');
  socketPath = join(folder, 's.sock');
  gateway = new SampleGateway();
  api = createApi({ gateway, socketPath, log: silentLog });
  await api.start();
});

afterAll(async () => {
  await api.stop();
  remove(folder);
});

const cli = (...args: string[]) => runCli(args, { cwd: folder, env: { PLANTROOM_SOCKET: 's.sock' } });

function golden(name: string): string {
  return join(root, 'test/fixtures/cli', name);
}

describe('a verb answers in text', () => {
  test.each([
    ['points', ['points']],
    ['points-pattern', ['points', 'booster/*']],
    ['points-device', ['points', 'feeder']],
    ['status', ['status']],
    ['holes', ['holes']],
    ['outputs', ['outputs']],
    ['reload', ['reload']],
    ['help', ['--help']],
    ['help-run', ['run', '--help']],
    ['help-check', ['check', '--help']],
    ['help-points', ['points', '--help']],
    ['help-alarms', ['help', 'alarms']],
    ['help-ack', ['ack', '--help']],
    ['help-shelve', ['shelve', '--help']],
    ['help-out-of-service', ['out-of-service', '--help']],
    ['help-status', ['status', '--help']],
    ['help-watch', ['watch', '--help']],
    ['help-outputs', ['outputs', '--help']],
    ['help-silence', ['silence', '--help']],
    ['help-reload', ['reload', '-h']],
    ['help-ports', ['ports', '--help']],
    ['help-scan', ['scan', 'modbus', '--help']],
    ['help-probe', ['probe', '--help']],
    ['help-export', ['export', '--help']],
    ['help-audit', ['audit', '--help']],
    ['help-backup', ['backup', '--help']],
    ['help-restore', ['restore', '--help']],
    ['help-receive', ['receive', '--help']],
  ])('%s', async (name, args) => {
    const { code, out, err } = await cli(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out).toMatchFileSnapshot(golden(`${name}.txt`));
  });

  test('and says which version it is', async () => {
    expect((await cli('--version')).out).toBe(`${manifest.version}\n`);
  });

  test('and draws its colours only where they are asked for', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the start of a colour
    const colour = /\x1b\[/;
    const options = { cwd: folder, env: { PLANTROOM_SOCKET: 's.sock' } };
    expect((await runCli(['points'], options)).out).not.toMatch(colour);
    expect((await runCli(['points'], { ...options, env: { ...options.env, FORCE_COLOR: '1' } })).out).toMatch(colour);
    const both = { ...options.env, FORCE_COLOR: '1', NO_COLOR: '1' };
    expect((await runCli(['points'], { ...options, env: both })).out).not.toMatch(colour);
  });

  test('and a name from the plant cannot play tricks with the terminal', async () => {
    const before = gateway.pointViews;
    gateway.pointViews = [samplePoint({ name: '\x1b[2J\r\nok', value: '\x07' })];
    try {
      const { out } = await cli('points');
      expect(out).toContain('\\x1b[2J\\x0d\\x0aok');
      expect(out).toContain('\\x07');
      expect(out.split('\n')).toHaveLength(3);
    } finally {
      gateway.pointViews = before;
    }
  });
});

describe('a verb answers scripts with one JSON document', () => {
  test.each([
    ['points', ['points', '--json'], () => ({ points: gateway.pointViews })],
    ['points of a pattern', ['--json', 'points', 'feeder/*'], () => ({ points: gateway.pointViews.slice(2) })],
    [
      'alarms',
      ['alarms', '--json'],
      () => ({ standing: gateway.standing, hidden: [], suppressions: [], deadlines: [], history: [] }),
    ],
    [
      'alarms with history',
      ['alarms', '--history', '5', '--json'],
      () => ({ standing: gateway.standing, hidden: [], suppressions: [], deadlines: [], history: gateway.history }),
    ],
    ['status', ['status', '--json'], () => gateway.statusView],
    ['holes', ['holes', '--json'], () => ({ holes: gateway.holeViews })],
    ['holes of a device', ['holes', 'feeder', '--json'], () => ({ holes: gateway.holeViews })],
    ['holes of a device without any', ['holes', 'booster', '--json'], () => ({ holes: [] })],
    ['forgetting holes', ['holes', 'forget', 'feeder', '--json'], () => gateway.reply],
    ['outputs', ['outputs', '--json'], () => ({ outputs: gateway.outputViews })],
    ['a test of an output', ['outputs', 'test', 'siren', '--for', '3s', '--json'], () => gateway.reply],
    ['silence', ['silence', '--json'], () => gateway.reply],
    ['reload', ['reload', '--json'], () => gateway.reply],
  ])('%s', async (_, args, expected) => {
    const { code, out, err } = await cli(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(expected())));
  });
});

describe('an error is one line of what happened and one of what to do', () => {
  const noDaemon = (path: string) => `no daemon answers on ${path}`;
  test.each<[string[], keyof typeof exitCodes, string, string]>([
    [['pionts'], 'usage', "there is no verb 'pionts'", 'did you mean points?'],
    [['frobnicate'], 'usage', "there is no verb 'frobnicate'", 'plantroom --help lists all verbs'],
    [['points', '--jsn'], 'usage', "unknown option '--jsn'", 'did you mean --json?'],
    [['--colour', 'points'], 'usage', "unknown option '--colour'", 'see plantroom points --help'],
    [
      ['points', 'a', 'b'],
      'usage',
      "too many arguments for 'points'. Expected 1 argument but got 2: a, b.",
      'put the pattern into quotes, so that the shell leaves its * alone',
    ],
    [
      ['status', 'x'],
      'usage',
      "too many arguments for 'status'. Expected 0 arguments but got 1: x.",
      'see plantroom status --help',
    ],
    [['alarms', '--history'], 'usage', "option '--history <n>' argument missing", 'see plantroom alarms --help'],
    [
      ['alarms', '--history', '0'],
      'usage',
      '--history is "0", which is not a whole number it takes',
      'give a number from 1 to 1000',
    ],
    [
      ['alarms', '--history', '1\n2'],
      'usage',
      '--history is "1\\n2", which is not a whole number it takes',
      'give a number from 1 to 1000',
    ],
    [
      ['watch', '--interval', '5'],
      'usage',
      '--interval is "5", which is not a duration it takes',
      'give a number with its unit, from 100ms to 1h, for example 500ms, 2s or 1m',
    ],
    [
      ['watch', '--interval', '10ms'],
      'usage',
      '--interval is "10ms", which is not a duration it takes',
      'give a number with its unit, from 100ms to 1h, for example 500ms, 2s or 1m',
    ],
    [['run'], 'usage', "required option '--site <file>' not specified", 'see plantroom run --help'],
    [
      ['run', '--site', 'x', '--log-level', 'loud'],
      'usage',
      '--log-level is "loud", which it does not know',
      'give one of debug, info, warn, error',
    ],
    [['check'], 'usage', "missing required argument 'file'", 'see plantroom check --help'],
    [
      ['points', 'nope/*'],
      'not-found',
      'no point matches "nope/*"',
      'list all points with: plantroom points; a * stands for any text, as in "booster/*"',
    ],
    [
      ['watch', 'nope'],
      'not-found',
      'no point matches "nope"',
      'list all points with: plantroom points; a * stands for any text, as in "booster/*"',
    ],
    [['points', 'x'.repeat(201)], 'usage', 'the pattern is longer than 200 characters', 'see plantroom --help'],
    [
      ['status', '--socket', '/nowhere/p.sock'],
      'not-running',
      noDaemon('/nowhere/p.sock'),
      'start it with: plantroom run --site FILE',
    ],
    [
      ['watch', '--socket', '/nowhere/p.sock'],
      'not-running',
      noDaemon('/nowhere/p.sock'),
      'start it with: plantroom run --site FILE',
    ],
    [
      ['points', '--socket', `/${'x'.repeat(120)}`],
      'usage',
      `the socket path is longer than 107 bytes: /${'x'.repeat(120)}`,
      'give a shorter one, for example --socket /run/plantroom/plantroom.sock',
    ],
  ])('%j → %s', async (args, kind, message, hint) => {
    const text = await cli(...args);
    expect(text).toEqual({ code: exitCodes[kind], signal: null, out: '', err: `error: ${message}\n hint: ${hint}\n` });
    const json = await cli(...args, '--json');
    expect(json.code).toBe(exitCodes[kind]);
    expect(json.out).toBe('');
    // Without its value, the option before takes --json for it.
    if (message.endsWith('argument missing')) return;
    expect(JSON.parse(json.err)).toEqual({ error: { kind, message, hint } });
  });

  test('no verb at all is answered with the help, as an error', async () => {
    const { code, out, err } = await cli();
    expect({ code, out }).toEqual({ code: exitCodes.usage, out: '' });
    expect(err).toBe((await cli('--help')).out);
  });

  test('a refused reload lists why, and says that nothing was changed', async () => {
    const before = gateway.reply;
    gateway.reply = {
      kind: 'refused',
      message: 'the site file is wrong; the old one goes on',
      details: ['site.yaml:3:5: error: no such key\n  did you mean id?'],
    };
    try {
      const { code, out, err } = await cli('reload');
      expect(code).toBe(exitCodes.refused);
      expect(out).toBe('site.yaml:3:5: error: no such key\n  did you mean id?\n');
      expect(err.split('\n')[0]).toBe('error: the site file is wrong; the old one goes on');
      const json = await cli('reload', '--json');
      expect(json.code).toBe(exitCodes.refused);
      expect(JSON.parse(json.out)).toEqual(gateway.reply);
      expect(JSON.parse(json.err).error.kind).toBe('refused');
    } finally {
      gateway.reply = before;
    }
  });

  test('what is done with alarms says who does it, and a refusal says why', async () => {
    const before = gateway.reply;
    gateway.reply = { kind: 'done', message: 'sump/level-high: shelved' };
    try {
      const done = await cli('shelve', 'sump/level-high', '--for', '4h', '--reason', 'it sticks', '--who', 'Li Wei');
      expect(done).toMatchObject({ code: 0, out: 'sump/level-high: shelved\n' });
      expect(gateway.commands.at(-1)).toEqual({
        kind: 'shelve',
        alarms: ['sump/level-high'],
        by: { who: 'Li Wei', from: 'cli' },
        reason: 'it sticks',
        lastsMs: 14_400_000,
      });
      expect((await cli('ack', 'pump', 'fan/*')).code).toBe(0);
      expect(gateway.commands.at(-1)).toMatchObject({ kind: 'acknowledge', alarms: ['pump', 'fan/*'] });
      const without = await cli('out-of-service', 'pump', '--for', '2d');
      expect(without).toMatchObject({
        code: exitCodes.usage,
        err: expect.stringContaining('error: --reason is missing'),
      });
      gateway.reply = { kind: 'refused', message: 'pump/trip: its condition still stands', details: [] };
      const refused = await cli('reset', 'pump/trip');
      expect(refused.code).toBe(exitCodes.refused);
      expect(refused.err).toBe('error: pump/trip: its condition still stands\n hint: nothing was changed\n');
    } finally {
      gateway.reply = before;
    }
  });

  test('a device that is not in the site has no holes, and none to forget', async () => {
    const listed = await cli('holes', 'metre');
    expect(listed.code).toBe(exitCodes['not-found']);
    expect(listed.err).toContain('error: there is no device "metre"');
    const before = gateway.reply;
    gateway.reply = { kind: 'refused', message: 'there is no device "metre"', details: [] };
    try {
      const { code, err } = await cli('holes', 'forget', 'metre');
      expect(code).toBe(exitCodes['not-found']);
      expect(err).toBe('error: there is no device "metre"\n hint: plantroom status lists all devices\n');
    } finally {
      gateway.reply = before;
    }
  });

  test('an output is tested for as long as it was said, up to a minute, and silence is passed on', async () => {
    await cli('outputs', 'test', 'siren', '--for', '3s');
    await cli('silence', '--who', 'Li Wei');
    expect(gateway.commands.slice(-2)).toEqual([
      { kind: 'test-output', by: { who: expect.any(String), from: 'cli' }, output: 'siren', durationMs: 3_000 },
      { kind: 'silence', by: { who: 'Li Wei', from: 'cli' } },
    ]);
    const { code, err } = await cli('outputs', 'test', 'siren', '--for', '2m');
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain('--for 2m is no time up to 1m');
    const before = gateway.reply;
    gateway.reply = { kind: 'refused', message: 'the gateway is not running', details: [] };
    const refused = await cli('silence');
    expect(refused).toMatchObject({ code: exitCodes.refused, out: '' });
    expect(refused.err).toBe('error: the gateway is not running\n hint: no siren was silenced\n');
    gateway.reply = { kind: 'refused', message: 'there is no output "horn"', details: [] };
    try {
      expect((await cli('outputs', 'test', 'horn')).err).toBe(
        'error: there is no output "horn"\n hint: plantroom outputs lists them\n',
      );
    } finally {
      gateway.reply = before;
    }
  });

  test('a reader that is slower than we are gets all of it', async () => {
    const before = gateway.pointViews;
    gateway.pointViews = Array.from({ length: 20_000 }, (_, index) => samplePoint({ key: `d/${index}` }));
    try {
      // Once through a pipe of the shell, which takes 64 KiB.
      const shell = ['-c', '"$@" | { sleep 1; wc -l; }', 'sh', process.execPath, bin, 'points', '--socket', socketPath];
      const [script = '', ...args] = shell;
      const { out } = await runCli(args, { cwd: folder, node: 'sh', script });
      expect(Number(out)).toBe(20_001);
    } finally {
      gateway.pointViews = before;
    }
  });

  test('a reader that goes away ends the output quietly', async () => {
    const before = gateway.pointViews;
    gateway.pointViews = Array.from({ length: 20_000 }, (_, index) => samplePoint({ key: `d/${index}` }));
    try {
      const run = startCli(['points'], { cwd: folder, env: { PLANTROOM_SOCKET: 's.sock' } });
      run.child.stdout?.destroy();
      const { code, err } = await run.end;
      expect({ code, err }).toEqual({ code: 0, err: '' });
    } finally {
      gateway.pointViews = before;
    }
  });
});

describe('check', () => {
  test('says what a right file holds', async () => {
    const { code, out, err } = await runCli(['check', 'config/demo.yaml', '--json'], { cwd: root });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { file, isValid, holds } = JSON.parse(out);
    expect({ file, isValid, id: holds.gateway.id }).toEqual({ file: 'config/demo.yaml', isValid: true, id: 'demo' });
    const text = await runCli(['check', 'config/demo.yaml'], { cwd: root });
    expect(text.out).toContain(`config/demo.yaml is right: gateway demo, ${holds.devices.length} devices`);
    for (const { id, bus } of holds.devices) expect(text.out).toMatch(new RegExp(`^${id} +${bus} `, 'm'));
  });

  test('lists what is wrong, with line and column, and exits with 3', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'gateway: {idd: x}\nfoo: 3\n');
    const { code, out, err } = await cli('check', 'bad.yaml');
    expect(code).toBe(exitCodes.site);
    expect(out).toMatch(/^bad\.yaml:1:11: error: .*\n {2}did you mean id\?$/m);
    expect(err).toMatch(/^error: bad\.yaml is wrong: \d problems\n hint: .+\n$/);
    const json = await cli('check', 'bad.yaml', '--json');
    const document = JSON.parse(json.out);
    expect(document).toMatchObject({ file: 'bad.yaml', isValid: false, holds: null });
    expect(document.problems[0]).toMatchObject({ file: 'bad.yaml', line: 1, severity: 'error' });
  });

  test('tells what each bus is asked for, healthy and with devices dead', async () => {
    writeFileSync(join(folder, 'line.yaml'), serialSite('interval: 4s'));
    const { code, out } = await cli('check', 'line.yaml');
    expect(code).toBe(0);
    expect(out).toMatch(/^BUS +READS +LOAD +LONGEST WAIT +WORST AGE +ONE DEAD +TWO DEAD$/m);
    expect(out).toMatch(/^line +12 +30 % +1\.2s +5\.2s +30 %, .+s +\d+ %, .+s$/m);
    const { holds } = JSON.parse((await cli('check', 'line.yaml', '--json')).out);
    expect(holds.buses[0].forecast).toMatchObject({ oneDead: { load: expect.any(Number) }, twoDead: {} });
    expect(holds.buses.at(-1)).toMatchObject({ id: 'self', forecast: null });
  });

  test('warns where a bus has little time left', async () => {
    writeFileSync(join(folder, 'full.yaml'), serialSite('interval: 1500ms'));
    const { code, out } = await cli('check', 'full.yaml');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^full\.yaml:3:5: warning: the bus "line" is asked for 8\d % of its time: .+\n {2}intervals that fit/m,
    );
  });

  test('refuses a bus that is asked for more time than it has, and names intervals that fit', async () => {
    writeFileSync(join(folder, 'over.yaml'), serialSite('interval: 1s'));
    const { code, out, err } = await cli('check', 'over.yaml');
    expect(code).toBe(exitCodes.site);
    expect(out).toMatch(/^over\.yaml:3:5: error: the bus "line" is asked for 12\d % of its time$/m);
    expect(out).toContain('  intervals that fit (');
    expect(out).toContain('2s instead of 1s');
    expect(out).toMatch(/^line .* no limit .* no limit /m);
    expect(out).not.toContain('is right');
    expect(err).toContain('over.yaml is wrong: 1 problem\n');
    writeFileSync(join(folder, 'over.yaml'), serialSite('interval: 2s'));
    expect((await cli('check', 'over.yaml')).code).toBe(0);
  });

  test('of no file says so', async () => {
    const { code, out } = await cli('check', 'none.yaml');
    expect(code).toBe(exitCodes.site);
    expect(out).toContain('none.yaml:1:1: error: there is no such file');
  });
});

/** Three meters of 41 values each on one line. */
function serialSite(interval: string): string {
  return [
    'gateway: {id: t, name: T}',
    'buses:',
    '  - {id: line, protocol: modbus-rtu, path: /dev/ttyUSB0, baud-rate: 9600, parity: even}',
    'devices:',
    ...[1, 2, 3].map(unit => `  - {id: m${unit}, bus: line, unit-id: ${unit}, ${interval}, profile: eastron-sdm630}`),
    '',
  ].join('\n');
}

describe('without --socket', () => {
  test('the daemon is found in the runtime folder, then below var of this folder and of the project', async () => {
    const place = makeFolder('find');
    const clone = copyProject(place, { hasPackages: true });
    const script = join(clone, 'src/bin/plantroom.mjs');
    const started: Api[] = [];
    const startIn = async (path: string, id: string) => {
      const other = new SampleGateway();
      other.statusView = { ...other.statusView, gateway: { id, name: id } };
      const otherApi = createApi({ gateway: other, socketPath: join(place, path), log: silentLog });
      await otherApi.start();
      started.push(otherApi);
    };
    const ask = async (env: Record<string, string> = {}) => {
      const { code, out, err } = await runCli(['status', '--json'], { cwd: place, env, script });
      return code === 0 ? JSON.parse(out).gateway.id : { code, ...JSON.parse(err).error };
    };
    try {
      expect(await ask()).toMatchObject({ code: exitCodes['not-running'], message: 'no daemon is running here' });
      // A folder whose daemon is gone, and one that never had any, are passed over.
      mkdirSync(join(place, 'var/empty'), { recursive: true });
      await startIn('clone/var/demo/plantroom.sock', 'of-the-project');
      expect(await ask()).toBe('of-the-project');
      await startIn('var/b/plantroom.sock', 'of-the-folder');
      const several = await ask();
      expect(several).toMatchObject({ code: exitCodes.usage, kind: 'usage' });
      expect(several.message).toContain('var/b/plantroom.sock');
      expect(several.message).toContain('clone/var/demo/plantroom.sock');
      await startIn('rt/plantroom.sock', 'installed');
      expect(await ask({ RUNTIME_DIRECTORY: `${join(place, 'rt')}:/somewhere/else` })).toBe('installed');
      expect(await ask({ PLANTROOM_SOCKET: 'var/b/plantroom.sock' })).toBe('of-the-folder');
    } finally {
      for (const otherApi of started) await otherApi.stop();
      remove(place);
    }
  });
});

describe('without its packages', () => {
  test('the command says what to install', async () => {
    const place = makeFolder('bare');
    try {
      const clone = copyProject(place, { hasPackages: false });
      const { code, out, err } = await runCli(['status'], { cwd: place, script: join(clone, 'src/bin/plantroom.mjs') });
      expect({ code, out }).toEqual({ code: exitCodes.internal, out: '' });
      expect(err).toBe(`error: the packages of ${clone} are not installed\n hint: cd ${clone} && npm ci\n`);
    } finally {
      remove(place);
    }
  });

  test('the command is a file that can be started', () => {
    accessSync(bin, constants.X_OK);
  });
});
