import { PlantroomError } from '../../base/errors.ts';
import type { BacnetIpBus } from '../../model/bus.ts';
import { type BacnetDevice, type Device, polledPart } from '../../model/device.ts';
import type { Site } from '../../model/site.ts';

/** A BACnet/IP bus of a site with the devices that are simulated on it. */
export interface BacnetPlace {
  readonly bus: BacnetIpBus;
  readonly broadcast: string;
  readonly devices: readonly PlacedDevice[];
}

export interface PlacedDevice {
  readonly device: Device;
  readonly bacnet: BacnetDevice;
  readonly host: string;
  readonly port: number;
}

const loopback = /^127(\.\d{1,3}){3}$/;
const loopbackBroadcast = '127.255.255.255';

/**
 * The BACnet/IP buses of a site that have devices.
 *
 * @throws PlantroomError kind `refused` when a bus or a device is not on the loopback interface
 */
export function planBacnet(site: Site): BacnetPlace[] {
  return site.buses.flatMap(bus => {
    if (bus.protocol !== 'bacnet-ip') return [];
    const devices = site.devices.filter(device => device.bus === bus.id).map(polledPart);
    if (devices.length === 0) return [];
    refuse(bus.id, 'bus', bus.address);
    if (bus.foreign) refuse(bus.id, 'BBMD of the bus', bus.foreign.host);
    const taken = new Set(devices.flatMap(({ bacnet }) => (bacnet?.address ? [bacnet.address.host] : [])));
    return [
      {
        bus,
        broadcast: bus.broadcast ?? loopbackBroadcast,
        devices: devices.flatMap(device => place(device, bus, taken)),
      },
    ];
  });
}

/** A device that is looked for gets an address that no other has. */
function place(device: Device, bus: BacnetIpBus, taken: Set<string>): PlacedDevice[] {
  const { bacnet } = device;
  if (!bacnet) return [];
  if (bacnet.address) {
    refuse(device.id, 'device', bacnet.address.host);
    return [{ device, bacnet, ...bacnet.address }];
  }
  let number = 1;
  while (taken.has(hostOf(number))) number += 1;
  taken.add(hostOf(number));
  return [{ device, bacnet, host: hostOf(number), port: bus.port }];
}

function hostOf(number: number): string {
  return `127.0.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
}

function refuse(id: string, what: string, host: string): void {
  if (loopback.test(host)) return;
  const own = what === 'bus' ? 'address: 127.0.0.1' : 'an address such as 127.0.0.2';
  throw new PlantroomError(`the ${what} ${id} is at ${host}, and the simulator serves only the loopback interface`, {
    kind: 'refused',
    hint: `give ${id} ${own} to simulate it; a real device needs no simulator`,
  });
}
