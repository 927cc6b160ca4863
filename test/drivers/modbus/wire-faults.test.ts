import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import type { OpenBus, Read, ReadOutcome } from '../../../src/driver.ts';
import type { ModbusAddress } from '../../../src/model/point.ts';
import { readOnce } from '../../fakes/read-once.ts';
import {
  bitValue,
  encodeFrame,
  openScriptedSlave,
  registerValue,
  type ScriptedSlave,
} from '../../fakes/scripted-slave.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { modbusAddress, modbusDevice, openBusAt, planOne, timeouts } from './modbus-rig.ts';
import { type Ending, type WireFault, wireFaults } from './wire-faults.ts';

let slave: ScriptedSlave;
let clock: VirtualClock;
let bus: OpenBus;

beforeEach(async () => {
  slave = await openScriptedSlave();
  clock = new VirtualClock();
  bus = openBusAt(slave.port, clock);
});

afterEach(async () => {
  await bus.close();
  await slave.close();
  expect(clock.pending).toBe(0);
});

const registers = modbusDevice([0, 1, 2, 3, 4].map(index => modbusAddress('holding-register', 100 + index)));
const bits = modbusDevice(Array.from({ length: 11 }, (_, index) => modbusAddress('discrete-input', 40 + index)));

/** Makes a read; moves the clock past the deadline once the slave has said all it is going to say. */
async function makeRead(read: Read, needsDeadline = false): Promise<ReadOutcome> {
  const madeBefore = slave.movesMade();
  const outcome = readOnce(bus, read);
  if (needsDeadline) {
    await waitUntil(
      () => slave.movesMade() > madeBefore,
      () => 'the slave was not asked',
    );
    await clock.advance(timeouts.timeoutMs);
  }
  return outcome;
}

/** The outcome in one word. Throws when a reading is good and wrong, or contradicts the outcome. */
function endingOf(read: Read, outcome: ReadOutcome): Ending {
  const qualities = new Set(read.readings.map(({ quality }) => quality));
  // A read that was refused is cut in two, and a part may be good while the other is refused.
  const quality = qualities.has('refused') ? 'refused' : read.readings[0]?.quality;
  expect([...qualities].filter(one => one !== quality && !(quality === 'refused' && one === 'good'))).toEqual([]);
  for (const [index, { value, text, quality }] of read.readings.entries()) {
    const { table, address } = addressOf(read, index);
    const asked =
      slave.requests.findLast(one => one.address <= address && address < one.address + one.count)?.number ?? -1;
    const right = table === 'discrete-input' ? bitValue(address, asked) : registerValue(address, asked);
    expect({ value, text }).toEqual({ value: quality === 'good' ? right : Number.NaN, text: undefined });
  }
  if (outcome.kind === 'answered') expect(['good', 'refused']).toContain(quality);
  else expect(quality).toBe(outcome.reason);
  return quality as Ending;
}

function addressOf(read: Read, index: number): ModbusAddress {
  const address = read.points[index]?.address;
  if (address?.protocol !== 'modbus') throw new Error('a point without a Modbus address');
  return address;
}

async function expectGood(read: Read): Promise<void> {
  expect(endingOf(read, await makeRead(read))).toBe('good');
}

async function expectFault(read: Read, fault: WireFault): Promise<void> {
  slave.play(fault.script);
  const ending = endingOf(read, await makeRead(read, fault.needsDeadline));
  expect([fault.ending, fault.otherEnding ?? fault.ending], fault.name).toContain(ending);
  await waitUntil(
    () => slave.movesMade() === slave.requests.length,
    () => 'the fault does not end',
  );
}

describe.each(wireFaults)('after $name', fault => {
  test('as the first reply of a connection: never a wrong value, and the next read is good', async () => {
    const read = planOne(bus, registers);
    await expectFault(read, fault);
    await expectGood(read);
  });

  test('as a later reply: never a wrong value, and the next read is good', async () => {
    const read = planOne(bus, registers);
    for (let count = 0; count < 3; count += 1) await expectGood(read);
    await expectFault(read, fault);
    for (let count = 0; count < 3; count += 1) await expectGood(read);
  });

  test('in a reply of bits: never a wrong value, and the next read is good', async () => {
    const read = planOne(bus, bits);
    await expectGood(read);
    await expectFault(read, fault);
    await expectGood(read);
  });

  test('three times in a row: never a wrong value, and the read after it is good', async () => {
    const read = planOne(bus, registers);
    for (let count = 0; count < 3; count += 1) await expectFault(read, fault);
    await expectGood(read);
  });

  test('from one unit: the next read of its neighbour on the bus is good', async () => {
    const neighbour = { ...registers, id: 'neighbour', unitId: 2 };
    await expectFault(planOne(bus, registers), fault);
    await expectGood(planOne(bus, neighbour));
    expect(slave.requests.at(-1)?.unitId).toBe(2);
  });
});

