import { createBacnetDriver } from '../../../drivers/bacnet/bacnet-driver.ts';
import { createUdpPort, type PortHandlers, type UdpPort } from '../../../drivers/bacnet/udp-port.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Driver } from '../../../src/driver.ts';
import type { BacnetIpBus } from '../../../src/model/bus.ts';
import type { BacnetDevice, Device } from '../../../src/model/device.ts';
import type { BacnetAddress, Point } from '../../../src/model/point.ts';

export function bacnetBus(changes: Partial<BacnetIpBus> = {}): BacnetIpBus {
  return {
    protocol: 'bacnet-ip',
    id: 'net',
    address: '127.0.0.1',
    port: 0,
    broadcast: '127.255.255.255',
    foreign: undefined,
    timeoutMs: 1_000,
    retries: 0,
    requestsInFlight: 8,
    deadDeviceShare: 0.1,
    ...changes,
  };
}

/** `analog-input 1 present-value`, but for what is given. */
export function bacnetAddress(changes: Partial<BacnetAddress> = {}): BacnetAddress {
  return {
    protocol: 'bacnet',
    objectType: 0,
    instance: 1,
    property: 85,
    index: undefined,
    part: { kind: 'whole' },
    cov: undefined,
    ...changes,
  };
}

/** A device with a point for each address, numbered from 0. */
export function bacnetDevice(
  addresses: readonly BacnetAddress[],
  bacnet: Partial<BacnetDevice> = {},
  device = 1,
): Device {
  const points = addresses.map((address, number): Point => {
    const id = `p${number}`;
    return {
      number: device * 100 + number,
      key: `d${device}/${id}`,
      id,
      name: id,
      device,
      unit: '',
      intervalMs: 1_000,
      address,
      scale: 1,
      offset: 0,
      invalidValues: [],
      states: undefined,
      isCounter: false,
      recording: undefined,
    };
  });
  return {
    number: device,
    id: `d${device}`,
    name: `Device ${device}`,
    bus: 'net',
    profile: undefined,
    unitId: undefined,
    bacnet: { instance: 1_001, address: undefined, routed: undefined, ...bacnet },
    timeoutMs: undefined,
    readLimits: { maxRegisters: 0, maxBits: 0, maxGap: undefined, barriers: [] },
    points,
  };
}

/** A real port that a test can pull out: how often it was opened, and whether it stands. */
export interface PortWatch {
  readonly opened: () => number;
  readonly standing: () => number;
  pullOut(): Promise<void>;
}

export function watchedDriver(): { readonly driver: Driver; readonly watch: PortWatch } {
  let opened = 0;
  const live = new Map<UdpPort, PortHandlers>();
  const driver = createBacnetDriver({
    random: seededRandom(1),
    openPort(options) {
      const port = createUdpPort(options);
      const own: UdpPort = {
        ...port,
        open(handlers) {
          opened += 1;
          live.set(port, handlers);
          port.open({
            ...handlers,
            onDown(detail) {
              live.delete(port);
              handlers.onDown(detail);
            },
          });
        },
        async close() {
          live.delete(port);
          await port.close();
        },
      };
      return own;
    },
  });
  return {
    driver,
    watch: {
      opened: () => opened,
      standing: () => live.size,
      async pullOut() {
        for (const [port, handlers] of live) {
          live.delete(port);
          await port.close();
          handlers.onDown('the interface has gone');
        }
      },
    },
  };
}
