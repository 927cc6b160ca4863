import { afterEach, describe, expect, test } from 'vitest';
import { createBacnetDriver } from '../../../drivers/bacnet/bacnet-driver.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Answer, BacnetQuestion, OpenBus, Push } from '../../../src/driver.ts';
import type { BacnetIpBus } from '../../../src/model/bus.ts';
import type { BacnetDevice as BacnetDeviceAddress, Device } from '../../../src/model/device.ts';
import type { BacnetAddress } from '../../../src/model/point.ts';
import type { BacnetFault } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { analog, binary, createObject, list, multistate, one } from '../../../src/sim/bacnet/object.ts';
import { type BacnetDeviceOptions, type BacnetOptions, startBacnetDevices } from '../../../src/sim/bacnet/start.ts';
import { bits, enumerated, text, unsigned } from '../../../src/sim/bacnet/value.ts';
import { bacnetAddress, bacnetBus, bacnetDevice } from './driver-rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const patience = { timeout: 20_000 };
const lift = 59;

async function plant(devices: readonly BacnetDeviceOptions[], more: Partial<BacnetOptions> = {}) {
  const network = await startBacnetDevices({ port: 0, ...more, devices });
  closers.push(() => network.stop());
  return network;
}

function open(changes: Partial<BacnetIpBus> = {}): OpenBus {
  const driver = createBacnetDriver({ random: seededRandom(1) });
  const bus = driver.create({ bus: bacnetBus({ retries: 1, ...changes }), clock: systemClock, log: silentLog });
  closers.push(() => bus.close());
  return bus;
}

/** What a read of all points of the device says: values, texts or the reason why there are none. */
async function readAll(bus: OpenBus, device: Device, timeoutMs = 1_000): Promise<unknown[]> {
  const said: unknown[] = new Array(device.points.length);
  for (const read of bus.plan(device, device.points)) {
    const outcome = await new Promise<{ kind: string }>(resolve => bus.read(read, timeoutMs, resolve));
    if (outcome.kind === 'answered') bus.decode(read);
    for (const [index, point] of read.points.entries()) {
      const {
        value,
        text: words,
        quality,
      } = read.readings[index] ?? { value: 0, text: undefined, quality: 'not-read' };
      said[device.points.indexOf(point)] = quality === 'good' ? (words ?? value) : quality;
    }
  }
  return said;
}

function ask(bus: OpenBus, question: BacnetQuestion, timeoutMs = 1_000): Promise<Answer> {
  return new Promise(resolve => bus.ask(question, timeoutMs, resolve));
}

async function oneDevice(
  device: Partial<BacnetDeviceOptions>,
  addresses: readonly Partial<BacnetAddress>[],
  bus: Partial<BacnetIpBus> = {},
) {
  const network = await plant([{ instance: 1_001, host: '127.0.0.2', objects: [], ...device }]);
  const [simulated] = network.devices;
  if (!simulated) throw new Error('nothing is simulated');
  const polled = bacnetDevice(
    addresses.map(address => bacnetAddress(address)),
    { address: simulated.address },
  );
  return { simulated, device: polled, bus: open(bus) };
}

