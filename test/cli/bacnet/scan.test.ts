import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/base/errors.ts';
import { analog } from '../../../src/sim/bacnet/object.ts';
import { startDaemon } from '../../fakes/daemon.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { exampleOf } from '../examples.ts';
import { makeFolder, remove, runCli, startCli } from '../terminal.ts';
import { Tmux } from '../tmux.ts';
import { chillerObjects, startNetwork, type TestNetwork } from './rig.ts';

/* scan bacnet against simulated devices on the loopback interface: real datagrams, one process for each side. */

let folder: string;
let network: TestNetwork;

beforeEach(async () => {
  folder = makeFolder('scan-bacnet');
  network = await startNetwork(
    [
      { instance: 1001, host: '127.0.0.2', name: 'Chiller 1', model: 'CH-500', objects: chillerObjects() },
      {
        ...{ instance: 1002, host: '127.0.0.3', name: 'Meter', maxApdu: 480, segmentation: 'none' },
        objects: chillerObjects(),
      },
      { instance: 1003, host: '127.0.0.4', name: 'First', objects: [] },
      { instance: 1003, host: '127.0.0.5', name: 'Second', objects: [] },
      {
        ...{ instance: 2001, host: '127.0.0.6', behind: { network: 200, mac: '0c' }, name: 'VAV' },
        objects: chillerObjects(),
      },
    ],
    { bbmds: [{ host: '127.0.0.9' }] },
  );
});

afterEach(async () => {
  await network[Symbol.asyncDispose]();
  remove(folder);
});

/** The devices answer at once; they are asked twice within it. */
const quick = ['--wait', '400ms'];
const through = () => ['--address', '127.0.0.1', '--port', String(network.port)];
const scan = (...args: string[]) => runCli(['scan', 'bacnet', ...through(), ...quick, ...args], { cwd: folder });
const rowsOf = (out: string) => out.trimEnd().split('\n').slice(1);

interface FoundDocument {
  readonly instance: number;
  readonly isConflict: boolean;
  readonly name: string;
  readonly objects?: readonly { readonly object: string }[];
}

async function found(...args: string[]): Promise<readonly FoundDocument[]> {
  const { code, out, err } = await scan(...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out).devices;
}

