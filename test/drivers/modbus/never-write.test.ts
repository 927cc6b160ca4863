import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import modbusSerial from 'modbus-serial';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeRequest, FramePort } from '../../../drivers/modbus/read-client.ts';
import { type ModbusTable, modbusTables } from '../../../src/model/point.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { openScriptedSlave, type ScriptedSlave } from '../../fakes/scripted-slave.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusAddress, modbusDevice, openBusAt } from './modbus-rig.ts';

/*
 * The plant is read-only: a gateway that someone has taken over must not be able to stop a fire pump. Function codes
 * above 4 write, switch or change something; none of them may leave this machine.
 */

const folder = join(import.meta.dirname, '../../../drivers');

const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => ({ path, text: readFileSync(join(folder, path), 'utf8') }));

describe('the sources of the drivers', () => {
  test('are found', () => {
    expect(sources.map(({ path }) => path)).toContain('modbus/read-client.ts');
  });

  test('call four functions of modbus-serial that send something, and these read', () => {
    const sending =
      /\b(write(?!FC[1-4]\()FC\w+|write(Coil|Register)\w*|maskWrite\w*|readWrite\w*|customFunction|writeCustomFC|reportServerID|readFileRecords|readDeviceIdentification|connect(?:TCP|UDP|RTU|Telnet|C701|Ascii)\w*|linkTCP|runWorker|poll\()/;
    const found = sources.flatMap(({ path, text }) =>
      text.split('\n').flatMap(line => (sending.test(line) ? [`${path}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
    const library = sources.find(({ path }) => path === 'modbus/read-client.ts')?.text ?? '';
    expect([...library.matchAll(/\blibrary\.(\w+)/g)].map(([, name]) => name).sort()).toEqual([
      'open',
      'writeFC1',
      'writeFC2',
      'writeFC3',
      'writeFC4',
    ]);
  });

  test('name no function code but 1 to 4', () => {
    const library = sources.find(({ path }) => path === 'modbus/read-client.ts')?.text ?? '';
    const codes = /functionCodes[^{]*\{([^}]*)\}/.exec(library)?.[1] ?? '';
    expect([...codes.matchAll(/: (\d+)/g)].map(([, code]) => Number(code))).toEqual([1, 2, 3, 4]);
  });
});

describe('the last gate before the wire', () => {
  test('lets the four reads pass', () => {
    const codes = modbusTables.map(table => encodeRequest({ table, unitId: 1, address: 0, count: 1 })[1]);
    expect(codes).toEqual([1, 2, 3, 4]);
  });
});

describe.each([
  ['force a coil', 5, library => library.writeFC5(1, 0, true, () => undefined)],
  ['preset a register', 6, library => library.writeFC6(1, 0, 1, () => undefined)],
  ['force coils', 15, library => library.writeFC15(1, 0, [true], () => undefined)],
  ['preset registers', 16, library => library.writeFC16(1, 0, [1], () => undefined)],
  ['mask a register', 22, library => library.writeFC22(1, 0, 1, 1, () => undefined)],
  ['read and write at once', 23, library => library.writeFC23(1, 0, 1, 0, 1, [1], () => undefined)],
  ['send anything', 90, library => library.writeCustomFC(1, 90, [1], () => undefined)],
] as [string, number, (library: InstanceType<typeof modbusSerial.default>) => void][])(
  'an attempt to %s through our port',
  (_, functionCode, attempt) => {
    test('stops the program short of the wire', () => {
      const sent: Uint8Array[] = [];
      const library = new modbusSerial.default(new FramePort(frame => sent.push(frame)));
      library.open();
      expect(() => attempt(library)).toThrow(`function code ${functionCode} was to be sent to the plant`);
      expect(sent).toEqual([]);
    });
  },
);

describe('on the wire', () => {
  let slave: ScriptedSlave;

  beforeAll(async () => {
    slave = await openScriptedSlave();
  });

  afterAll(() => slave.close());

  test('stands nothing but function codes 1 to 4 and legal lengths, whatever is asked', async () => {
    const bus = openBusAt(slave.port, new VirtualClock());
    const table = fc.constantFrom<ModbusTable>(...modbusTables);
    const readLimits = fc.record({
      maxRegisters: fc.integer({ min: 1, max: 125 }),
      maxBits: fc.integer({ min: 1, max: 2_000 }),
      maxGap: fc.nat(124),
    });
    const addresses = fc.array(fc.tuple(table, fc.nat(65_535)), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(addresses, fc.nat(255), readLimits, async (places, unitId, limits) => {
        const device = modbusDevice(
          places.map(([where, address]) => modbusAddress(where, address)),
          { unitId, readLimits: limits },
        );
        const from = slave.requests.length;
        const reads = bus.plan(device, device.points);
        for (const read of reads) expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
        expect(slave.requests.length - from).toBe(reads.length);
        for (const request of slave.requests.slice(from)) {
          expect([1, 2, 3, 4]).toContain(request.functionCode);
          expect(request.unitId).toBe(unitId);
          expect(request.count).toBeGreaterThanOrEqual(1);
          expect(request.count).toBeLessThanOrEqual(request.functionCode <= 2 ? limits.maxBits : limits.maxRegisters);
        }
      }),
      { numRuns: 150 },
    );
    await bus.close();
    expect(slave.strangeBytes()).toBe(0);
  });
});
