import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allBacnetFaults, type BacnetFault, bacnetFaults } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { analog } from '../../../src/sim/bacnet/object.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { deviceAt, frame, openWire, patience, settleWire, startOne, startRig, usualObjects } from './rig.ts';

/** Analog input 1, present value: 21.5. */
const read = '0275 07 0c 0c 00000001 1955';
const good = '30070c0c0000000119553e4441ac00003f';
/** Another service, to know that nothing more comes. */
const last = '0275 08 0c 0c 00000063 1955';
const readMultiple = '0275 07 0e 0c 00000001 1e 0955 1f';
const multipleGood = '30070e0c000000011e29554e4441ac00004f1f';

describe('a fault that answers otherwise', () => {
  test.each<readonly [BacnetFault, string, readonly string[]]>([
    ['busy', read, ['710709']],
    ['abort', read, ['710700']],
    ['reject', read, ['600709']],
    ['error', read, ['50070c91009119']],
    ['no-rpm', readMultiple, ['600709']],
    ['no-rpm', read, [good]],
    ['abort-big', read, [good]],
    ['abort-big', '0275 07 0e 0c 00000001 1e 0908 1f 0c 00c00002 1e 0908 1f', ['710701']],
    [
      'no-segmentation',
      '0070 07 0c 0c 020003e9 194c',
      ['30070c0c020003e9194c3ec4020003e9c400000001c400c00002c403400003c405c000043f'],
    ],
    ['wrong-object', read, ['30070c0c0000000219553e4441ac00003f']],
    ['wrong-object', readMultiple, ['30070e0c000000021e29554e4441ac00004f1f']],
    ['wrong-property', read, ['30070c0c0000000119563e4441ac00003f']],
    ['wrong-property', readMultiple, ['30070e0c000000011e29564e4441ac00004f1f']],
    ['wrong-index', '0275 07 0c 0c 03400003 196e 2902', ['30070c0c03400003196e29033e73006f6e3f']],
    ['wrong-invoke-id', read, [good.replace('3007', '3008')]],
    ['wrong-service', read, [good.replace('30070c', '30070e')]],
    ['wrong-service', readMultiple, [multipleGood.replace('30070e', '30070c')]],
    ['duplicated', read, [good, good]],
    ['ten-bytes', read, ['38050004', good]],
    ['one-segment', read, [good.replace('30070c', '380700040c')]],
    ['sensor-fault', '0275 07 0c 0c 00000001 196f', ['30070c0c00000001196f3e8204c03f']],
    ['sensor-fault', '0275 07 0c 0c 00000001 1967', ['30070c0c0000000119673e91013f']],
    ['out-of-service', '0275 07 0c 0c 00000001 196f', ['30070c0c00000001196f3e8204103f']],
    ['out-of-service', '0275 07 0c 0c 00000001 1951', ['30070c0c0000000119513e113f']],
    ['silent', read, []],
    ['restart', read, []],
  ])('%s', async (fault, request, answers) => {
    const { device, ask, wire } = await startOne();
    device.startFault(fault);
    ask(request);
    // One without power does not even count.
    if (fault === 'restart') await settleWire();
    else await expect.poll(() => device.requests, patience).toBe(1);
    device.clearFaults();
    ask(last);
    const end = '50080c9101911f';
    await expect.poll(() => wire.apdus(), patience).toEqual([...answers, end]);
    // What is over is over.
    ask(read);
    await expect.poll(() => wire.apdus().at(-1), patience).toBe(good);
  });

  test('every fault is described, here and in the documentation', () => {
    const docs = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'cli.md'), 'utf8');
    for (const fault of allBacnetFaults()) {
      expect(bacnetFaults[fault].length).toBeGreaterThan(20);
      expect(docs).toContain(`\`${fault}\``);
    }
  });
});

