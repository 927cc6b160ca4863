import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/base/errors.ts';
import type { BacnetFault } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { real } from '../../../src/sim/bacnet/value.ts';
import { startDaemon } from '../../fakes/daemon.ts';
import { exampleOf } from '../examples.ts';
import { makeFolder, remove, runCli } from '../terminal.ts';
import { Tmux } from '../tmux.ts';
import { chillerObjects, startNetwork, type TestNetwork } from './rig.ts';

/* probe of BACnet devices: real datagrams to simulated devices on the loopback interface. */

let folder: string;
let network: TestNetwork;

beforeEach(async () => {
  folder = makeFolder('probe-bacnet');
  network = await startNetwork([
    { instance: 1001, host: '127.0.0.2', name: 'Chiller 1', objects: chillerObjects() },
    { instance: 1003, host: '127.0.0.4', name: 'First', objects: chillerObjects() },
    { instance: 1003, host: '127.0.0.5', name: 'Second', objects: chillerObjects() },
    { instance: 2001, host: '127.0.0.6', behind: { network: 200, mac: '0c' }, name: 'VAV', objects: chillerObjects() },
  ]);
  writeFileSync(join(folder, 'site.yaml'), siteText());
});

afterEach(async () => {
  await network[Symbol.asyncDispose]();
  remove(folder);
});

function siteText(): string {
  return `gateway: {id: g1}
buses:
  - {id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${network.port}}
  - {id: line, protocol: modbus-tcp, host: 127.0.0.1, port: 1}
devices:
  - {id: chiller, bus: net, instance: 1001, points: [{id: supply, object: analog-input 1, unit: °C, interval: 200ms}]}
  - {id: pump, bus: line, points: [{id: p, holding-register: 0, type: u16}]}
`;
}

/** Without it the device is looked for, which takes half a second. */
const at = ['--to', '127.0.0.2'];
const through = () => ['--address', '127.0.0.1', '--port', String(network.port)];
const probe = (...args: string[]) => runCli(['probe', ...args, ...through()], { cwd: folder });
const ofSite = (...args: string[]) => runCli(['probe', ...args, '--site', 'site.yaml'], { cwd: folder });

