import { describe, expect, test } from 'vitest';
import type { BacnetFault } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { analog } from '../../../src/sim/bacnet/object.ts';
import type { BacnetDeviceOptions } from '../../../src/sim/bacnet/start.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { frame, patience, startOne } from './rig.ts';

const objectCount = 3_000;
const many = () => Array.from({ length: objectCount - 1 }, (_, index) => analog(index + 1, `a${index}`, index));
/** The object list of device 1001, to a client that takes any number of segments of 1476 octets. */
const list = '0275 09 0c 0c 020003e9 194c';
const whole = 8 + 5 * objectCount + 1;

/** Reads the object list as a client by the book does; a window of its own, and one acknowledgement for each. */
async function readList(device: Partial<BacnetDeviceOptions>, window: number, fault?: BacnetFault, request = list) {
  const clock = new VirtualClock();
  const { device: one, wire, ask } = await startOne({ objects: many(), ...device }, { clock });
  if (fault) one.startFault(fault);
  const bodies: string[] = [];
  let actual = 1;
  let inWindow = 0;
  const acknowledge = (isNegative: boolean) => {
    const sequence = (bodies.length - 1) & 0xff;
    wire.send(frame(Buffer.of(isNegative ? 0x42 : 0x40, 9, sequence, window).toString('hex'), '0100'), one.address);
    inWindow = 0;
    actual = window;
  };
  ask(request);
  for (let at = 0, silences = 0; ; ) {
    if (at === wire.heard.length) {
      const isHeard = await expect
        .poll(() => wire.heard.length > at, { timeout: 300, interval: 1 })
        .toBe(true)
        .then(() => true)
        .catch(() => false);
      if (!isHeard) {
        silences += 1;
        if (silences > 4) return { bodies, end: 'silence', clock, one };
        await clock.advance(2_000);
        continue;
      }
    }
    silences = 0;
    const apdu = Buffer.from(wire.heard[at]?.hex.slice(12) ?? '', 'hex');
    at += 1;
    if (((apdu[0] ?? 0) & 0xf8) !== 0x38) return { bodies: [apdu.toString('hex')], end: 'whole', clock, one };
    expect([apdu[1], apdu[4]]).toEqual([9, 0x0c]);
    if (apdu[2] !== (bodies.length & 0xff)) {
      if (bodies.length > 0 && apdu[2] !== ((bodies.length - 1) & 0xff)) acknowledge(true);
      continue;
    }
    bodies.push(apdu.subarray(5).toString('hex'));
    inWindow += 1;
    const isLast = ((apdu[0] ?? 0) & 4) === 0;
    if (isLast || inWindow >= actual) acknowledge(false);
    if (isLast) return { bodies, end: 'done', clock, one };
  }
}

function expectList(hex: string): void {
  expect(hex.length / 2).toBe(whole);
  expect(hex.startsWith('0c020003e9194c3ec4020003e9c400000001c400000002')).toBe(true);
  expect(hex.endsWith('c400000bb73f')).toBe(true);
}

describe('an object list of 3,000', () => {
  test.each([
    [1_476, 1],
    [1_476, 4],
    [1_476, 127],
    [480, 2],
    [206, 16],
    [128, 8],
    [50, 1],
    [50, 127],
  ])('comes in segments of %i octets, in windows of %i', async (octets, window) => {
    const { bodies, end } = await readList({ segments: { octets, windowSize: window } }, window);
    expect([end, bodies.length]).toEqual(['done', Math.ceil(whole / (octets - 5))]);
    expectList(bodies.join(''));
  });

  test.each<readonly [BacnetFault, number]>([
    ['small-segments', 1],
    ['wide-window', 64],
    ['segments-doubled', 4],
    ['segment-lost', 4],
    ['segment-lost', 1],
    ['segments-reordered', 4],
  ])('comes whole under %s to a client that takes %i at a time', async (fault, window) => {
    const { bodies, end } = await readList({ segments: { octets: 480, windowSize: 4 } }, window, fault);
    expect(end).toBe('done');
    expectList(bodies.join(''));
  });

  test('stops in the middle under segments-stop, and leaves no timer', async () => {
    const { bodies, end, clock } = await readList({}, 4, 'segments-stop');
    expect([bodies.length, end]).toEqual([2, 'silence']);
    // That of the simulator's own beat.
    await expect.poll(() => clock.pending, patience).toBe(1);
  });

  test.each<readonly [string, Partial<BacnetDeviceOptions>, BacnetFault | undefined, string, string]>([
    ['a device without segmentation', { segmentation: 'none' }, undefined, list, '710904'],
    ['a device that has lost it', {}, 'no-segmentation', list, '710904'],
    ['a client that takes no segments', {}, undefined, list.replace('0275', '0075'), '710904'],
    ['a client that takes two of 480', {}, undefined, list.replace('0275', '0213'), '710901'],
    ['a request in segments', {}, undefined, '0a75 09 00 04 0c 0c 020003e9 194c', '710904'],
  ])('%s: the transfer is refused', async (_, device, fault, request, answer) => {
    expect(await readList(device, 1, fault, request)).toMatchObject({ end: 'whole', bodies: [answer] });
  });

  test('a transfer that the client gives up is over', async () => {
    const clock = new VirtualClock();
    const { wire, ask } = await startOne({ objects: many() }, { clock });
    ask(list);
    await wire.next();
    ask('70 09 00', '0100');
    await expect.poll(() => clock.pending, patience).toBe(1);
  });

  test('one client may have several under way, and a 33rd is refused', async () => {
    const { wire, ask } = await startOne({ objects: many() });
    for (let id = 1; id <= 33; id += 1) ask(list.replace(' 09 ', ` ${id.toString(16).padStart(2, '0')} `));
    await expect.poll(() => wire.heard.length, patience).toBe(33);
    expect(wire.apdus().at(-1)).toBe('712109');
  });
});
