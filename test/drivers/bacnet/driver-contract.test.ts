import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { analog } from '../../../src/sim/bacnet/object.ts';
import { startBacnetDevices } from '../../../src/sim/bacnet/start.ts';
import { type DriverRig, describeDriverContract } from '../../contract/driver-contract.ts';
import { bacnetAddress, bacnetBus, bacnetDevice, watchedDriver } from './driver-rig.ts';

const standing = (number: number) => 20.5 + number;
const silent: ReadonlySet<'silent'> = new Set(['silent']);

async function openRig(): Promise<DriverRig> {
  const { driver, watch } = watchedDriver();
  let silentUntil = 0;
  const instances = Array.from({ length: 90 }, (_, index) => index);
  const network = await startBacnetDevices({
    port: 0,
    devices: [
      {
        instance: 1_001,
        host: '127.0.0.2',
        objects: instances.map(instance => analog(instance, `value ${instance}`, standing(instance))),
        faults: () => (silentUntil >= (network.devices[0]?.requests ?? 0) ? silent : new Set()),
      },
    ],
  });
  const [simulated] = network.devices;
  if (!simulated) throw new Error('nothing is simulated');
  const port = await freePort();
  let blocker: Socket | undefined;
  const addresses = instances.map(instance => bacnetAddress({ instance }));
  return {
    driver,
    bus: bacnetBus({ port }),
    device: bacnetDevice(addresses, { address: simulated.address }, 0),
    valueOf: standing,
    wire: {
      connections: watch.opened,
      openConnections: watch.standing,
      // Another program has the port from then on.
      async breakDown() {
        await watch.pullOut();
        blocker = createSocket('udp4');
        await once(blocker.bind(port, '127.0.0.1'), 'listening');
      },
      async repair() {
        const socket = blocker;
        blocker = undefined;
        if (socket) await new Promise<void>(resolve => socket.close(() => resolve()));
      },
      ignoreNext() {
        silentUntil = simulated.requests + 1;
      },
      requests: () => simulated.requests,
      longestReadMs: 1_000,
    },
    async stop() {
      blocker?.close();
      await network.stop();
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  const { port } = socket.address();
  await new Promise<void>(resolve => socket.close(() => resolve()));
  return port;
}

describeDriverContract('BACnet/IP', openRig, { hasWire: true });
