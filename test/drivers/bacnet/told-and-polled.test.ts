import { describe, expect, test } from 'vitest';
import { createBacnetDriver } from '../../../drivers/bacnet/bacnet-driver.ts';
import { lifetimeMs } from '../../../drivers/bacnet/cov.ts';
import { fillReading, longestTextChars } from '../../../drivers/bacnet/point-value.ts';
import type { BacnetValue } from '../../../drivers/bacnet/values.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Push, Reading } from '../../../src/driver.ts';
import type { BacnetAddress, BacnetPart } from '../../../src/model/point.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { datagramOf, hex } from '../../torture/bacnet/datagrams.ts';
import { createTestPort } from './client-rig.ts';
import { bacnetAddress, bacnetBus, bacnetDevice } from './driver-rig.ts';

/*
 * What a device tells while it is asked. The device is the test's: bytes by hand, at 10.0.0.5, instance 1001, with one analog
 * input.
 */

const host = '10.0.0.5';
const port = 47_808;
const well = '8204 00';
const fault = '8204 40';
const cov = { increment: undefined };

function real(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return `44${bytes.toString('hex')}`;
}

function rig(addresses: readonly Partial<BacnetAddress>[], retries = 0) {
  const clock = new VirtualClock();
  const wire = createTestPort();
  const driver = createBacnetDriver({ random: seededRandom(1), openPort: () => wire });
  const bus = driver.create({ bus: bacnetBus({ timeoutMs: 3_000, retries }), clock, log: silentLog });
  const device = bacnetDevice(
    addresses.map(address => bacnetAddress(address)),
    { address: { host, port } },
  );
  const pushes: Push[] = [];
  bus.listen?.(push => pushes.push(push));
  const [read] = bus.plan(device, device.points);
  if (!read) throw new Error('nothing is planned');
  const reading = (): Reading | undefined => read.readings[0];
  const lastSent = () => wire.sent.at(-1)?.bytes ?? Buffer.alloc(0);
  const hear = (apdu: string) => wire.hear(datagramOf(hex(apdu)), host, port);
  let isFirst = true;
  let seen = 0;
  return {
    ...{ clock, wire, bus, device, pushes, read, reading, hear },
    /** What is asked for in between is answered by nothing. */
    startRead() {
      const ends: string[] = [];
      bus.read(read, 3_000, ({ kind }) => ends.push(kind));
      const request = lastSent();
      const invokeId = request[8] ?? 0;
      return {
        ends,
        answer(value: string, flags: string) {
          const identity = isFirst ? '0c020003e9 1e 294b4ec4020003e94f 1f' : '';
          isFirst = false;
          const id = invokeId.toString(16).padStart(2, '0');
          hear(`30 ${id} 0e ${identity} 0c00000001 1e 29554e ${value} 4f 296f4e ${flags} 4f 1f`);
          return ends;
        },
      };
    },
    /** Grants the subscriptions that were asked for. */
    grant() {
      if (wire.sent.length === seen) return false;
      seen = wire.sent.length;
      const { bytes } = wire.sent.at(-1) ?? {};
      const service = bytes?.[9];
      if (service !== 5 && service !== 28) return false;
      hear(`20 ${(bytes?.[8] ?? 0).toString(16).padStart(2, '0')} ${service.toString(16).padStart(2, '0')}`);
      return true;
    },
    tell(property: string, value: string, flags?: string) {
      const state = flags === undefined ? '' : `096f2e ${flags} 2f`;
      hear(`1002 0b1cce30 1c020003e9 2c00000001 39c8 4e 09${property}2e ${value} 2f ${state} 4f`);
    },
  };
}

describe('what is told while a read is under way', () => {
  test('is newer than the answer, and its state with it', () => {
    const { startRead, tell, reading, pushes } = rig([{ cov }]);
    startRead().answer(real(4), well);
    const read = startRead();
    tell('55', real(7), fault);
    expect(pushes.at(-1)?.reading.quality).toBe('device-fault');
    expect(read.answer(real(4), well)).toEqual(['answered']);
    expect(reading()?.quality).toBe('device-fault');
  });

  test('is newer, but a fault that only the answer tells of holds for it too', () => {
    const { startRead, tell, reading, pushes } = rig([{ cov }]);
    startRead().answer(real(4), well);
    const read = startRead();
    tell('55', real(7));
    expect(pushes.at(-1)?.reading).toMatchObject({ value: 7, quality: 'good' });
    read.answer(real(4), fault);
    expect(reading()?.quality).toBe('device-fault');
    const mended = startRead();
    tell('55', real(8));
    expect(pushes.at(-1)?.reading.quality).toBe('device-fault');
    mended.answer(real(4), well);
    expect(reading()).toMatchObject({ value: 8, quality: 'good' });
  });
});

test('what is told of one property of an object does not hide that another one is told no more', async () => {
  const { read, bus, device, wire, clock, hear, grant, tell } = rig([{ cov }, { property: 65, cov }]);
  bus.read(read, 3_000, () => undefined);
  const id = (wire.sent.at(-1)?.bytes[8] ?? 0).toString(16).padStart(2, '0');
  const one = real(1);
  hear(
    `30 ${id} 0e 0c020003e9 1e 294b4ec4020003e94f 1f 0c00000001 1e 29414e ${one} 4f 29554e ${one} 4f 296f4e ${well} 4f 1f`,
  );
  while (grant());
  expect(bus.describe?.(device)).toEqual(['tells changes of 2 of 2 values']);
  for (let atMs = 0; atMs < 2 * lifetimeMs + 1_000; atMs += 10_000) {
    await clock.advance(10_000);
    while (grant());
    tell('55', real(atMs), well);
  }
  expect(bus.describe?.(device)).toEqual(['tells changes of 1 of 2 values (nothing was told for two lifetimes)']);
  await bus.close();
});