test('a reply split at any byte is put together', async () => {
  const read = planOne(bus, registers);
  for (let at = 1; at < 9 + 2 * 5; at += 1) {
    slave.play((_, good) => ({ pieces: [good.subarray(0, at), good.subarray(at)] }));
    await expectGood(read);
  }
  expect(slave.connections()).toBe(1);
});

describe('the connection', () => {
  test.each([
    ['kept after a refusal', 'exception 2', 1],
    ['kept when a gateway cannot reach the device', 'exception 11', 1],
    ['kept after a torn reply that was whole in the end', 'one byte at a time', 1],
    ['replaced after a timeout', 'silence', 2],
    ['replaced after a wrong reply', 'the next transaction id', 2],
    ['replaced after bytes behind a good reply', 'the reply twice in one piece', 2],
    ['replaced after a reply that came twice', 'the reply twice in two pieces', 2],
  ])('is %s', async (_, name, connections) => {
    const fault = wireFaults.find(one => one.name === name);
    if (!fault) throw new Error(`no fault ${name}`);
    const read = planOne(bus, registers);
    await expectGood(read);
    await expectFault(read, fault);
    await expectGood(read);
    expect(slave.connections()).toBe(connections);
  });

  test('is kept however long nothing is asked', async () => {
    const read = planOne(bus, registers);
    await expectGood(read);
    await clock.advance(3_600_000);
    await expectGood(read);
    expect(slave.connections()).toBe(1);
  });

  test('is replaced after bytes that came while nothing was asked', async () => {
    const read = planOne(bus, registers);
    await expectGood(read);
    await slave.blurt(encodeFrame(2, 1, [3, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]));
    await expectGood(read);
    expect(slave.connections()).toBe(2);
  });

  test('that begins with noise is no good, and the next one is', async () => {
    slave.greeting = Buffer.from('login: ');
    const read = planOne(bus, registers);
    const outcome = await makeRead(read);
    expect(outcome.kind).toBe('failed');
    endingOf(read, outcome);
    slave.greeting = undefined;
    await expectGood(read);
  });

  test('has its late answers thrown away with it', async () => {
    const read = planOne(bus, registers);
    await expectGood(read);
    slave.play(() => ({ pieces: [] }));
    expect(endingOf(read, await makeRead(read, true))).toBe('timeout');
    const late = slave.requests.at(-1);
    const next = makeRead(read);
    await slave.blurt(encodeFrame(late?.transaction ?? 0, 1, [3, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]));
    expect(endingOf(read, await next)).toBe('good');
  });

  test.each(['close', 'reset'] as const)(
    'that the device gives up with a %s after each reply costs no read',
    async end => {
      const read = planOne(bus, registers);
      for (let count = 0; count < 20; count += 1) {
        slave.play((_, good) => ({ pieces: [good], end }));
        await expectGood(read);
      }
      expect(slave.connections()).toBe(20);
    },
  );

  test('that brings a second copy of the last reply is replaced, and costs no read', async () => {
    const read = planOne(bus, registers);
    slave.play((_, good) => ({ pieces: [good, good] }));
    await expectGood(read);
    await expectGood(read);
    await expectGood(read);
    expect(slave.connections()).toBe(2);
  });

  test('is tried twice and no more when the device closes it instead of answering', async () => {
    const read = planOne(bus, registers);
    await expectGood(read);
    slave.play(
      () => ({ pieces: [], end: 'close' }),
      () => ({ pieces: [], end: 'reset' }),
    );
    expect(endingOf(read, await makeRead(read))).toBe('no-connection');
    expect(slave.requests.length).toBe(3);
    expect(slave.connections()).toBe(2);
    await expectGood(read);
  });

  test('never has a second one beside it', async () => {
    for (const fault of wireFaults) {
      const read = planOne(bus, registers);
      await expectFault(read, fault);
      await expectGood(read);
      await waitUntil(
        () => slave.openConnections() === 1,
        () => `${slave.openConnections()} connections are open after ${fault.name}`,
      );
    }
  });
});

test('a long run of faults by chance brings no wrong value, and asks for nothing but reads', async () => {
  const random = seededRandom(20_260_101);
  let good = 0;
  for (let turn = 0; turn < 800; turn += 1) {
    // Planned anew each time: what a refused read is cut into has tests of its own.
    const read = planOne(bus, random.next() < 0.5 ? registers : bits);
    const fault = wireFaults[Math.floor(random.next() * wireFaults.length)];
    if (!fault) continue;
    if (random.next() < 0.3) await expectFault(read, fault);
    else {
      await expectGood(read);
      good += 1;
    }
    if (random.next() < 0.02) slave.hangUp();
    if (random.next() < 0.02) await slave.blurt(Buffer.from([1, 2, 3]));
    if (random.next() < 0.1) await settle();
  }
  expect(good).toBeGreaterThan(450);
  expect(slave.requests.every(({ functionCode }) => functionCode >= 1 && functionCode <= 4)).toBe(true);
});
