import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import { widthOfText } from '../../src/cli/render/text.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { makeFolder, remove, runCli } from './terminal.ts';
import { Tmux } from './tmux.ts';

/** What a duty engineer types at night: real command lines, the real daemon, and a terminal as large as it is. */

const site = (port: number) => `gateway: {id: tower-a, name: A座}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}]
devices:
  - id: pump
    name: 一号水泵
    bus: line
    interval: 100ms
    points:
      - {id: dry, holding-register: 0, type: u16}
      - {id: level, holding-register: 1, type: u16}
      - {id: "off", holding-register: 2, type: u16}
alarms:
  - {id: dry-run, point: pump/dry, high: 0, priority: urgent, latching: yes, message: 消防水泵干转运行，请立即到现场检查}
  - {id: level-high, point: pump/level, high: 10, priority: high, message: The sump is full}
  - {id: level-low, point: pump/level, low: 2, suppressed-by: [pump-off]}
suppressions:
  - {id: pump-off, name: 水泵已停, inputs: {off: pump/off}, expression: "off > 0.0"}
`;

let slave: RegisterSlave;
let daemon: Daemon;
let folder: string;

beforeAll(async () => {
  folder = makeFolder('orders');
  slave = await startRegisterSlave();
  for (const register of [0, 1, 2]) slave.set(register, 20);
  daemon = await startDaemon(site(slave.port));
  await waitUntil(
    () => daemon.query("select count(*) from alarm_log where kind in ('raised', 'suppression-began')") === '3',
    () => daemon.log(),
  );
}, 60_000);

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await slave[Symbol.asyncDispose]();
  remove(folder);
});

function cli(...args: readonly string[]) {
  return runCli(['--socket', daemon.socketPath, ...args], { cwd: folder });
}

/** In a folder of its own: the one before may still be going. */
function openTerminal(columns: number): Tmux {
  const own = join(folder, `${columns}`);
  mkdirSync(own);
  return new Tmux(own, ['--socket', daemon.socketPath, 'alarms'], columns, 20);
}

describe('the list of alarms in a terminal', () => {
  test('of 100 columns has its columns in line, Chinese messages included', async () => {
    using terminal = openTerminal(100);
    await terminal.shows('ended with 0');
    const lines = terminal.lines();
    const header = lines.find(line => line.startsWith('PRIORITY')) ?? '';
    const rows = lines.filter(line => /^(urgent|high) /.test(line));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^urgent +unacknowledged +pump\/dry-run .*消防水泵/);
    for (const row of rows) {
      expect(row.indexOf('pump/')).toBe(header.indexOf('ALARM'));
      expect(row.search(/消防水泵|The sump/)).toBe(header.indexOf('MESSAGE'));
      expect(widthOfText(row)).toBeLessThanOrEqual(100);
    }
    const [title, suppression] = lines.slice(lines.findIndex(line => line.startsWith('SUPPRESSION')));
    expect(suppression).toMatch(/^pump-off .* 1 alarm +0 {2}水泵已停$/);
    expect(title?.indexOf('NAME')).toBe(suppression?.indexOf('水泵已停'));
  });

  test.each([80, 60])('of %i columns leaves out what can be spared, and cuts no line', async columns => {
    using terminal = openTerminal(columns);
    await terminal.shows('ended with 0');
    for (const line of terminal.lines()) expect(widthOfText(line)).toBeLessThanOrEqual(columns);
    const row = terminal.lines().find(line => line.startsWith('urgent')) ?? '';
    expect(row).toMatch(/pump\/dry-run +\S+ +in \dm: ackn.* 消防水泵/);
    if (columns === 80) expect(row).toMatch(/^urgent +unacknowledged .* 消防水泵\S*…$/);
  });
});

