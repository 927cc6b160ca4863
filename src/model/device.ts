import { isComputed, type ModbusTable, type Point } from './point.ts';

/** An addressable thing on a bus. */
export interface Device {
  /** Index into everything that is kept per device; given once per process, never reused. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
  /** Id of its bus; empty for the device of points that are computed from several others. */
  readonly bus: string;
  /** Name of the profile its points came from; undefined when the site file lists them itself. */
  readonly profile: string | undefined;
  /** Modbus unit id, 0 to 255. Undefined where the protocol has no such thing. */
  readonly unitId: number | undefined;
  /** How it is found on BACnet; undefined on other buses. */
  readonly bacnet: BacnetDevice | undefined;
  /** Longest wait for one answer of this device; that of its bus when undefined. */
  readonly timeoutMs: number | undefined;
  readonly readLimits: ReadLimits;
  readonly points: readonly Point[];
}

/** A device of BACnet is known by its instance; where it is follows from that, unless the site file says it. */
export interface BacnetDevice {
  /** Of its Device object, 0 to 4194302, unique in the whole network. */
  readonly instance: number;
  /** Where it, or the router before it, listens; undefined: it is looked for (Who-Is). */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** Behind a router: the number of its network, and its address there in hex; only together with `address`. */
  readonly routed: { readonly network: number; readonly mac: string } | undefined;
}

/** Whether it is on a bus of the plant, so that it can be heard or not. */
export function isOnBus({ unitId, bacnet }: Pick<Device, 'unitId' | 'bacnet'>): boolean {
  return unitId !== undefined || bacnet !== undefined;
}

/** The device as its bus knows it: without the points that are computed. */
export function polledPart(device: Device): Device {
  if (!device.points.some(isComputed)) return device;
  return { ...device, points: device.points.filter(point => !isComputed(point)) };
}

/**
 * How long a device takes to begin its answer, ms, before it was measured: between a meter's 5 ms and a lift controller's
 * 50 ms. Where it is wrong a plan is a little dearer and a forecast a little off, never a value wrong.
 */
export const assumedTurnaroundMs = 10;

/** What a device takes in one read. */
export interface ReadLimits {
  /** Most registers in one read; the protocol's own limit is 125. */
  readonly maxRegisters: number;
  /** Most coils or discrete inputs in one read; the protocol's own limit is 2000. */
  readonly maxBits: number;
  /**
   * Registers nobody asked for that a read may run across to reach the next point; 0 reads no gaps. Undefined: as many
   * as cost less than another request.
   */
  readonly maxGap: number | undefined;
  /** No read may hold both the address before one of these and the address itself. */
  readonly barriers: readonly Barrier[];
}

export interface Barrier {
  readonly table: ModbusTable;
  readonly address: number;
}