describe('what a device says becomes the value of a point:', () => {
  test('numbers, switches, states, bits of a bit string, texts, and nothing', async () => {
    const objects = [
      analog(1, 'pressure', 4.5),
      binary(2, 'running', true),
      multistate(3, 'mode', 2, ['off', 'on', 'auto']),
      createObject(2, 9, 'empty', { 'present-value': one({ kind: 'null' }) }),
      createObject(39, 1, 'flags', { 'present-value': one(bits(true, false, true)) }),
    ];
    const { bus, device } = await oneDevice({ objects, name: 'Chiller 1' }, [
      {},
      { objectType: 3, instance: 2 },
      { objectType: 13, instance: 3 },
      { objectType: 2, instance: 9 },
      { objectType: 39, instance: 1 },
      { objectType: 39, instance: 1, part: { kind: 'bit', bit: 2 } },
      { objectType: 39, instance: 1, part: { kind: 'bit', bit: 7 } },
      { objectType: 8, instance: 1_001, property: 77, part: { kind: 'text' } },
      { objectType: 0, instance: 77 },
      { objectType: 13, instance: 3, property: 110, index: 3, part: { kind: 'text' } },
      { objectType: 13, instance: 3, property: 110, part: { kind: 'count' } },
      { objectType: 0, instance: 1, property: 77 },
    ]);
    expect(await readAll(bus, device)).toEqual([
      ...[4.5, 1, 2, 'invalid-value', 5, 1, 'not-a-number', 'Chiller 1', 'refused', 'auto', 3, 'not-a-number'],
    ]);
  });

  test('the faults and the calls of a lift', async () => {
    const objects = [
      createObject(lift, 1, 'lift', {
        'fault-signals': list(enumerated(6), enumerated(14)),
        'car-position': one(unsigned(7)),
        'car-door-status': { kind: 'array', values: [enumerated(1), enumerated(2)] },
        // A fault in the list is what people must be told, so it does not make the list doubtful.
        'status-flags': one(bits(true, true, false, false)),
        reliability: one(enumerated(23)),
        'out-of-service': one({ kind: 'boolean', value: false }),
      }),
    ];
    const fault = (value: number) => ({ objectType: lift, property: 463, part: { kind: 'contains', value } as const });
    const { bus, device } = await oneDevice({ objects }, [
      fault(6),
      fault(7),
      fault(14),
      { objectType: lift, property: 463, part: { kind: 'count' } },
      { objectType: lift, property: 458 },
      { objectType: lift, property: 450, index: 2 },
      { objectType: lift, property: 450, index: 3 },
    ]);
    expect(await readAll(bus, device)).toEqual([1, 0, 1, 2, 7, 2, 'refused']);
  });

  test.each<[BacnetFault, string]>([
    ['sensor-fault', 'device-fault'],
    ['out-of-service', 'out-of-service'],
  ])('a device with %s has values of the quality %s, and its names are as true as ever', async (fault, quality) => {
    const objects = [analog(1, 'pressure', 4.5), multistate(3, 'mode', 2, ['off', 'on'])];
    const { bus, device, simulated } = await oneDevice({ objects }, [
      {},
      { objectType: 13, instance: 3 },
      { property: 77, part: { kind: 'text' } },
    ]);
    expect(await readAll(bus, device)).toEqual([4.5, 2, 'pressure']);
    simulated.startFault(fault);
    expect(await readAll(bus, device)).toEqual([quality, quality, 'pressure']);
    simulated.clearFaults();
    expect(await readAll(bus, device)).toEqual([4.5, 2, 'pressure']);
  });
});