describe('scan bacnet', () => {
  test('lists who is there, and shows devices of one instance as a conflict, not as one', async () => {
    const { code, out, err } = await scan();
    expect(code).toBe(0);
    expect(err).toMatch(
      /^asking all devices by broadcast through udp 127\.0\.0\.1:\d+, 400ms; Ctrl-C keeps .*\nDone: 5 found\.\n$/,
    );
    const [first, second, third, fourth, fifth, ...rest] = rowsOf(out);
    expect(first).toMatch(/^ +1001 +127\.0\.0\.2:\d+ +Chiller 1 +plantroom simulator +CH-500 +1476 +both$/);
    expect(second).toMatch(/^ +1002 .* Meter .* 480 +none$/);
    expect(third).toMatch(/^ +1003 +127\.0\.0\.4:\d+ +First .*conflict$/);
    expect(fourth).toMatch(/^ +1003 +127\.0\.0\.5:\d+ +Second .*conflict$/);
    expect(fifth).toMatch(/^ +2001 +127\.0\.0\.6:\d+ 200:0c +VAV /);
    expect(rest.join('\n')).toMatch(
      /conflict: 2 devices say that they are 1003: 127\.0\.0\.4:\d+, 127\.0\.0\.5:\d+\n give each/,
    );
  });

  test.each<[string, string[], number[]]>([
    ['a range of instances', ['--instances', '1001..1002'], [1001, 1002]],
    ['one instance', ['--instances', '2001'], [2001]],
    ['one network behind a router', ['--network', '200'], [2001]],
    ['one address', ['--to', '127.0.0.3'], [1002]],
    ['a network by its router', ['--to', '127.0.0.6', '--network', '200'], [2001]],
    ['one device by its router', ['--to', '127.0.0.6', '--network', '200:0c'], [2001]],
  ])('asks %s', async (_, args, instances) => {
    expect((await found(...args)).map(({ instance }) => instance)).toEqual(instances);
  });

  test('asks through the interface that is named', async () => {
    const args = ['--interface', 'lo', '--port', String(network.port), ...quick, '--instances', '1001', '--json'];
    const { code, out } = await runCli(['scan', 'bacnet', ...args], { cwd: folder });
    expect(code).toBe(0);
    expect(JSON.parse(out).devices).toMatchObject([{ instance: 1001, host: '127.0.0.2' }]);
  });

  test('reaches devices of another subnet by a BBMD, as a foreign device', async () => {
    const other = ['--address', '127.0.0.1', '--port', String(network.port + 1)];
    const run = (...args: string[]) => runCli(['scan', 'bacnet', ...other, ...quick, ...args], { cwd: folder });
    expect((await run()).code).toBe(exitCodes['not-found']);
    const { code, out } = await run('--bbmd', `127.0.0.9:${network.port}`, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).devices).toHaveLength(5);
  });

  test('prints the document that docs/cli.md shows', async () => {
    const [device] = await found('--instances', '1001', '--objects');
    const [example] = exampleOf('scan-bacnet').devices;
    expect(Object.keys(device ?? {})).toEqual(Object.keys(example));
    expect(Object.keys(device?.objects?.[1] ?? {})).toEqual(Object.keys(example.objects[0]));
    expect(device).toMatchObject({ instance: 1001, vendor: 'plantroom simulator', maxApdu: 1476, bus: null });
    expect(device?.objects?.find(({ object }) => object === 'multi-state-input 1')).toMatchObject({
      name: 'Mode',
      value: '2',
      states: { 1: 'Off', 2: 'Auto', 3: 'Hand' },
    });
  });

  test('tells of a device that is there and does not say who it is what it does instead', async () => {
    network.devices[0]?.startFault('error');
    network.devices[1]?.startFault('wrong-object');
    const { out } = await scan('--instances', '1001..1002', '--timeout', '200ms');
    expect(out).toMatch(/1001 +127\.0\.0\.2:\d+ +vendor 999 .* the device answers with an error$/m);
    expect(out).toMatch(/1002 +127\.0\.0\.3:\d+ +vendor 999 .* an answer for a property that was not asked for/);
    expect(out).not.toContain('silent');
  });

  test.each<[string[], keyof typeof exitCodes, string]>([
    [['--instances', '9..2'], 'usage', 'no range of device instances'],
    [['--instances', '4194303'], 'usage', 'instances go up to 4194302'],
    [['--to', 'chiller.local'], 'usage', 'no IPv4 address'],
    [['--network', '70000'], 'usage', 'no network behind a router'],
    [['--choose', 'analog-*'], 'usage', 'add --write'],
    [['--interface', 'lo'], 'usage', '--interface and --address say the same'],
    [['--bus', 'plant'], 'usage', 'leave --bus out'],
    [['--write'], 'usage', 'say it with --site FILE'],
    [['--instances', '7'], 'not-found', 'nothing answered'],
    [['--to', '127.0.0.77'], 'not-found', 'check the address and its port'],
  ])('%j → %s', async (args, kind, said) => {
    const { code, out, err } = await scan(...args);
    expect({ code, out }).toEqual({ code: exitCodes[kind], out: '' });
    expect(err).toContain(said);
    expect(err).toMatch(/\n hint: .+\n$/);
  });

  test('says so when another program has the port', async () => {
    const args = ['--address', '127.0.0.2', '--port', String(network.port), ...quick];
    const { code, err } = await runCli(['scan', 'bacnet', ...args], { cwd: folder });
    expect(code).toBe(exitCodes.busy);
    expect(err).toMatch(/another program has this port\n hint: ss -lunp/);
  });
});

