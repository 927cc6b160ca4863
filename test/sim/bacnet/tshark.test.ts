import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { allBacnetFaults, type BacnetFault } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { createEscalatorObject, createGroupObject, createLiftObject } from '../../../src/sim/bacnet/lift-objects.ts';
import { analog, array, createObject, list, one, type SimObject } from '../../../src/sim/bacnet/object.ts';
import { bits, boolean, objectId, text, unsigned } from '../../../src/sim/bacnet/value.ts';
import { createEscalator } from '../../../src/sim/equipment/escalator.ts';
import { createLift, type Lift, stepLift } from '../../../src/sim/equipment/lift.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { deviceAt, dissect, frame, openWire, patience, settleWire, startRig, usualObjects } from './rig.ts';

/** What they send is wrong on purpose, and not only at the wrong time or in the wrong place. */
const spoiling: readonly BacnetFault[] = ['damaged', 'torn', 'ten-bytes', 'wrong-service'];

/** A lift after a while, in every phase that it comes by. */
function lifts(): Lift[] {
  const random = seededRandom(3);
  const byPhase = new Map<string, Lift>();
  let lift = createLift();
  for (let step = 0; step < 4_000; step += 1) {
    const faults = new Set(step > 3_000 ? ['lift-stuck'] : []);
    lift = stepLift(lift, { hour: 8, random, faults }, 0.2);
    byPhase.set(lift.phase, lift);
  }
  return [...byPhase.values()];
}

/** Every kind of object and of value that there is. */
function everything(): SimObject[] {
  const all = lifts();
  const liftObjects = all.map((lift, index) =>
    createLiftObject({ instance: index + 1, name: `lift ${index}`, group: 1, installation: index }, lift),
  );
  const values = createObject(130, 1, 'Wërte', {
    600: one({ kind: 'null' }),
    601: one(boolean(true)),
    602: one(unsigned(2n ** 64n - 1n)),
    603: one({ kind: 'signed', value: -(2n ** 63n) }),
    604: one({ kind: 'double', value: Math.PI }),
    605: one({ kind: 'octets', bytes: new Uint8Array(300) }),
    606: array(text('größer'), text('größer', 'latin-1'), text('größer', 'ucs-2'), text('x'.repeat(300))),
    607: one(bits(...Array.from({ length: 100 }, (_, index) => index % 3 === 0))),
    608: one({ kind: 'date', date: { year: 2026, month: 11, day: 26, weekday: 4 } }),
    609: one({ kind: 'time', time: { hour: 21, minute: undefined, second: 5, hundredth: undefined } }),
    610: list(objectId(8, 4_194_302), objectId(1_023, 1)),
  });
  return [
    ...usualObjects(),
    ...liftObjects,
    createEscalatorObject(1, 'escalator', createEscalator()),
    createEscalatorObject(2, 'stopped', { ...createEscalator(), speedMs: 0, fault: 'comb-plate' }),
    createGroupObject({ instance: 1, name: 'group', lifts: all.map((_, index) => index + 1) }, all),
    values,
    ...Array.from({ length: 400 }, (_, index) => analog(100 + index, `a${index}`, index)),
  ];
}

function objectHex({ type, instance }: Pick<SimObject, 'type' | 'instance'>): string {
  return (((type << 22) | instance) >>> 0).toString(16).padStart(8, '0');
}

async function expectClean(sent: readonly string[]): Promise<void> {
  const seen = await dissect(sent);
  expect(seen.length).toBe(sent.length);
  const wrong = seen.flatMap(({ isMalformed, protocols, info }, index) =>
    isMalformed || !/bvlc/.test(protocols) ? [{ protocols, info, hex: sent[index] }] : [],
  );
  expect(wrong).toEqual([]);
}

