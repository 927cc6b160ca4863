import { describe, expect, test } from 'vitest';
import type { BacnetFault, BacnetFaults } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { createCovDesk } from '../../../src/sim/bacnet/cov-desk.ts';
import { createObjectTable } from '../../../src/sim/bacnet/device-objects.ts';
import { objectTypes, propertyIds } from '../../../src/sim/bacnet/ids.ts';
import { analog, array, createObject, healthy, list, one, type SimProperty } from '../../../src/sim/bacnet/object.ts';
import { remoteOf } from '../../../src/sim/bacnet/remote.ts';
import { bits, enumerated, real } from '../../../src/sim/bacnet/value.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const remote = remoteOf({ host: '127.0.0.1', port: 47_808 }, undefined);
const other = remoteOf({ host: '127.0.0.1', port: 47_808 }, { network: 5, mac: '07' });

function start(...on: BacnetFault[]) {
  const clock = new VirtualClock();
  const facts = { instance: 4, name: 'd', vendorId: 1, vendor: 'v', model: 'm', maxApdu: 1_476, maxSegments: 9 };
  const supply = analog(10, 'supply', 65);
  const precise = analog(11, 'precise', 20, { covIncrement: 0.5 });
  const lift = createObject(objectTypes.lift, 1, 'lift', {
    ...healthy,
    'fault-signals': list(),
    'car-door-status': array(enumerated(0)),
  });
  const table = createObjectTable({ ...facts, segmentation: 'both' }, [supply, precise, lift]);
  const sent: { readonly to: string; readonly hex: string }[] = [];
  const faults: BacnetFaults = new Set(on);
  const desk = createCovDesk({
    clock,
    table: () => table,
    faults: () => faults,
    send: (to, apdu) => sent.push({ to: to.key, hex: apdu.toString('hex') }),
  });
  const set = (object: typeof supply, property: number, value: SimProperty) => {
    object.properties.set(property, value);
    desk.tellChanges();
  };
  return {
    clock,
    desk,
    sent,
    supply,
    precise,
    lift,
    subscribe: (hex: string, from = remote) => desk.subscribe(Buffer.from(hex.replaceAll(' ', ''), 'hex'), false, from),
    subscribeTo: (hex: string, from = remote) =>
      desk.subscribe(Buffer.from(hex.replaceAll(' ', ''), 'hex'), true, from),
    setValue: (object: typeof supply, value: number) => set(object, propertyIds['present-value'], one(real(value))),
    set,
  };
}

/** Process 18, analog input 10, for 60 s. */
const confirmed = '0912 1c 0000000a 2901 393c';
const unconfirmed = '0912 1c 0000000a 2900 393c';
const simpleAck = { kind: 'simple-ack' };