describe('the objects of a device', () => {
  test('are listed with name, value, unit and what their states mean', async () => {
    const { code, out } = await scan('--objects', '1001');
    expect(code).toBe(0);
    const table = out.slice(out.indexOf('1001 Chiller 1 at')).replace(/127\.0\.0\.2:\d+/, '127.0.0.2:47808');
    await expect(table).toMatchFileSnapshot('../../fixtures/cli/bacnet-objects.txt');
  });

  test('are walked by index where the device sends no long answer', async () => {
    await using big = await startNetwork([
      {
        ...{ instance: 7, host: '127.0.0.2', name: 'Big', maxApdu: 206, segmentation: 'none' },
        objects: Array.from({ length: 150 }, (_, index) => analog(index, `Value ${index}`, index)),
      },
    ]);
    const args = ['--address', '127.0.0.1', '--port', String(big.port), ...quick, '--objects', '--json'];
    const { out } = await runCli(['scan', 'bacnet', ...args], { cwd: folder });
    const [device] = JSON.parse(out).devices;
    expect(device.objects).toHaveLength(151);
    expect(device.objects.at(-1)).toMatchObject({ object: 'analog-input 149', name: 'Value 149', value: '149' });
  });

  test('are listed as far as they came when the device falls silent, and it is not waited for again and again', async () => {
    let answers = 0;
    await using dying = await startNetwork(
      [
        {
          ...{ instance: 7, host: '127.0.0.2', name: 'Dying\u001b[2J\n' },
          objects: Array.from({ length: 300 }, (_, index) => analog(index, `Value ${index}`, index)),
        },
      ],
      {
        onSent: () => {
          answers += 1;
          if (answers === 12) dying.devices[0]?.startFault('silent');
        },
      },
    );
    const args = ['--address', '127.0.0.1', '--port', String(dying.port), ...quick, '--timeout', '300ms', '--objects'];
    const site = join(folder, 'site.yaml');
    writeFileSync(site, siteText);
    const written = [...args, '--write', '--site', site];
    const { code, out, err } = await runCli(['scan', 'bacnet', ...written], { cwd: folder });
    expect(code).toBe(exitCodes.refused);
    expect(err).toContain('note: 7 did not tell all its objects: not written\n');
    expect(readFileSync(site, 'utf8')).toBe(siteText);
    expect(err).toMatch(/note: the objects of 7 at 127\.0\.0\.2:\d+ are not all here: no answer after \d+ of 301\n/);
    expect(out).toContain('analog-input 3');
    // Its name does not reach the terminal as it is.
    expect(out).toContain('\n7 Dying\\x1b[2J at 127.0.0.2');
  });

  test('are walked with a bar in a terminal of 80 columns, and Ctrl-C keeps what was found', async () => {
    await using big = await startNetwork([
      {
        ...{ instance: 7, host: '127.0.0.2', name: 'Big', maxApdu: 206, segmentation: 'none', answerAfterMs: 20 },
        objects: Array.from({ length: 900 }, (_, index) => analog(index, `Value ${index}`, index)),
      },
    ]);
    const args = ['scan', 'bacnet', '--address', '127.0.0.1', '--port', String(big.port), '--wait', '1s', '--objects'];
    using terminal = new Tmux(folder, args, 80, 12);
    await terminal.shows(/^\[█* *\] +\d+ % {2}listening · \d found/m);
    await terminal.shows(/^\[█* *\] +\d+ % {2}7: object list · about \d+\S+ left$/m);
    terminal.run('send-keys', 'C-c');
    await terminal.shows('ended with 130');
    expect(terminal.screen()).toMatch(/^ +7 +127\.0\.0\.2:\d+ +Big /m);
    expect(terminal.screen()).toContain('Stopped: 1 found.');
    expect(terminal.screen()).not.toContain('left');
  });
});

const siteText = `# our site
gateway: { id: g1 } # the gateway
buses: [{ id: plant, protocol: modbus-tcp, host: 127.0.0.1 }]
devices:
  # the pump
  - id: pump
    bus: plant
    points: [{ id: p, holding-register: 0, type: u16 }]
    # its last remark

alarms: [] # none yet
`;