describe('what a device takes is learned:', () => {
  const objects = Array.from({ length: 60 }, (_, instance) => analog(instance, `value ${instance}`, instance));
  const addresses = objects.map(({ instance }) => ({ instance }));
  const values = objects.map(({ instance }) => instance);

  test.each<[BacnetFault, RegExp]>([
    ['abort-big', /^reads \d properties at a time$/],
    ['no-rpm', /^reads one property at a time$/],
  ])('%s costs no value, and is asked for in vain once only', async (fault, note) => {
    const { bus, device, simulated } = await oneDevice({ objects }, addresses);
    simulated.startFault(fault);
    expect(await readAll(bus, device)).toEqual(values);
    expect(bus.describe?.(device)).toEqual([expect.stringMatching(note)]);
    const before = simulated.requests;
    expect(await readAll(bus, device)).toEqual(values);
    const again = simulated.requests - before;
    expect(await readAll(bus, device)).toEqual(values);
    expect(simulated.requests - before).toBe(2 * again);
  });

  test('a device of short messages without segments is asked for what fits', async () => {
    const { bus, device, simulated } = await oneDevice({ objects, maxApdu: 128, segmentation: 'none' }, addresses);
    expect(await readAll(bus, device)).toEqual(values);
    const before = simulated.requests;
    expect(await readAll(bus, device)).toEqual(values);
    expect(simulated.requests - before).toBeLessThan(30);
  });

  test.each<BacnetFault>(['busy', 'abort', 'error'])(
    'a device with %s refuses all, which teaches nothing',
    async fault => {
      const { bus, device, simulated } = await oneDevice({ objects }, addresses);
      await readAll(bus, device);
      const before = simulated.requests;
      expect(await readAll(bus, device)).toEqual(values);
      const usual = simulated.requests - before;
      simulated.startFault(fault);
      const inVain = simulated.requests;
      expect(new Set(await readAll(bus, device))).toEqual(new Set(['refused']));
      expect(simulated.requests - inVain).toBeLessThan(40);
      simulated.clearFaults();
      const after = simulated.requests;
      expect(await readAll(bus, device)).toEqual(values);
      expect(simulated.requests - after).toBe(usual);
    },
  );

  test('what an object says of its state is not taken for missing when the device had no time to say it', async () => {
    const { bus, device, simulated } = await oneDevice({ objects: [analog(1, 'pressure', 4.5)] }, [{}]);
    simulated.startFault('error');
    for (let count = 0; count < 2; count += 1) expect(await readAll(bus, device)).toEqual(['refused']);
    simulated.clearFaults();
    simulated.startFault('sensor-fault');
    expect(await readAll(bus, device)).toEqual(['device-fault']);
  });

  test('a device that rejects all for a moment has not lost what its objects say of their state', async () => {
    const { bus, device, simulated } = await oneDevice({ objects: [analog(1, 'pressure', 4.5)] }, [{}]);
    for (const before of [4.5, 'device-fault']) {
      simulated.startFault('reject');
      expect(await readAll(bus, device)).toEqual(['refused']);
      simulated.clearFaults();
      if (before !== 4.5) simulated.startFault('sensor-fault');
      expect(await readAll(bus, device)).toEqual([before]);
    }
  });

  test('what is forgotten is tried again', async () => {
    const { bus, device, simulated } = await oneDevice({ objects }, addresses);
    simulated.startFault('no-rpm');
    await readAll(bus, device);
    simulated.clearFaults();
    bus.forget(device, []);
    const before = simulated.requests;
    expect(await readAll(bus, device)).toEqual(values);
    expect(simulated.requests - before).toBeLessThan(10);
  });
});

describe('never a wrong value:', () => {
  test.each<BacnetFault>([
    ...(['wrong-peer', 'wrong-port', 'wrong-network', 'wrong-object', 'wrong-property', 'wrong-invoke-id'] as const),
    ...(['wrong-service', 'torn', 'ten-bytes', 'duplicated', 'segments-reordered', 'segments-doubled'] as const),
    ...(['segment-lost', 'one-segment', 'small-segments', 'abort', 'reject', 'error', 'silent'] as const),
  ])('with %s a value is right or bad, and right again afterwards', async fault => {
    const objects = [analog(1, 'a', 1), analog(2, 'b', 2), analog(3, 'c', 3)];
    const { bus, device, simulated } = await oneDevice({ objects }, [{}, { instance: 2 }, { instance: 3 }]);
    simulated.startFault(fault);
    for (let count = 0; count < 3; count += 1) {
      for (const [index, said] of (await readAll(bus, device, 200)).entries()) {
        expect([index + 1, 'timeout', 'bad-reply', 'refused']).toContain(said);
      }
    }
    simulated.clearFaults();
    await expect.poll(() => readAll(bus, device), patience).toEqual([1, 2, 3]);
  });
});