describe('a subscription', () => {
  test('is told at once, in the bytes of the examples F.1.2 and F.1.3 of the standard', async () => {
    const { clock, subscribe, sent, desk } = start();
    expect(subscribe('0912 1c 0000000a 2901 3900')).toEqual(simpleAck);
    await clock.advance(0);
    const body = '09121c020000042c0000000a39004e09552e44428200002f096f2e8204002f4f';
    expect(sent.map(({ hex }) => hex)).toEqual([`00050101${body}`]);
    desk.acknowledge(remote, 1);
    subscribe('0912 1c 0000000a 2900 3900');
    await clock.advance(0);
    expect(sent[1]?.hex).toBe(`1002${body}`);
  });

  test('tells of each change for as long as it lives, with the time that is left, and not a second longer', async () => {
    const { clock, subscribe, sent, desk, setValue, supply } = start();
    subscribe(unconfirmed);
    await clock.advance(59_000);
    setValue(supply, 66);
    expect(sent.map(({ hex }) => /39(..)4e/.exec(hex)?.[1])).toEqual(['3c', '01']);
    expect(desk.count()).toBe(1);
    await clock.advance(1_000);
    setValue(supply, 67);
    expect([sent.length, desk.count()]).toEqual([2, 0]);
  });

  test('is renewed by another one: one subscription, with a new end', async () => {
    const { clock, subscribe, sent, desk, setValue, supply } = start();
    subscribe(unconfirmed);
    await clock.advance(30_000);
    subscribe(unconfirmed);
    expect(desk.count()).toBe(1);
    await clock.advance(59_000);
    setValue(supply, 66);
    // The first one, that of the renewal, and the change.
    expect(sent.length).toBe(3);
  });

  test('ends when it is cancelled, and one that is not there may be cancelled too', async () => {
    const { clock, subscribe, desk, sent, setValue, supply } = start();
    subscribe(unconfirmed);
    await clock.advance(0);
    expect(subscribe('0912 1c 0000000a')).toEqual(simpleAck);
    expect(subscribe('0912 1c 0000000a')).toEqual(simpleAck);
    setValue(supply, 66);
    expect([sent.length, desk.count()]).toEqual([1, 0]);
  });

  test('belongs to one process of one client, also behind a router', async () => {
    const { clock, subscribe, desk, sent, setValue, supply } = start();
    subscribe(unconfirmed);
    subscribe(unconfirmed, other);
    subscribe('0913 1c 0000000a 2900 393c');
    await clock.advance(0);
    expect(desk.count()).toBe(3);
    setValue(supply, 66);
    expect(sent.slice(3).map(({ to }) => to)).toEqual([remote.key, other.key, remote.key]);
    subscribe('0912 1c 0000000a', other);
    expect(desk.count()).toBe(2);
  });

  test('a number has to move by its increment, flags by nothing at all', async () => {
    const { clock, subscribe, sent, setValue, set, precise } = start();
    subscribe('0912 1c 0000000b 2900 393c');
    await clock.advance(0);
    setValue(precise, 20.4);
    expect(sent.length).toBe(1);
    setValue(precise, 20.5);
    expect(sent.length).toBe(2);
    set(precise, propertyIds['status-flags'], one(bits(false, true, false, false)));
    expect(sent[2]?.hex).toMatch(/096f2e8204402f4f$/);
  });

  test('of a property tells that property, by the increment of the one who asks', async () => {
    const { clock, subscribeTo, sent, set, setValue, lift, precise } = start();
    expect(subscribeTo('0912 1c 0ec00001 2900 393c 4e 0a01cf 4f')).toEqual(simpleAck);
    await clock.advance(0);
    set(lift, propertyIds['fault-signals'], list(enumerated(5)));
    expect(sent.map(({ hex }) => hex.slice(-36))).toEqual(
      ['00001393c4e0a01cf2e2f096f2e8204002f4f', '1393c4e0a01cf2e91052f096f2e8204002f4f'].map(hex => hex.slice(-36)),
    );
    subscribeTo('0913 1c 0000000b 2900 393c 4e 0955 4f 5c 40000000');
    await clock.advance(0);
    setValue(precise, 21.9);
    expect(sent.length).toBe(3);
    setValue(precise, 22);
    expect(sent.length).toBe(4);
  });

  test.each([
    ['an object that is not there', '0912 1c 00000063 2900 393c', { errorClass: 1, errorCode: 31 }],
    ['an object without a present value', '0912 1c 0ec00001 2900 393c', { errorClass: 2, errorCode: 44 }],
  ])('to %s is an error', (_, hex, error) => {
    expect(start().subscribe(hex)).toEqual({ kind: 'error', error });
  });

  test('to a property or an element that is not there is an error, and half a request is rejected', () => {
    const { subscribeTo, subscribe } = start();
    expect(subscribeTo('0912 1c 0000000a 2900 393c 4e 1a01cf 4f').kind).toBe('reject');
    expect(subscribeTo('0912 1c 0000000a 2900 393c 4e 0a01cf 4f').kind).toBe('error');
    expect(subscribeTo('0912 1c 0ec00001 2900 393c 4e 0a01c2 1902 4f')).toMatchObject({ error: { errorCode: 42 } });
    expect(subscribe('0912').kind).toBe('reject');
  });

  test('there are at most 500, and the next is refused', () => {
    const { subscribe, desk } = start();
    for (let process = 0; process < 501; process += 1) {
      subscribe(`0a${process.toString(16).padStart(4, '0')} 1c 0000000a 2900 393c`);
    }
    expect(desk.count()).toBe(500);
    expect(subscribe('0a0fff 1c 0000000a 2900 393c')).toMatchObject({ kind: 'error' });
    expect(subscribe('0a0001 1c 0000000a 2900 393c')).toEqual(simpleAck);
  });
});

describe('a confirmed notification', () => {
  test('comes three times more, every 3 s, until it is acknowledged', async () => {
    const { clock, subscribe, sent } = start();
    subscribe(confirmed);
    await clock.advance(60_000);
    expect(sent.length).toBe(4);
    expect(new Set(sent.map(({ hex }) => hex)).size).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('is quiet once it is acknowledged, by the one who got it', async () => {
    const { clock, subscribe, sent, desk } = start();
    subscribe(confirmed);
    await clock.advance(3_500);
    expect(sent.length).toBe(2);
    desk.acknowledge(other, 1);
    await clock.advance(3_000);
    expect(sent.length).toBe(3);
    desk.acknowledge(remote, 1);
    await clock.advance(60_000);
    expect(sent.length).toBe(3);
    expect(clock.pending).toBe(0);
  });

  test('a restart forgets all, also what was to be sent again', async () => {
    const { clock, subscribe, sent, desk } = start();
    subscribe(confirmed);
    await clock.advance(0);
    desk.forget();
    await clock.advance(60_000);
    expect([sent.length, desk.count(), clock.pending]).toEqual([1, 0, 0]);
  });
});

describe('a fault of subscriptions', () => {
  test.each<readonly [BacnetFault, number]>([
    ['cov-stops', 0],
    ['cov-repeated', 4],
  ])('%s: of two changes come %i words', async (fault, words) => {
    const { clock, subscribe, sent, setValue, supply } = start(fault);
    expect(subscribe(unconfirmed)).toEqual(simpleAck);
    await clock.advance(0);
    setValue(supply, 66);
    expect(sent.length).toBe(words);
  });

  test('wrong-object tells of the object with the next instance', async () => {
    const { clock, subscribe, sent } = start('wrong-object');
    subscribe(unconfirmed);
    await clock.advance(0);
    expect(sent[0]?.hex).toMatch(/^100209121c020000042c0000000b/);
  });

  test('cov-refused refuses, cov-wrong-process names another process', async () => {
    expect(start('cov-refused').subscribe(unconfirmed)).toMatchObject({ kind: 'error', error: { errorClass: 5 } });
    const { clock, subscribe, sent } = start('cov-wrong-process');
    subscribe(unconfirmed);
    await clock.advance(0);
    expect(sent[0]?.hex).toMatch(/^10020913/);
  });
});