test('a device on a slow line is not asked again while it still answers, one that is quick is when it is late', async () => {
  const slow = rig([{}], 2);
  const asked: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    const before = slow.wire.sent.length;
    const read = slow.startRead();
    await slow.clock.advance(1_400);
    expect(read.answer(real(count), well)).toEqual(['answered']);
    asked.push(slow.wire.sent.length - before);
  }
  expect(asked).toEqual([2, 1, 1]);
  const quick = rig([{}], 2);
  quick.startRead().answer(real(1), well);
  quick.startRead();
  await quick.clock.advance(2_900);
  expect(quick.wire.sent).toHaveLength(4);
});

test('a device that does not wait for an answer to what it tells is asked to tell it without, and so from then on', async () => {
  const { startRead, wire, clock, hear, grant, bus, device } = rig([{ cov }]);
  startRead().answer(real(1), well);
  const asked = () => wire.sent.at(-1)?.bytes.toString('hex', 10);
  const idOf = () => (wire.sent.at(-1)?.bytes[8] ?? 0).toString(16).padStart(2, '0');
  expect(asked()).toBe('0b1cce301c0000000129013a012c');
  hear(`50 ${idOf()} 05 9105 912d`);
  await clock.advance(30_000);
  expect(asked()).toBe('0b1cce301c0000000129003a012c');
  grant();
  expect(bus.describe?.(device)).toEqual(['tells changes of 1 of 1 values']);
  const before = wire.sent.length;
  await clock.advance(lifetimeMs / 2);
  expect(wire.sent).toHaveLength(before + 1);
  expect(asked()).toBe('0b1cce301c0000000129003a012c');
  await bus.close();
});

describe('a device that gives a value, but for the moment not the state of its object', () => {
  const refusedFor = (error: string) => (refusal: 'error' | 'abort') => {
    const { startRead, wire, hear, reading, read, bus } = rig([{}]);
    startRead().answer(real(1), fault);
    expect(reading()?.quality).toBe('device-fault');
    const ends: string[] = [];
    bus.read(read, 3_000, ({ kind }) => ends.push(kind));
    const idOf = () => (wire.sent.at(-1)?.bytes[8] ?? 0).toString(16).padStart(2, '0');
    if (refusal === 'error') hear(`30 ${idOf()} 0e 0c00000001 1e 29554e ${real(2)} 4f 296f5e ${error} 5f 1f`);
    else {
      // It knows no ReadPropertyMultiple any more.
      hear(`60 ${idOf()} 09`);
      hear(`30 ${idOf()} 0c 0c00000001 1955 3e ${real(2)} 3f`);
      hear(`71 ${idOf()} 09`);
    }
    expect(ends).toEqual(['answered']);
    return reading()?.quality;
  };

  test('has not said that the object is well', () => {
    expect(refusedFor('9100 9119')('error')).toBe('refused');
    expect(refusedFor('')('abort')).toBe('refused');
  });

  test('is believed where it has none: an error of the property says so', () => {
    expect(refusedFor('9102 9120')('error')).toBe('good');
  });

  test('is believed where it never had any, whatever it says to that', () => {
    const { wire, hear, reading, read, bus } = rig([{}]);
    bus.read(read, 3_000, () => undefined);
    const idOf = () => (wire.sent.at(-1)?.bytes[8] ?? 0).toString(16).padStart(2, '0');
    hear(`60 ${idOf()} 09`);
    hear(`30 ${idOf()} 0c 0c020003e9 194b 3e c4020003e9 3f`);
    hear(`30 ${idOf()} 0c 0c00000001 1955 3e ${real(2)} 3f`);
    for (let count = 0; count < 3; count += 1) hear(`71 ${idOf()} 00`);
    expect(reading()).toMatchObject({ value: 2, quality: 'good' });
  });
});

describe('a list', () => {
  const number = (value: number): BacnetValue => ({ kind: 'enumerated', value });
  const contains6: BacnetPart = { kind: 'contains', value: 6 };
  test.each<[string, readonly BacnetValue[], number | 'not-a-number']>([
    ['has what is in it', [number(3), number(6)], 1],
    ['has it, whatever else is in it', [number(6), { kind: 'too-large' }], 1],
    ['has not what is not in it', [number(3)], 0],
    ['has nothing when it is empty', [], 0],
    ['of texts is no list of numbers', [{ kind: 'text', text: 'door' }], 'not-a-number'],
    ['of which one cannot be read may have it', [number(3), { kind: 'too-large' }], 'not-a-number'],
    ['of calls of no floor may have it', [{ kind: 'tagged', context: 0, bytes: Buffer.alloc(0) }], 'not-a-number'],
  ])('%s', (_, values, expected) => {
    const reading: Reading = { value: 0, text: undefined, quality: 'not-read' };
    fillReading(contains6, values, reading);
    expect(reading.quality === 'good' ? reading.value : reading.quality).toBe(expected);
  });
});

describe('a text', () => {
  const lift = '\u{1F6D7}';
  const said = (text: string): string | undefined => {
    const reading: Reading = { value: 0, text: undefined, quality: 'not-read' };
    fillReading({ kind: 'text' }, [{ kind: 'text', text }], reading);
    return reading.text;
  };

  test('of a device that has much to say is cut, and seen to be; no sign is torn', () => {
    expect(said('x'.repeat(longestTextChars))).toBe('x'.repeat(longestTextChars));
    expect(said('x'.repeat(60_000))).toBe(`${'x'.repeat(longestTextChars - 1)}…`);
    expect(said(lift.repeat(longestTextChars))).toBe(lift.repeat(longestTextChars));
    expect(said(lift.repeat(300))).toBe(`${lift.repeat(longestTextChars - 1)}…`);
  });
});
