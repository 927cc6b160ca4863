import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlantroomError } from '../../../src/base/errors.ts';
import { parseAddress } from '../../../src/cli/modbus/address.ts';
import { busTo, formatEndpoint, looksLikeEndpoint, parseEndpoint } from '../../../src/cli/modbus/endpoint.ts';
import { matchProfile } from '../../../src/cli/modbus/profile-match.ts';
import { countQuestions, estimateMs } from '../../../src/cli/modbus/scan-plan.ts';
import { parseHosts, parseLines, parseUnits } from '../../../src/cli/modbus/scan-range.ts';
import { endpointOf } from '../../../src/model/bus.ts';
import { formatLine } from '../../../src/model/serial-line.ts';
import { readProfileHeads } from '../../../src/site/site.ts';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PlantroomError);
    const { kind, hint, message } = thrown as PlantroomError;
    expect(hint).toBeTruthy();
    return `${kind}: ${message}`;
  }
  return 'was taken';
}

describe('an address as a manual writes it', () => {
  test.each<[string, string, number]>([
    ['40001', 'holding-register', 0],
    ['49999', 'holding-register', 9_998],
    ['400001', 'holding-register', 0],
    ['465536', 'holding-register', 65_535],
    ['30001', 'input-register', 0],
    ['300011', 'input-register', 10],
    ['100001', 'discrete-input', 0],
    ['00001', 'coil', 0],
    ['000017', 'coil', 16],
  ])('%s is %s %i, and says so', (text, table, address) => {
    const understood = parseAddress(text, undefined);
    expect(understood).toMatchObject({ table, address });
    expect(understood.note).toContain(`"${text}" in a manual is ${table} ${address}`);
  });

  test.each<[string, number]>([
    ['0', 0],
    ['9999', 9_999],
    ['0x9c41', 40_001],
    ['19000', 19_000],
    ['40000', 40_000],
    ['65535', 65_535],
  ])('%s is an address on the wire, without a doubt', (text, address) => {
    expect(parseAddress(text, undefined)).toEqual({ table: 'holding-register', address, note: undefined });
  });

  test('is an address on the wire once the table is named', () => {
    const wire = { table: 'input-register', address: 30_001, note: undefined };
    expect(parseAddress('30001', 'input-register')).toEqual(wire);
  });

  test.each(['65536', '400000', '465537', '-1', '4e4', 'forty', '', '0x10000', '1.5'])('%j is none', text => {
    expect(refusal(() => parseAddress(text, undefined))).toMatch(/^usage: .* is no address$/);
  });
});

describe('an endpoint', () => {
  test.each([
    ['tcp://10.0.0.7', '10.0.0.7:502'],
    ['10.0.0.7:1502', '10.0.0.7:1502'],
    ['tcp://[::1]:1502', '::1:1502'],
    ['rtu:///dev/ttyUSB0?baud=19200&parity=even&stop=1', '/dev/ttyUSB0 19200 8E1'],
    ['/dev/serial/by-id/usb-x', '/dev/serial/by-id/usb-x 9600 8N1'],
    ['rtu-over-tcp://moxa:4001?baud=4800&stop=2', 'moxa:4001 4800 8N2'],
  ])('%s leads to %s', (text, where) => {
    const bus = busTo(parseEndpoint(text), { timeoutMs: 100, connectTimeoutMs: 200 });
    expect(endpointOf(bus)).toBe(where);
    expect(looksLikeEndpoint(text)).toBe(true);
  });

  test('is overruled by options', () => {
    const endpoint = parseEndpoint('rtu:///dev/ttyS1?baud=9600', { baudRate: 2_400, parity: 'odd' });
    expect(endpointOf(busTo(endpoint, { timeoutMs: 1, connectTimeoutMs: 1 }))).toBe('/dev/ttyS1 2400 8O1');
    expect(formatEndpoint(endpoint)).toBe('/dev/ttyS1');
  });

  test.each([
    'rtu://dev/ttyUSB0',
    'rtu:///',
    'tcp://',
    'tcp://host:99999',
    'tcp://host:0',
    'tcp://host/path',
    'udp://host',
    'tcp://host?unit=3',
    'rtu:///dev/x?bauds=9600',
    'rtu:///dev/x?baud=fast',
    'rtu:///dev/x?parity=mark',
    'rtu:///dev/x?stop=3',
    'http://user:secret@host',
  ])('%s is refused', text => {
    expect(refusal(() => parseEndpoint(text))).toMatch(/^usage: /);
  });

  test('is never taken for the id of a device', () => {
    for (const id of ['booster', 'pump-room', 'a1']) expect(looksLikeEndpoint(id)).toBe(false);
  });
});