describe('a device is found by its instance:', () => {
  const objects = [analog(1, 'pressure', 4.5)];
  /** One port for all, for that is where broadcasts go; it is taken by no other test. */
  const port = 47_823;
  const here = (instance: number, host: string, more: Partial<BacnetDeviceOptions> = {}) => ({
    instance,
    host,
    objects,
    ...more,
  });
  const open47823 = () => open({ port, retries: 0 });
  const wanted = (bacnet: Partial<BacnetDeviceAddress> = {}) => bacnetDevice([bacnetAddress()], bacnet);
  const network = (devices: readonly BacnetDeviceOptions[], more: Partial<BacnetOptions> = {}) =>
    plant(devices, { port, broadcast: '127.255.255.255', ...more });

  test('by asking everybody', async () => {
    await network([here(1_000, '127.0.0.2'), here(1_001, '127.0.0.3')]);
    const bus = open47823();
    expect(await readAll(bus, wanted(), 3_000)).toEqual([4.5]);
    expect(bus.describe?.(wanted())).toEqual([`found at 127.0.0.3:${port}`]);
  });

  test('behind a router', async () => {
    await network([here(1_001, '127.0.0.2', { behind: { network: 2_001, mac: '0c' } })]);
    const bus = open47823();
    expect(await readAll(bus, wanted(), 3_000)).toEqual([4.5]);
    expect(bus.describe?.(wanted())).toEqual([`found at 127.0.0.2:${port}/2001:0c`]);
  });

  test('behind a router that the site file names', async () => {
    const { devices } = await plant([here(1_001, '127.0.0.2', { behind: { network: 2_001, mac: '0c' } })]);
    const address = devices[0]?.address;
    expect(await readAll(open(), wanted({ address, routed: { network: 2_001, mac: '0c' } }))).toEqual([4.5]);
    expect(await readAll(open(), wanted({ address, routed: { network: 2_001, mac: '0d' } }), 200)).toEqual(['timeout']);
  });

  test('and read as every other one, when it says that it takes messages longer than there are', async () => {
    const many = Array.from({ length: 190 }, (_, instance) => analog(instance, `value ${instance}`, instance));
    await network([{ ...here(1_001, '127.0.0.2'), objects: many, maxApdu: 65_535 }]);
    const bus = open47823();
    const name = { property: 77, part: { kind: 'text' } } as const;
    const names = bacnetDevice(many.map(({ instance }) => bacnetAddress({ instance, ...name })));
    expect(await readAll(bus, wanted(), 3_000)).toEqual([1]);
    expect(await readAll(bus, names, 3_000)).toEqual(many.map(({ instance }) => `value ${instance}`));
  });

  test('again where it has moved to', async () => {
    const { devices } = await network([here(1_001, '127.0.0.2')]);
    const bus = open47823();
    expect(await readAll(bus, wanted(), 3_000)).toEqual([4.5]);
    devices[0]?.startFault('moved');
    await expect.poll(() => readAll(bus, wanted(), 500), patience).toEqual([4.5]);
    expect(bus.describe?.(wanted())).not.toEqual([`found at 127.0.0.2:${port}`]);
  });

  test('but of two that have one instance none is read', async () => {
    const { devices } = await network([here(1_001, '127.0.0.2'), here(1_002, '127.0.0.3')]);
    devices[1]?.startFault('duplicate-id');
    const bus = open47823();
    expect(await readAll(bus, wanted(), 3_000)).toEqual(['bad-reply']);
    expect(bus.describe?.(wanted())).toEqual([expect.stringContaining('all say that they are device 1001')]);
    expect(await readAll(bus, wanted(), 3_000)).toEqual(['bad-reply']);
  });

  test('and of two that have one instance the one that the site file names is read', async () => {
    const { devices } = await network([here(1_001, '127.0.0.2'), here(1_002, '127.0.0.3')]);
    devices[1]?.startFault('duplicate-id');
    const bus = open47823();
    const device = wanted({ address: { host: '127.0.0.2', port } });
    expect(await readAll(bus, device)).toEqual([4.5]);
  });

  test('but not where another one has got its address meanwhile: it is found at its new one', async () => {
    const high = [analog(1, 'pressure', 99)];
    const before = await network([here(1_001, '127.0.0.2'), { ...here(1_002, '127.0.0.3'), objects: high }]);
    const bus = open47823();
    expect(await readAll(bus, wanted(), 3_000)).toEqual([4.5]);
    await before.stop();
    expect(await readAll(bus, wanted(), 200)).toEqual(['timeout']);
    await network([{ ...here(1_002, '127.0.0.2'), objects: high }, here(1_001, '127.0.0.3')]);
    expect(await readAll(bus, wanted(), 500)).toEqual(['bad-reply']);
    await expect.poll(() => readAll(bus, wanted(), 500), patience).toEqual([4.5]);
    expect(bus.describe?.(wanted())).toEqual([`found at 127.0.0.3:${port}`]);
  });

  test('nor where the site file gives the address of another one', async () => {
    await network([here(1_002, '127.0.0.2')]);
    const bus = open47823();
    expect(await readAll(bus, wanted({ address: { host: '127.0.0.2', port } }))).toEqual(['bad-reply']);
  });

  test('not at all where nobody has it', async () => {
    await network([here(1_000, '127.0.0.2')]);
    const bus = open47823();
    expect(await readAll(bus, wanted(), 300)).toEqual(['timeout']);
    expect(bus.describe?.(wanted())).toEqual(['no device says that it is 1001']);
  });

  test('through a BBMD that takes us as a foreign device', async () => {
    const bbmds = [{ host: '127.0.0.9', port: 47_824 }];
    await plant([here(1_001, '127.0.0.2', { port: 47_825 })], { bbmds });
    const bus = open({ port, foreign: { host: '127.0.0.9', port: 47_824, ttlMs: 60_000 } });
    await expect.poll(() => readAll(bus, wanted(), 3_000), patience).toEqual([4.5]);
  });

  test('for people who ask who is there, and what a device says that the site does not know', async () => {
    await network([here(1_000, '127.0.0.2', { vendorId: 42 }), here(1_001, '127.0.0.3')]);
    const bus = open47823();
    const found = await ask(bus, { kind: 'who-is', range: undefined, at: undefined });
    if (found.kind !== 'bacnet-devices') throw new Error(found.kind);
    expect(found.devices.map(({ instance, host }) => `${instance} ${host}`).sort()).toEqual([
      '1000 127.0.0.2',
      '1001 127.0.0.3',
    ]);
    const properties = [77, 85, 999].map(property => ({ objectType: 0, instance: 1, property }));
    const said = await ask(bus, { kind: 'bacnet-read', target: { kind: 'instance', instance: 1_000 }, properties });
    expect(said).toMatchObject({
      kind: 'bacnet-values',
      values: [
        { values: [{ type: 'text', text: 'pressure', number: null }] },
        { values: [{ type: 'real', text: '4.5', number: 4.5 }] },
        { kind: 'refused', text: 'error property unknown-property' },
      ],
    });
    const nobody = await ask(bus, { kind: 'bacnet-read', target: { kind: 'instance', instance: 7 }, properties }, 300);
    expect(nobody).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });
});