describe('what cannot be done says what to do', () => {
  test.each<[string, readonly string[], number, string, string]>([
    [
      'a slip of the pen',
      ['ack', 'pump/level-hihg'],
      exitCodes['not-found'],
      'there is no alarm pump/level-hihg',
      'did you mean pump/level-high?',
    ],
    [
      'a device that is written wrongly',
      ['ack', 'pumps'],
      exitCodes['not-found'],
      'there is no alarm pumps',
      'did you mean pump?',
    ],
    [
      'nothing like it',
      ['ack', 'boiler/9'],
      exitCodes['not-found'],
      'there is no alarm boiler/9',
      'plantroom alarms lists those',
    ],
    [
      'what tells of the site as a whole',
      ['ack', 'site/suppression:pump-off'],
      exitCodes.refused,
      'nothing can be done with site/suppression:pump-off',
      'ends by itself',
    ],
    ['no reason', ['shelve', 'pump/level-high'], exitCodes.usage, '--reason is missing', 'whoever comes next'],
    [
      'no end',
      ['out-of-service', 'pump', '--reason', 'x'],
      exitCodes.usage,
      '--for is missing',
      '--for 8h or --for 2d',
    ],
    [
      'no such duration',
      ['shelve', 'pump/level-high', '--for', '4 hours', '--reason', 'x'],
      exitCodes.usage,
      '--for 4 hours is no duration',
      'write --for 30min, 8h or 2d',
    ],
    [
      'too long',
      ['shelve', 'pump/level-high', '--for', '8d', '--reason', 'x'],
      exitCodes.usage,
      'shelve lasts at most 7d',
      '"for": "7d"',
    ],
    [
      'a protected priority',
      ['shelve', 'pump/dry-run', '--reason', 'x'],
      exitCodes.refused,
      'alarms of priority urgent may not be shelved here',
      'nothing was changed',
    ],
    [
      'a reset too early',
      ['reset', 'pump/dry-run'],
      exitCodes.refused,
      'pump/dry-run: it is not acknowledged yet',
      'nothing was changed',
    ],
    [
      'closed too early',
      ['progress', 'closed', 'pump/dry-run'],
      exitCodes.refused,
      'its condition still stands',
      'nothing was changed',
    ],
    [
      'a step that is none',
      ['progress', 'departed', 'pump/dry-run'],
      exitCodes.usage,
      'departed',
      'dispatched, arrived, restored, closed',
    ],
  ])('%s', async (_, args, code, message, hint) => {
    const end = await cli(...args);
    expect(end.code).toBe(code);
    expect(end.out).toBe('');
    expect(end.err).toContain(message);
    expect(end.err).toContain(hint);
  });

  test('no daemon', async () => {
    const end = await runCli(['--socket', 'nobody.sock', 'ack', 'pump'], { cwd: folder });
    expect(end.code).toBe(exitCodes['not-running']);
    expect(end.err).toMatch(/^error: no daemon answers on .*nobody\.sock\n hint: start it with: plantroom run/);
  });

  test('to a script in one document, with what was refused', async () => {
    const end = await cli('ack', 'pump/level-hihg', '--json');
    expect(JSON.parse(end.out)).toEqual({
      ...{ kind: 'refused', message: 'there is no alarm pump/level-hihg', details: ['did you mean pump/level-high?'] },
      isUnknown: true,
    });
    expect(JSON.parse(end.err).error).toMatchObject({ kind: 'not-found', hint: 'did you mean pump/level-high?' });
  });
});

test('an alarm goes all its way by command lines, and the history says who did what', async () => {
  const who = ['--who', '李伟'];
  const said = async (...args: readonly string[]) => {
    const { code, out, err } = await cli(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out.trimEnd();
  };
  expect(await said('ack', 'pump/dry-run', ...who)).toBe('pump/dry-run: acknowledged');
  expect(await said('progress', 'dispatched', 'pump/dry-run', ...who)).toBe('pump/dry-run: somebody is on the way');
  expect(await said('progress', 'arrived', 'pump/dry-run', ...who)).toBe('pump/dry-run: somebody is there');
  expect(await said('shelve', 'pump/level-*', '--for', '30min', '--reason', '浮球卡住', ...who)).toBe('2 shelved');
  expect(JSON.parse(await said('unshelve', 'pump/level-low', '--json'))).toEqual({
    ...{ kind: 'done', message: 'pump/level-low: unshelved' },
  });
  slave.set(0, 0);
  const latched = async () => (await daemon.client.alarms(0)).standing.map(({ phase }) => phase);
  await expect.poll(latched, { timeout: 20_000 }).toEqual(['latched-acknowledged']);
  expect(await said('progress', 'restored', 'pump/dry-run', ...who)).toBe('pump/dry-run: restored');
  expect(await said('reset', 'pump/dry-run', '--reason', '已修复', ...who)).toBe('pump/dry-run: reset');
  expect(await said('progress', 'closed', 'pump/dry-run', ...who)).toBe('pump/dry-run: closed');
  expect(await said('out-of-service', 'pump', '--for', '2d', '--reason', 'motor is rewound', ...who)).toContain(
    'taken out of service',
  );
  expect(await said('in-service', 'pump')).toContain('back in service');
  const list = await said('alarms', '--history', '50');
  expect(list).toMatch(/^shelved +pump\/level-high +stands +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +李伟 +浮球卡住$/m);
  expect(list).toMatch(/ reset +urgent +pump\/dry-run +by 李伟: 已修复$/m);
  const told = daemon.query(
    "select group_concat(kind, ' ') from (select kind from alarm_log where alarm = 'pump/dry-run' order by number)",
  );
  expect(told).toBe('raised acknowledged dispatched arrived returned restored reset closed out-of-service in-service');
});