describe('scan bacnet --write', () => {
  let file: string;
  const write = (...args: string[]) => scan('--write', '--site', 'site.yaml', ...args);
  const read = () => readFileSync(file, 'utf8');

  beforeEach(() => {
    file = join(folder, 'site.yaml');
    writeFileSync(file, siteText);
    chmodSync(file, 0o640);
  });

  test('adds devices and points with names and units, and leaves everything else as it was', async () => {
    const { code, err } = await write('--instances', '1001..1003');
    expect(code).toBe(0);
    expect(err).toContain('note: 1003 is the number of several devices: not written\n');
    expect(err).toContain('+   - id: chiller-1\n');
    expect(err).toMatch(/site\.yaml: 2 devices with 12 points\. plantroom reload takes it up\.\n$/);
    const lines = read().replace(String(network.port), '47809').split('\n');
    await expect(lines.join('\n')).toMatchFileSnapshot('../../fixtures/cli/bacnet-written.yaml');
    for (const line of siteText.split('\n').filter(text => !text.startsWith('buses'))) expect(lines).toContain(line);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    const checked = await runCli(['check', 'site.yaml', '--json'], { cwd: folder });
    expect(JSON.parse(checked.out).problems).toEqual([]);
  });

  test('never touches a device that is in the file, and says so', async () => {
    await write('--instances', '1001');
    const before = read();
    const again = await write('--instances', '1001');
    expect(again.code).toBe(exitCodes.refused);
    expect(again.err).toContain('1001 is in the site file already, as chiller-1: left as it is');
    expect(read()).toBe(before);
    await write('--instances', '1001..1002');
    expect(read()).toContain('id: meter');
    expect(read().match(/protocol: bacnet-ip/g)).toHaveLength(1);
  });

  test('takes the objects that are chosen, by type or by name', async () => {
    await write('--instances', '1001', '--choose', 'analog-input *, MODE');
    const objects = [...read().matchAll(/object: ([a-z-]+ \d+)/g)].map(([, object]) => object);
    expect(objects).toEqual(['analog-input 1', 'multi-state-input 1', 'analog-input 9']);
  });

  test('writes where a device is when it had to be told', async () => {
    await write('--to', '127.0.0.6', '--network', '200:0c', '--choose', 'binary-*');
    expect(read()).toContain(`    address: "127.0.0.6:${network.port}"\n    network: { number: 200, mac: "0c" }\n`);
  });

  test('writes no device that the bus of the file would not reach: it was found through a BBMD', async () => {
    const bus = `{ id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${network.port} }`;
    writeFileSync(file, siteText.replace('buses: [', `buses: [${bus}, `));
    const { code, err } = await write('--instances', '1001', '--bbmd', `127.0.0.9:${network.port}`);
    expect(code).toBe(exitCodes.refused);
    expect(err).toContain(`hint: what was found there would never answer: add foreign: { host: 127.0.0.9, port: `);
    expect(read()).not.toContain('chiller');
  });

  test('writes nothing beside a file that is wrong already', async () => {
    writeFileSync(file, siteText.replace('type: u16', 'type: u17'));
    const { code, err } = await write('--instances', '1001');
    expect(code).toBe(exitCodes.site);
    expect(err).toContain('u17');
    expect(read()).not.toContain('chiller');
  });

  test('leaves a file to a person that is written in a way of its own', async () => {
    const braces =
      '{gateway: {id: g1}, buses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}], devices: [{id: d, bus: b, points: [{id: p, coil: 0}]}]}\n';
    writeFileSync(file, braces);
    const { code, err } = await write('--instances', '1001');
    expect(code).toBe(exitCodes.refused);
    expect(err).toContain('is not changed by a program');
    expect(read()).toBe(braces);
  });

  test('asks before it writes where somebody sits there', async () => {
    const args = ['scan', 'bacnet', ...through(), ...quick, '--instances', '1001', '--write', '--site', file];
    using terminal = new Tmux(folder, [...args, '--choose', 'binary-*'], 100, 40);
    await terminal.shows(/Write this to .*site\.yaml\? \[y\/N\]/);
    expect(terminal.screen()).toContain('+       - { id: running, name: Running, object: binary-input 1 }');
    expect(read()).toBe(siteText);
    process.kill(terminal.pid(), 'SIGTERM');
    await terminal.shows('ended with 130');
    expect(read()).toBe(siteText);
    // Nothing of the draft is left.
    expect(readdirSync(folder).filter(name => name.includes('site.yaml'))).toEqual(['site.yaml']);
    using second = new Tmux(makeFolder('scan-bacnet-yes'), [...args, '--choose', 'binary-*'], 100, 40);
    await second.shows('[y/N]');
    second.run('send-keys', 'y', 'Enter');
    await second.shows('ended with 0');
    expect(read()).toContain('chiller-1');
  });
});