describe('probe of a BACnet device', () => {
  test('shows a value with its units, its state and the point of the site', async () => {
    const { code, out, err } = await ofSite('chiller', 'analog-input', '1');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const still = out.replace(/answered in .*/, 'answered in …');
    await expect(still).toMatchFileSnapshot('../../fixtures/cli/bacnet-probe.txt');
  });

  test('prints the document that docs/cli.md shows', async () => {
    const { out } = await ofSite('chiller', 'analog-input:1', '--json');
    const document = JSON.parse(out);
    const example = exampleOf('probe-bacnet');
    expect(Object.keys(document)).toEqual(Object.keys(example));
    expect(Object.keys(document.points[0])).toEqual(Object.keys(example.points[0]));
    expect(document).toMatchObject({ bus: null, device: 'chiller', units: 'degrees-celsius', statusFlags: [] });
  });

  test.each<[string[], RegExp]>([
    [['1001', 'multi-state-input', '1'], /value +2 \(Auto\)/],
    [['1001', 'multi-state-input:1', 'state-text[3]', ...at], /value +Hand\ntype +text/],
    [['1001', 'multi-state-input 1', 'state-text[0]', ...at], /value +3\n/],
    [['1001', 'device', ...at], /value +Chiller 1\n/],
    [['1001', 'device', 'object-list', ...at], /value +a list of 7\n[\s\S]*value 2 +analog-input 1\n/],
    [['1001', '0:9', 'object-name', ...at], /value +压力\n/],
    [['1001', 'analog-input', '1', '117', ...at], /value +62\n/],
    [['2001', 'analog-input', '1'], /value +6\.9\n/],
    [['2001', 'analog-input', '1', '--to', '127.0.0.6', '--network', '200:0c'], /value +6\.9\n/],
    [['1003', 'device', '--to', '127.0.0.5'], /value +Second\n/],
  ])('%j', async (args, said) => {
    const { code, out, err } = await probe(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(said);
  });

  test('says that a value is not to be trusted', async () => {
    network.devices[0]?.startFault('sensor-fault');
    const { out } = await probe('1001', 'analog-input:1', ...at);
    expect(out).toMatch(/status flags +in-alarm, fault\nreliability +no-sensor\n/);
  });

  test.each<[string, string[], keyof typeof exitCodes, RegExp]>([
    [
      'an object that it does not have',
      ['1001', 'analog-input', '99'],
      'not-found',
      /no such object \(error object unknown-object\)\n hint: plantroom scan bacnet --objects/,
    ],
    [
      'a property that it does not have',
      ['1001', 'analog-input:1', 'state-text', ...at],
      'not-found',
      /no such property \(error/,
    ],
    [
      'an element that it does not have',
      ['1001', 'multi-state-input:1', 'state-text[9]', ...at],
      'network',
      /no such element/,
    ],
    [
      'nobody of that instance',
      ['77', 'analog-input:1'],
      'network',
      /no answer: no device says that it is 77\n hint: check instance/,
    ],
    [
      'two of one instance',
      ['1003', 'analog-input:1'],
      'network',
      /127\.0\.0\.4:\d+ and 127\.0\.0\.5:\d+ all say that they are device 1003/,
    ],
    ['nobody at an address', ['1001', 'device', '--to', '127.0.0.99', '--timeout', '200ms'], 'network', /no answer/],
    ['a type that is none', ['1001', 'analog-inptu:1'], 'usage', /no type of object\n hint: .*analog-input/],
    [
      'a property that is none',
      ['1001', 'analog-input:1', 'presentvalue'],
      'usage',
      /no property\n hint: .*present-value/,
    ],
    ['words too many', ['1001', 'analog-input', '1', 'units', 'now'], 'usage', /nobody knows what now means/],
    ['a router without an address behind it', ['1001', 'device', '--network', '200'], 'usage', /give both/],
    ['an option of Modbus', ['1001', 'device', '--unit', '3'], 'usage', /--unit has no meaning with BACnet/],
  ])('tells %s, and what to do', async (_, args, kind, said) => {
    const { code, out, err } = await probe(...args);
    expect({ code, out }).toEqual({ code: exitCodes[kind], out: '' });
    expect(err).toMatch(said);
  });

  test.each<[BacnetFault, RegExp]>([
    ['silent', /: no answer: /],
    ['reject', /does not understand the request \(reject unrecognized-service\)/],
    ['abort', /gave up on the request \(abort /],
    ['error', /answers with an error \(error device operational-problem\)/],
    ['wrong-object', /a wrong answer: an answer for a property that was not asked for/],
  ])('tells %s from all others', async (fault, said) => {
    network.devices[0]?.startFault(fault);
    const { code, err } = await probe('1001', 'analog-input:1', '--to', '127.0.0.2', '--timeout', '600ms');
    expect(code).toBe(exitCodes.network);
    expect(err).toMatch(said);
    expect(err).toMatch(/\n hint: .+\n$/);
  });

  test.each<[string[], RegExp]>([
    [['pump', 'analog-input', '1'], /"analog-input" is no address/],
    [['pump', '0', '--to', '10.0.0.5'], /--to has no meaning with Modbus/],
    [['net', 'analog-input', '1'], /net is a bus with many devices/],
    [['chiler', 'analog-input', '1'], /no BACnet device is called "chiler"\n hint: there are chiller/],
  ])('knows by the site which protocol %j means', async (args, said) => {
    const { code, err } = await ofSite(...args);
    expect(code).not.toBe(0);
    expect(err).toMatch(said);
  });
});

describe('probe --watch of a BACnet device', () => {
  test('follows the value in a terminal, tells when the device is gone, and q gives the terminal back', async () => {
    const args = ['probe', '1001', 'analog-input', '1', ...through(), '--to', '127.0.0.2', '--timeout', '300ms'];
    using terminal = new Tmux(folder, [...args, '--watch', '--interval', '100ms'], 80, 20);
    await terminal.shows(/value +6\.9$/m);
    network.devices[0]?.set(0, 1, 85, { kind: 'one', value: real(21.5) });
    await terminal.shows(/value +21\.5$/m);
    network.devices[0]?.startFault('silent');
    await terminal.shows(/old values: device 1001 .*no answer/);
    terminal.run('send-keys', 'q');
    await terminal.shows('ended with 0');
  });
});

describe('probe with a daemon that owns the port', () => {
  test('goes through it by name or by instance, and the polling goes on', async () => {
    await using daemon = await startDaemon(siteText());
    const ask = (...args: string[]) => runCli(['probe', ...args, '--socket', daemon.socketPath], { cwd: folder });
    const named = await ask('chiller', 'analog-input:1', '--json');
    expect(JSON.parse(named.out)).toMatchObject({ bus: 'net', device: 'chiller', points: [{ key: 'chiller/supply' }] });
    const other = await ask('2001', 'binary-input', '1', '--json');
    expect(JSON.parse(other.out)).toMatchObject({ bus: 'net', device: null, values: [{ number: 1 }] });
    const refused = await ask('chiller', 'analog-input', '77');
    expect(refused.code).toBe(exitCodes['not-found']);
    expect(refused.err).toMatch(/through the daemon \(bus net\): .*no such object/);
    await expect.poll(async () => (await daemon.client.points('chiller'))[0]?.quality).toBe('good');
  });
});
