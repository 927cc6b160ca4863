import { PlantroomError } from '../base/errors.ts';
import { isModbus, type ModbusBus } from '../model/bus.ts';
import { type Device, polledPart } from '../model/device.ts';
import { formatLine } from '../model/serial-line.ts';
import type { Site } from '../model/site.ts';
import type { DeviceIdentification } from './device-identification.ts';
import type { Framing } from './frame.ts';
import { createImage, writeRaw } from './register-image.ts';
import { createUnit, type Unit } from './unit.ts';
import type { ValueSink } from './values.ts';

/** A device and the unit that its registers lie in. */
export interface ServedDevice {
  readonly device: Device;
  readonly unit: Unit;
  readonly framing: Framing;
}

/** A place where slaves are served: a socket or a serial port, and the buses that lead there. */
export interface ServedPlace {
  readonly bus: ModbusBus;
  /** Two buses may be one socket. */
  readonly busIds: readonly string[];
  readonly devices: readonly ServedDevice[];
  readonly units: readonly Unit[];
}

export type IdentifyDevice = (device: Device) => DeviceIdentification | undefined;

/** How much later than its timeout an answer comes that is late: in the time of the next request. */
const latePerTimeout = 1.2;

/**
 * The places of a site, one for each socket and serial port.
 *
 * @throws PlantroomError kind `refused` when a bus is not on this machine
 */
export function planPlaces(site: Site, identify: IdentifyDevice): ServedPlace[] {
  const groups = new Map<string, { readonly bus: ModbusBus; readonly busIds: string[]; readonly devices: Device[] }>();
  for (const bus of site.buses) {
    if (!isModbus(bus)) continue;
    refuseForeignHost(bus);
    const devices = site.devices.filter(device => device.bus === bus.id).map(polledPart);
    if (devices.length === 0) continue;
    const group = groups.get(placeOf(bus)) ?? { bus, busIds: [], devices: [] };
    group.busIds.push(bus.id);
    group.devices.push(...devices);
    groups.set(placeOf(bus), group);
  }
  return [...groups.values()].map(group => planPlace(group, identify));
}

/** Where a bus leads, for people and as what tells one place from another: `127.0.0.1:502`, `/home/ann/var/line-1`. */
export function placeOf(bus: ModbusBus): string {
  return bus.protocol === 'modbus-rtu' ? bus.path : `${bus.host}:${bus.port}`;
}

/** What is served there, for people: `Modbus TCP`, `RTU over TCP, 9600 8E1`. */
export function describeBus(bus: ModbusBus): string {
  switch (bus.protocol) {
    case 'modbus-tcp':
      return 'Modbus TCP';
    case 'modbus-rtu-over-tcp':
      return `RTU over TCP, ${formatLine(bus.line)}`;
    case 'modbus-rtu':
      return `RTU, ${formatLine(bus.line)}`;
  }
}

/** Two devices of a site file may be one unit: they share its registers. */
function planPlace(
  group: { readonly bus: ModbusBus; readonly busIds: readonly string[]; readonly devices: readonly Device[] },
  identify: IdentifyDevice,
): ServedPlace {
  const { bus, busIds } = group;
  const framing = bus.protocol === 'modbus-tcp' ? 'tcp' : 'rtu';
  const units = new Map<number, Unit>();
  for (const unitId of new Set(group.devices.map(unitIdOf))) {
    const devices = group.devices.filter(device => unitIdOf(device) === unitId);
    const timeoutMs = Math.max(...devices.map(device => device.timeoutMs ?? bus.timeoutMs));
    const identification = devices.map(identify).find(found => found !== undefined);
    const image = createImage(devices.flatMap(device => device.points));
    units.set(unitId, createUnit({ unitId, image, identification, lateMs: latePerTimeout * timeoutMs }));
  }
  const devices = group.devices.flatMap(device => {
    const unit = units.get(unitIdOf(device));
    return unit ? [{ device, unit, framing } as const] : [];
  });
  return { bus, busIds, devices, units: [...units.values()] };
}

function unitIdOf(device: Device): number {
  return device.unitId ?? 1;
}

function refuseForeignHost(bus: ModbusBus): void {
  if (bus.protocol === 'modbus-rtu') return;
  if (bus.host === 'localhost' || bus.host === '::1' || /^127(\.\d{1,3}){3}$/.test(bus.host)) return;
  throw new PlantroomError(`the bus ${bus.id} is at ${bus.host}, and the simulator serves only this machine`, {
    kind: 'refused',
    hint: `give ${bus.id} the host 127.0.0.1 to simulate it; a real device needs no simulator`,
  });
}

/** The registers of a device as a place for its values. */
export function sinkOf({ device, unit }: ServedDevice): ValueSink {
  return { device, put: (point, raw) => writeRaw(unit.image, point, raw) };
}
