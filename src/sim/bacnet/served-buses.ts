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
  /** Two devices of the site may be one: the lifts of a gateway. */
  readonly devices: readonly Device[];
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
    return [{ bus, broadcast: bus.broadcast ?? loopbackBroadcast, devices: placeAll(devices, bus) }];
  });
}

function placeAll(devices: readonly Device[], bus: BacnetIpBus): PlacedDevice[] {
  const taken = new Set(devices.flatMap(({ bacnet }) => (bacnet?.address ? [bacnet.address.host] : [])));
  // One instance is one device; where addresses differ, it is a conflict that the site file wants to see.
  const all = Map.groupBy(devices, ({ bacnet }) => `${bacnet?.instance} ${JSON.stringify(bacnet?.address ?? '')}`);
  return [...all.values()].flatMap(together => place(together, bus, taken));
}

/** A device that is looked for gets an address that no other has. */
function place(devices: readonly Device[], bus: BacnetIpBus, taken: Set<string>): PlacedDevice[] {
  const [first] = devices;
  if (!first?.bacnet) return [];
  const { id, bacnet } = first;
  if (bacnet.address) {
    refuse(id, 'device', bacnet.address.host);
    return [{ devices, bacnet, ...bacnet.address }];
  }
  let number = 1;
  while (taken.has(hostOf(number))) number += 1;
  taken.add(hostOf(number));
  return [{ devices, bacnet, host: hostOf(number), port: bus.port }];
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