describe('what a scan looks through', () => {
  test.each<[string, number[]]>([
    ['1', [1]],
    ['1-3,40', [1, 2, 3, 40]],
    ['3, 1-2, 2', [1, 2, 3]],
    ['247', [247]],
  ])('units %s', (text, units) => {
    expect(parseUnits(text)).toEqual(units);
  });

  test.each(['', '0-', '5-3', '256', '1-1000', 'a', '1;2', '1,,2'])('units %j are refused', text => {
    expect(refusal(() => parseUnits(text))).toMatch(/^usage: /);
  });

  test.each<[string, string[]]>([
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.0.9-11', ['10.0.0.9', '10.0.0.10', '10.0.0.11']],
    ['10.0.0.255-10.0.1.1', ['10.0.0.255', '10.0.1.0', '10.0.1.1']],
    ['10.0.0.4/30', ['10.0.0.5', '10.0.0.6']],
    ['10.0.0.7/32', ['10.0.0.7']],
    ['meter-1.local,10.0.0.2', ['meter-1.local', '10.0.0.2']],
  ])('hosts %s', (text, hosts) => {
    expect(parseHosts(text)).toEqual(hosts);
  });

  test('a /24 is all hosts of it, and the most there may be', () => {
    const hosts = parseHosts('192.168.1.77/24');
    expect([hosts.length, hosts[0], hosts.at(-1)]).toEqual([254, '192.168.1.1', '192.168.1.254']);
  });

  test.each([
    '10.0.0.0/23',
    '10.0.0.0/33',
    '10.0.0.9-3',
    '10.0.0.1-10.0.2.1',
    '10.0.0',
    '300.1.1.1',
    '1.2.3.4-999',
    '',
  ])('hosts %j are refused', text => {
    expect(refusal(() => parseHosts(text))).toMatch(/^usage: /);
  });

  test('never are more hosts than a /24 has, whatever is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (from, to, bits) => {
        for (const text of [`${from}-${to}`, `${from}/${bits}`]) {
          try {
            const hosts = parseHosts(text);
            expect(hosts.length).toBeLessThanOrEqual(254);
            expect(new Set(hosts).size).toBe(hosts.length);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(PlantroomError);
          }
        }
      }),
    );
  });

  test('lines are tried baud rate by baud rate, the usual ones first', () => {
    expect(parseLines(undefined, undefined).map(formatLine)).toEqual([
      '9600 8N1',
      '9600 8E1',
      '19200 8N1',
      '19200 8E1',
    ]);
    expect(parseLines('4800', 'odd', 2).map(formatLine)).toEqual(['4800 8O2']);
    expect(refusal(() => parseLines('9600,fast', undefined))).toMatch(/^usage: /);
    expect(refusal(() => parseLines(undefined, 'mark'))).toMatch(/^usage: /);
  });

  test('its time is told beforehand: every unit that is silent costs a timeout and its request', () => {
    const bus = busTo(parseEndpoint('/dev/ttyUSB0'), { timeoutMs: 200, connectTimeoutMs: 1 });
    const stop = { label: '', bus, isThroughDaemon: false, units: parseUnits('1-100') };
    const plan = { stops: [stop, stop], atOnce: 1, timeoutMs: 200 };
    expect(countQuestions(plan)).toBe(200);
    // 15 characters of 10 bits and 3.5 of silence at 9600 baud: 19 ms.
    expect(estimateMs(plan)).toBeCloseTo(200 * (200 + 19.27), -2);
    const owned = { ...plan, stops: [{ ...stop, isThroughDaemon: true }] };
    expect(estimateMs(owned)).toBeCloseTo(estimateMs(plan), 5);
  });
});

describe('a profile is suggested', () => {
  const heads = readProfileHeads();

  test('only out of those that are there', () => {
    expect(heads.length).toBeGreaterThan(40);
    expect(heads.find(({ name }) => name === 'schneider-iem3000')?.vendor).toBe('Schneider Electric');
  });

  test.each<[string, string, string | undefined]>([
    ['Schneider Electric', 'PM5100', 'schneider-pm5100'],
    ['Schneider Electric', 'iEM3155', 'schneider-iem3000'],
    ['Eastron', 'SDM630MCT', 'eastron-sdm630'],
    ['SIEMENS AG', 'SENTRON PAC3200', 'siemens-pac3200'],
    ['Eastron', 'SDM72', undefined],
    ['Schneider Electric', 'TM221', undefined],
    ['Eastron', 'SDM6300', undefined],
    ['Acme', 'PM5100', undefined],
    ['', '', undefined],
    ['Generic', 'RS485 TUF-2000M', undefined],
  ])('for %s %s: %s', (vendor, product, profile) => {
    expect(matchProfile({ vendor, product, revision: '' }, heads)).toBe(profile);
  });
});
