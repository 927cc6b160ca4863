import { afterEach, expect, test } from 'vitest';
import { createBacnetDriver } from '../../../drivers/bacnet/bacnet-driver.ts';
import { createUdpPort } from '../../../drivers/bacnet/udp-port.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { allBacnetFaults } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { analog } from '../../../src/sim/bacnet/object.ts';
import { startBacnetDevices } from '../../../src/sim/bacnet/start.ts';
import { bacnetAddress, bacnetBus, bacnetDevice } from './driver-rig.ts';

/*
 * The plant is read-only: a gateway that someone has taken over must not be able to start a chiller, take a lift out of
 * service or set a clock. Of the services of BACnet this program sends Who-Is, reads and subscriptions; nothing else. The whole driver is watched
 * here, whatever devices do; never-write.test.ts reads the sources and tries the last gate.
 */

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test('on the wire stands nothing but reads, subscriptions, Who-Is and what a client has to answer, whatever devices do', async () => {
  const sent: Buffer[] = [];
  const network = await startBacnetDevices({
    port: 0,
    devices: [{ instance: 1_001, host: '127.0.0.2', objects: [analog(1, 'a', 1), analog(2, 'b', 2)] }],
  });
  closers.push(() => network.stop());
  const [simulated] = network.devices;
  const driver = createBacnetDriver({
    random: seededRandom(1),
    openPort(options) {
      const port = createUdpPort(options);
      return {
        ...port,
        send(bytes, host, to) {
          sent.push(Buffer.from(bytes));
          port.send(bytes, host, to);
        },
        broadcast(bytes) {
          sent.push(Buffer.from(bytes));
          port.broadcast(bytes);
        },
      };
    },
  });
  const bus = driver.create({ bus: bacnetBus({ retries: 1, port: 47_829 }), clock: systemClock, log: silentLog });
  closers.push(() => bus.close());
  const cov = { increment: undefined };
  const device = bacnetDevice([bacnetAddress({ cov }), bacnetAddress({ instance: 2, cov: { increment: 1 } })], {
    address: simulated?.address,
  });
  const lost = bacnetDevice([bacnetAddress()], { instance: 7 }, 2);
  for (const fault of [undefined, ...allBacnetFaults()]) {
    simulated?.clearFaults();
    if (fault) simulated?.startFault(fault);
    for (const polled of [device, lost]) {
      for (const read of bus.plan(polled, polled.points)) {
        await new Promise(resolve => bus.read(read, 60, resolve));
      }
    }
  }
  expect(sent.length).toBeGreaterThan(60);
  expect([...new Set(sent.map(describeFrame))].sort()).toEqual(expect.arrayContaining(['ask 12', 'ask 14', 'say 8']));
  expect([...new Set(sent.map(describeFrame))].filter(what => !allowed.has(what))).toEqual([]);
});

/** What goes out: questions by service, and answers that a client owes: simple acks, segment acks, errors, rejects, aborts. */
const allowed = new Set([
  'ask 5',
  'ask 12',
  'ask 14',
  'ask 28',
  'say 8',
  'ack',
  'segment-ack',
  'error',
  'reject',
  'abort',
]);

/** By hand from the standard, so that a fault of our own encoder shows. */
function describeFrame(frame: Buffer): string {
  const control = frame[5] ?? 0;
  let at = 6;
  const hasDestination = (control & 0x20) !== 0;
  if (hasDestination) at += 3 + (frame[at + 2] ?? 0);
  if (control & 0x08) at += 3 + (frame[at + 2] ?? 0);
  if (hasDestination) at += 1;
  switch ((frame[at] ?? 0) >> 4) {
    case 0:
      return `ask ${frame[at + 3]}`;
    case 1:
      return `say ${frame[at + 1]}`;
    case 2:
      return 'ack';
    case 4:
      return 'segment-ack';
    case 5:
      return 'error';
    case 6:
      return 'reject';
    case 7:
      return 'abort';
    default:
      return `something else: ${frame.toString('hex')}`;
  }
}