describe('scan bacnet with a daemon that owns the port', () => {
  test('goes through it, names its devices, and the polling goes on', async () => {
    await using daemon = await startDaemon(`gateway: {id: g1}
buses: [{id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${network.port}, broadcast: 127.255.255.255}]
devices: [{id: chiller, bus: net, instance: 1001, points: [{id: p, object: analog-input 1, interval: 200ms}]}]
`);
    const { code, out, err } = await scan('--socket', daemon.socketPath);
    expect(code).toBe(0);
    expect(err).toContain(`the daemon owns 127.0.0.1:${network.port}: asked through it, as bus net`);
    expect(rowsOf(out).slice(0, 5)).toHaveLength(5);
    expect(out).toMatch(/1001 .*in the site: chiller/);
    const objects = await runCli(
      ['scan', 'bacnet', ...quick, '--objects', '1002', '--json', '--socket', daemon.socketPath],
      { cwd: folder },
    );
    expect(JSON.parse(objects.out).devices[0]).toMatchObject({ bus: 'net', instance: 1002 });
    expect(JSON.parse(objects.out).devices[0].objects).toHaveLength(7);
    const other = join(folder, 'other.yaml');
    writeFileSync(
      other,
      siteText
        .replace('id: plant, protocol: modbus-tcp', 'id: net, protocol: modbus-tcp')
        .replace('bus: plant', 'bus: net'),
    );
    await scan('--socket', daemon.socketPath, '--instances', '1002', '--write', '--site', other);
    const written = `{ id: bacnet, protocol: bacnet-ip, address: 127.0.0.1, port: ${network.port}, broadcast: 127.255.255.255 }`;
    expect(readFileSync(other, 'utf8')).toContain(written);
    expect(readFileSync(other, 'utf8')).toContain('    bus: bacnet\n    instance: 1002\n');
    const bbmd = await scan('--socket', daemon.socketPath, '--bbmd', '127.0.0.9');
    expect(bbmd.code).toBe(exitCodes.refused);
    await expect.poll(async () => (await daemon.client.points('chiller'))[0]?.quality).toBe('good');
  });
});

describe('Ctrl-C while it listens', () => {
  test('prints what was found, in the document too', async () => {
    let answers = 0;
    await using busy = await startNetwork([{ instance: 5, host: '127.0.0.2', name: 'Five', objects: [] }], {
      onSent: () => {
        answers += 1;
      },
    });
    const where = ['--address', '127.0.0.1', '--port', String(busy.port), '--wait', '20s', '--json'];
    const run = startCli(['scan', 'bacnet', ...where], { cwd: folder });
    // The second I-Am answers the second question: the first one is over then.
    await waitUntil(() => answers >= 2, run.err);
    run.child.kill('SIGINT');
    const { code, out } = await run.end;
    expect(code).toBe(exitCodes.interrupted);
    expect(JSON.parse(out)).toMatchObject({ isComplete: false, devices: [{ instance: 5 }] });
  });
});
