import { isModbus, type ModbusBus } from './bus.ts';
import type { Device } from './device.ts';
import type { ModbusAddress } from './point.ts';
import type { Site } from './site.ts';

/** Where the devices of a site are found on the wire: what a person needs who asks one directly. Plain JSON data. */
export interface PlantView {
  readonly buses: readonly ModbusBus[];
  readonly devices: readonly PlantDevice[];
  /** Those of the one device that was asked for; else none. */
  readonly points: readonly PlantPoint[];
}

export interface PlantDevice {
  readonly id: string;
  readonly name: string;
  readonly bus: string;
  readonly unitId: number;
}

export interface PlantPoint {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  /** Engineering value = raw × scale + offset. */
  readonly scale: number;
  readonly offset: number;
  readonly address: ModbusAddress;
}

/** @param deviceId the device whose points are wanted */
export function plantOf(site: Pick<Site, 'buses' | 'devices'>, deviceId?: string): PlantView {
  const wanted = site.devices.find(({ id }) => id === deviceId);
  return {
    buses: site.buses.filter(isModbus),
    devices: site.devices.flatMap(({ id, name, bus, unitId }) =>
      unitId === undefined ? [] : [{ id, name, bus, unitId }],
    ),
    points: wanted ? pointsOf(wanted) : [],
  };
}

function pointsOf(device: Device): PlantPoint[] {
  return device.points.flatMap(({ key, name, unit, scale, offset, address }) =>
    address.protocol === 'modbus' ? [{ key, name, unit, scale, offset, address }] : [],
  );
}