describe('Wireshark finds nothing malformed in', () => {
  test('every property of every object, read one by one and in groups', async () => {
    const objects = everything();
    const { network, sent } = await startRig({
      clock: new VirtualClock(),
      devices: [{ instance: 1_001, host: '127.0.0.2', objects }],
    });
    const { address, table } = deviceAt(network, 0);
    const wire = await openWire();
    let asked = 0;
    const ask = async (apdu: (invokeId: string) => string) => {
      asked += 1;
      wire.send(frame(apdu((asked & 0xff).toString(16).padStart(2, '0'))), address);
      await expect.poll(() => wire.heard.length, { ...patience, interval: 1 }).toBe(asked);
    };
    for (const object of [...table.all.values()].slice(0, 30)) {
      for (const which of ['0908', '0969', '0950'])
        await ask(id => `0275 ${id} 0e 0c ${objectHex(object)} 1e ${which} 1f`);
      for (const property of [...object.properties.keys(), 371]) {
        await ask(id => `0275 ${id} 0c 0c ${objectHex(object)} 1a${property.toString(16).padStart(4, '0')}`);
      }
    }
    await expectClean(sent);
    expect(sent.length).toBeGreaterThan(300);
  });

  test('what it sends under every fault but those that spoil bytes', async () => {
    const clock = new VirtualClock();
    const { network, sent } = await startRig({
      clock,
      port: 47_843,
      broadcast: '127.255.255.255',
      bbmds: [{ host: '127.0.0.9' }],
      devices: [
        { instance: 1_001, host: '127.0.0.2', objects: everything() },
        { instance: 1_002, host: '127.0.0.3', objects: everything(), behind: { network: 5, mac: '0c' } },
      ],
    });
    const wire = await openWire();
    const router = { host: '127.0.0.3', port: 47_843 };
    // Wireshark puts segments together by their invoke id: each transfer has its own.
    let transfers = 15;
    const nextId = () => {
      transfers += 1;
      return transfers.toString(16).padStart(2, '0');
    };
    const requests = (id: string) => [
      '0275 01 0c 0c 00000001 1955',
      `0275 ${nextId()} 0e 0c 00000001 1e 0908 1f`,
      `0275 ${id} 0c 0c 023fffff 194c`,
      '0275 04 05 0912 1c 00000001 2901 393c',
      '0275 05 1c 0912 1c 0ec00001 2900 393c 4e 0a01cf 4f',
      '0275 06 0c 0c 00000063 1955',
      '0275 07 63',
      '1008',
    ];
    for (const fault of [undefined, ...allBacnetFaults().filter(name => !spoiling.includes(name))]) {
      for (const [index, npdu] of [
        [0, '0104'],
        [1, '0124 0005 01 0c ff'],
      ] as const) {
        const device = deviceAt(network, index);
        if (fault) device.startFault(fault);
        const id = nextId();
        for (const request of requests(id)) wire.send(frame(request, npdu), device.address);
        await settleWire();
        device.set(0, 1, 85, { kind: 'one', value: { kind: 'real', value: clock.monoMs() } });
        await clock.advance(4_000);
        for (let sequence = 0; sequence < 4; sequence += 1) {
          wire.send(frame(`40 ${id} 0${sequence} 02`, npdu), device.address);
          await settleWire();
        }
        device.clearFaults();
        await clock.advance(200);
      }
    }
    for (const [hex, to] of [
      ['810a0007018000', router],
      ['810a00090180000005', router],
      ['810a000d0124000601010e02', router],
      ['81050006003c', { host: '127.0.0.9', port: 47_843 }],
      ['81060004', { host: '127.0.0.9', port: 47_843 }],
      ['81020004', { host: '127.0.0.9', port: 47_843 }],
      ['8109000c0120ffff00ff1008', { host: '127.0.0.9', port: 47_843 }],
      ['81050006003c', router],
      ['810b000801001008', { host: '127.255.255.255', port: 47_843 }],
    ] as const) {
      wire.send(hex, to);
      await settleWire();
    }
    await expectClean(sent);
    const codes = new Set(sent.map(hex => hex.slice(2, 4)));
    expect([...codes].toSorted()).toEqual(['00', '04', '07', '0a', '0b']);
    expect(sent.length).toBeGreaterThan(1_000);
  });

  test('nothing, and says so of a frame that is', async () => {
    const [torn, good] = await dissect([
      '810a0016010030010c0c00000001194c3e44',
      '810a0017010030010c0c0000000119553e4441ac00003f',
    ]);
    expect([torn?.isMalformed, good?.isMalformed]).toEqual([true, false]);
  });
});
