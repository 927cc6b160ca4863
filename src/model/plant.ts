import { type BacnetIpBus, isModbus, type ModbusBus } from './bus.ts';
import type { BacnetDevice, Device } from './device.ts';
import type { BacnetAddress, ModbusAddress, Point } from './point.ts';
import type { Site } from './site.ts';

/** Where the devices of a site are found on the wire: what a person needs who asks one directly. Plain JSON data. */
export interface PlantView {
  readonly buses: readonly ModbusBus[];
  readonly devices: readonly PlantDevice[];
  /** Those of the one device that was asked for; else none. */
  readonly points: readonly PlantPoint[];
  /** The same of BACnet. */
  readonly bacnet: {
    readonly buses: readonly BacnetIpBus[];
    readonly devices: readonly (Pick<Device, 'id' | 'name' | 'bus'> & { readonly bacnet: BacnetDevice })[];
    readonly points: readonly PlantPoint<BacnetAddress>[];
  };
}

export interface PlantDevice {
  readonly id: string;
  readonly name: string;
  readonly bus: string;
  readonly unitId: number;
}

export interface PlantPoint<Address extends Point['address'] = ModbusAddress> {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  /** Engineering value = raw × scale + offset. */
  readonly scale: number;
  readonly offset: number;
  readonly address: Address;
}

/** @param deviceId the device whose points are wanted */
export function plantOf(site: Pick<Site, 'buses' | 'devices'>, deviceId?: string): PlantView {
  const wanted = site.devices.find(({ id }) => id === deviceId);
  return {
    buses: site.buses.filter(isModbus),
    devices: site.devices.flatMap(({ id, name, bus, unitId }) =>
      unitId === undefined ? [] : [{ id, name, bus, unitId }],
    ),
    points: wanted ? pointsOf(wanted, 'modbus') : [],
    bacnet: {
      buses: site.buses.filter(bus => bus.protocol === 'bacnet-ip'),
      devices: site.devices.flatMap(({ id, name, bus, bacnet }) => (bacnet ? [{ id, name, bus, bacnet }] : [])),
      points: wanted ? pointsOf(wanted, 'bacnet') : [],
    },
  };
}

type AddressOf<Protocol> = Extract<Point['address'], { readonly protocol: Protocol }>;

function pointsOf<Protocol extends 'modbus' | 'bacnet'>(
  device: Device,
  protocol: Protocol,
): PlantPoint<AddressOf<Protocol>>[] {
  return device.points.flatMap(({ key, name, unit, scale, offset, address }) =>
    isOf(address, protocol) ? [{ key, name, unit, scale, offset, address }] : [],
  );
}

function isOf<Protocol extends string>(address: Point['address'], protocol: Protocol): address is AddressOf<Protocol> {
  return address.protocol === protocol;
}