describe('a device tells changes by itself:', () => {
  const cov = { increment: undefined };

  async function subscribed(addresses: readonly Partial<BacnetAddress>[], fault?: BacnetFault) {
    const objects = [analog(1, 'pressure', 4.5, { covIncrement: 0.1 }), binary(2, 'running', false)];
    const rig = await oneDevice({ objects }, addresses);
    if (fault) rig.simulated.startFault(fault);
    const pushes: Push[] = [];
    rig.bus.listen?.(push => pushes.push(push));
    await readAll(rig.bus, rig.device);
    return { ...rig, pushes, last: () => pushes.at(-1) };
  }

  test('of its present values, at once and with their quality', async () => {
    const { simulated, pushes, last, bus, device } = await subscribed([{ cov }, { objectType: 3, instance: 2, cov }]);
    await expect.poll(() => simulated.subscriptions, patience).toBe(2);
    await expect.poll(() => bus.describe?.(device), patience).toEqual(['tells changes of 2 of 2 values']);
    await expect.poll(() => pushes.length, patience).toBe(2);
    simulated.set(0, 1, 85, one({ kind: 'real', value: 6 }));
    await expect.poll(() => last()?.reading, patience).toMatchObject({ value: 6, quality: 'good' });
    expect(last()?.point.id).toBe('p0');
    simulated.set(0, 1, 111, one(bits(false, true, false, false)));
    await expect.poll(() => last()?.reading.quality, patience).toBe('device-fault');
  });

  test('of a property, beyond an increment of our own', async () => {
    const { simulated, last } = await subscribed([{ cov: { increment: 5 } }]);
    await expect.poll(() => last()?.reading.value, patience).toBe(4.5);
    simulated.set(0, 1, 85, one({ kind: 'real', value: 8 }));
    simulated.set(0, 1, 85, one({ kind: 'real', value: 12 }));
    await expect.poll(() => last()?.reading.value, patience).toBe(12);
  });

  test('and again after it has lost its power, and with it what we had asked for', async () => {
    const { simulated, last, bus, device } = await subscribed([{ cov }]);
    await expect.poll(() => simulated.subscriptions, patience).toBe(1);
    simulated.restart();
    expect(simulated.subscriptions).toBe(0);
    simulated.startFault('silent');
    expect(await readAll(bus, device, 200)).toEqual(['timeout']);
    simulated.clearFaults();
    await readAll(bus, device);
    await expect.poll(() => simulated.subscriptions, patience).toBe(1);
    simulated.set(0, 1, 85, one({ kind: 'real', value: 9 }));
    await expect.poll(() => last()?.reading.value, patience).toBe(9);
  });

  test('but no more than five hundred times a second: the rest is left to the next poll', async () => {
    const { simulated, pushes, bus, device } = await subscribed([{ cov }]);
    await expect.poll(() => pushes.length, patience).toBe(1);
    for (let value = 1; value <= 900; value += 1) {
      simulated.set(0, 1, 85, one({ kind: 'real', value }));
      // A window of the socket at a time, so that the system loses none.
      if (value % 50 === 0)
        await new Promise(resolve => systemClock.at(systemClock.monoMs() + 5, () => resolve(undefined)));
    }
    await expect.poll(() => readAll(bus, device), patience).toEqual([900]);
    expect(pushes.length).toBeLessThanOrEqual(502);
  });

  test('or refuses to, and is only polled', async () => {
    const { bus, device, pushes } = await subscribed([{ cov }], 'cov-refused');
    await expect.poll(() => bus.describe?.(device)[0], patience).toMatch(/^tells changes of 0 of 1 values \(error/);
    expect(await readAll(bus, device)).toEqual([4.5]);
    expect(pushes).toEqual([]);
  });

  test('and what it tells under a number that we never gave is nothing', async () => {
    const { simulated, pushes } = await subscribed([{ cov }], 'cov-wrong-process');
    await expect.poll(() => simulated.subscriptions, patience).toBe(1);
    simulated.set(0, 1, 85, one({ kind: 'real', value: 9 }));
    await new Promise(resolve => systemClock.at(systemClock.monoMs() + 300, () => resolve(undefined)));
    expect(pushes).toEqual([]);
  });
});

test('a text that is too long for one message comes in segments, and is cut where nobody would read it any more', async () => {
  const long = 'a chiller '.repeat(300);
  const objects = [createObject(0, 1, 'x', { description: one(text(long)) })];
  const { bus, device } = await oneDevice({ objects }, [{ property: 28, part: { kind: 'text' } }]);
  expect(await readAll(bus, device)).toEqual([`${long.slice(0, 249)}…`]);
  // A person who asks for it sees all of it: every segment has come, in its place.
  const place = {
    host: device.bacnet?.address?.host ?? '',
    port: device.bacnet?.address?.port ?? 0,
    network: 0,
    mac: '',
  };
  const properties = [{ objectType: 0, instance: 1, property: 28 }];
  expect(await ask(bus, { kind: 'bacnet-read', target: { kind: 'place', place }, properties })).toMatchObject({
    values: [{ values: [{ type: 'text', text: long }] }],
  });
});
