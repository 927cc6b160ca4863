import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accumulator, analog, binary, multistate, type SimObject } from '../../../src/sim/bacnet/object.ts';
import { type BacnetNetwork, type BacnetOptions, startBacnetDevices } from '../../../src/sim/bacnet/start.ts';

/** A UDP port that nobody has, for a network of its own beside those of other tests. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** Engineering units of the standard. */
const units = { celsius: 62, deltaKelvin: 121, kilowattHours: 19, bar: 55 } as const;

/** What a chiller has: temperatures, a difference that has no unit here, a state, a mode, a counter, and a Chinese name. */
export function chillerObjects(): SimObject[] {
  return [
    analog(1, 'Supply temp', 6.9, { units: units.celsius }),
    analog(3, 'Spread', 5.2, { type: 'analog-value', units: units.deltaKelvin }),
    binary(1, 'Running', true),
    multistate(1, 'Mode', 2, ['Off', 'Auto', 'Hand']),
    accumulator(1, 'Energy', 1_234, units.kilowattHours),
    analog(9, '压力', 3.2, { units: units.bar }),
  ];
}

export interface TestNetwork extends BacnetNetwork {
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Simulated devices on the loopback interface, on a port of their own. */
export async function startNetwork(
  devices: BacnetOptions['devices'],
  more: Partial<BacnetOptions> = {},
): Promise<TestNetwork> {
  const port = await freePort();
  const network = await startBacnetDevices({ port, broadcast: '127.255.255.255', devices, ...more });
  return { ...network, port, [Symbol.asyncDispose]: () => network.stop() };
}