describe('a fault of the wire', () => {
  test.each<readonly [BacnetFault, RegExp]>([
    ['wrong-peer', /^127\.99\.99\.99:/],
    ['wrong-port', /^127\.0\.0\.2:/],
  ])('%s answers from elsewhere', async (fault, from) => {
    const { device, ask, wire } = await startOne();
    device.startFault(fault);
    ask(read);
    await wire.next();
    expect(wire.apdus()).toEqual([good]);
    expect(wire.heard[0]?.from).toMatch(from);
    expect(wire.heard[0]?.from).not.toBe(`${device.address.host}:${device.address.port}`);
  });

  test('wrong-network answers under an address that nobody asked', async () => {
    const { device, ask, wire } = await startOne();
    device.startFault('wrong-network');
    ask(read);
    expect(await wire.next()).toBe(`810a001b0108fde7017f${good}`);
  });

  test('late and duplicated-late come when they are due', async () => {
    const clock = new VirtualClock();
    const { device, ask, wire } = await startOne({ lateMs: 1_200 }, { clock });
    device.startFault('late');
    ask(read);
    await expect.poll(() => device.requests, patience).toBe(1);
    await clock.advance(1_100);
    await settleWire();
    expect(wire.heard).toEqual([]);
    await clock.advance(100);
    await expect.poll(() => wire.apdus(), patience).toEqual([good]);
    device.clearFaults();
    device.startFault('duplicated-late');
    ask(read);
    await expect.poll(() => wire.apdus(), patience).toEqual([good, good]);
    await clock.advance(100);
    await expect.poll(() => wire.apdus(), patience).toEqual([good, good, good]);
  });

  test('lossy loses about a third', async () => {
    const { device, ask, wire } = await startOne();
    device.startFault('lossy');
    // More at once would not find room in the buffer of a socket.
    for (let count = 1; count <= 300; count += 1) {
      ask(read);
      if (count % 50 === 0) await expect.poll(() => device.requests, patience).toBe(count);
    }
    await expect.poll(() => wire.heard.length, patience).toBeGreaterThan(150);
    await settleWire();
    expect(wire.heard.length).toBeLessThan(250);
  });

  test('damaged turns one bit over, torn leaves the beginning', async () => {
    const { device, ask, wire } = await startOne();
    device.startFault('damaged');
    ask(read);
    const damaged = Buffer.from((await wire.next()).slice(12), 'hex');
    const turned = [...Buffer.from(good, 'hex')].map((byte, at) => (byte ^ (damaged[at] ?? 0)).toString(2));
    expect(turned.join('').replaceAll('0', '')).toBe('1');
    device.clearFaults();
    device.startFault('torn');
    ask(read);
    const torn = (await wire.next()).slice(12);
    expect(good.startsWith(torn) && torn.length < good.length && torn.length >= 2).toBe(true);
  });

  test('moved: nobody at the old address, and a broadcast Who-Is finds it at the new one', async () => {
    const { network } = await startRig({
      port: 47_833,
      broadcast: '127.255.255.255',
      devices: [{ instance: 7, host: '127.0.0.6', objects: usualObjects() }],
    });
    const device = deviceAt(network, 0);
    const wire = await openWire();
    device.startFault('moved');
    wire.send(frame(read), device.address);
    wire.send('810b000801001008', { host: '127.255.255.255', port: 47_833 });
    await wire.next();
    const [host = '', port = ''] = wire.heard[0]?.from.split(':') ?? [];
    expect(host).toBe('127.0.0.6');
    expect(Number(port)).not.toBe(device.address.port);
    wire.send(frame(read), { host, port: Number(port) });
    await expect.poll(() => wire.apdus(), patience).toEqual(['1000c4020000072205c491002203e7', good]);
    device.clearFaults();
    wire.send(frame(read), device.address);
    await expect.poll(() => wire.heard.at(-1)?.from, patience).toBe(`127.0.0.6:${device.address.port}`);
  });

  test('duplicate-id says that it is its neighbour', async () => {
    const { network } = await startRig({
      devices: [
        { instance: 1, host: '127.0.0.2', objects: [] },
        { instance: 2, host: '127.0.0.3', objects: [] },
      ],
    });
    const device = deviceAt(network, 0);
    device.startFault('duplicate-id');
    const wire = await openWire();
    wire.send(frame('1008 0902 1902', '0100'), device.address);
    expect(await wire.next()).toContain('c402000002');
    wire.send(frame('0275 01 0c 0c 02000002 194b'), device.address);
    expect(await wire.next()).toContain('3ec4020000023f');
  });

  test('i-am-flood says a hundred times in a tenth of a second that it is somebody else each time', async () => {
    const clock = new VirtualClock();
    const { device, ask, wire } = await startOne({}, { clock });
    ask(read);
    await wire.next();
    device.startFault('i-am-flood');
    for (let tick = 1; tick <= 10; tick += 1) {
      await clock.advance(100);
      // Half of them are broadcasts, which this plant has nowhere to send.
      await expect.poll(() => wire.heard.length, patience).toBe(1 + 50 * tick);
    }
    expect(new Set(wire.apdus().slice(1)).size).toBe(500);
    device.clearFaults();
    await clock.advance(1_000);
    await settleWire();
    expect(wire.heard.length).toBe(501);
  });

  test('restart forgets subscriptions, and the device says when it is back', async () => {
    const clock = new VirtualClock();
    const { network } = await startRig({
      clock,
      port: 47_834,
      broadcast: '127.255.255.255',
      devices: [{ instance: 7, host: '127.0.0.6', objects: [analog(10, 'a', 1)] }],
    });
    const listener = await openWire('127.255.255.255', 47_834);
    const device = deviceAt(network, 0);
    const wire = await openWire();
    wire.send(frame('0275 01 05 0912 1c 0000000a 2900 393c'), device.address);
    await expect.poll(() => device.subscriptions, patience).toBe(1);
    device.startFault('restart');
    await clock.advance(100);
    expect(device.subscriptions).toBe(0);
    device.clearFaults();
    await clock.advance(100);
    await expect
      .poll(() => listener.heard.map(({ hex }) => hex), patience)
      .toEqual(['810b00190120ffff00ff1000c4020000072205c491002203e7']);
  });

  test('a moved value is told over the wire, and stays untold under cov-stops', async () => {
    const { device, wire, ask } = await startOne();
    ask('0275 01 05 0912 1c 00000001 2900 393c');
    await expect.poll(() => wire.apdus().length, patience).toBe(2);
    device.startFault('cov-stops');
    device.set(0, 1, 85, { kind: 'one', value: { kind: 'real', value: 30 } });
    device.clearFaults();
    device.set(0, 1, 85, { kind: 'one', value: { kind: 'real', value: 40 } });
    await expect.poll(() => wire.apdus().length, patience).toBe(3);
    expect(wire.apdus()).toEqual([
      '200105',
      expect.stringContaining('4441ac0000'),
      expect.stringContaining('4442200000'),
    ]);
  });
});
