import type { Clock } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Device } from '../model/device.ts';
import { allBacnetFaults, type BacnetFault, bacnetFaults, isBacnetFault } from './bacnet/bacnet-fault.ts';
import { type EquipmentKind, plantFaults } from './equipment/equipment.ts';
import type { Framing } from './frame.ts';
import { isWireFault, type WireFault, wireFaults, wireFaultsOn } from './wire-fault.ts';

/** What a device speaks: not every fault is to be had with all. */
export type Wire = Framing | 'bacnet';

/** A fault that a device can have. */
interface FaultView {
  readonly name: string;
  readonly description: string;
  /** On the way to the gateway, or in the plant itself. */
  readonly where: 'wire' | 'plant';
  /** Of a fault of the wire: where there is such a fault at all. */
  readonly framings?: readonly Wire[];
}

interface ActiveFaultView {
  readonly name: string;
  /** Null: until it is cleared. */
  readonly leftMs: number | null;
}

export interface DeviceFaultsView {
  readonly device: string;
  readonly name: string;
  readonly active: readonly ActiveFaultView[];
  readonly possible: readonly FaultView[];
}

/** A device as the desk knows it. */
export interface FaultyDevice {
  readonly device: Device;
  /** Undefined when no equipment stands behind it: it can only have wire faults. */
  readonly kind: EquipmentKind | undefined;
  /** How its bus wraps requests: not every fault is to be had on both. */
  readonly framing: Wire;
}

interface Active {
  /** Undefined: until it is cleared. */
  readonly endsMono: number | undefined;
}

/** Which faults are on, and until when. It tells nobody: whoever needs to know asks. */
export class FaultDesk {
  readonly #clock: Clock;
  readonly #devices: ReadonlyMap<string, FaultyDevice>;
  /** By device id, then by fault; in the order in which they were started. */
  readonly #active = new Map<string, Map<string, Active>>();

  constructor(devices: readonly FaultyDevice[], clock: Clock) {
    this.#clock = clock;
    this.#devices = new Map(devices.map(entry => [entry.device.id, entry]));
  }

  /**
   * Starts a fault, or starts it again with a new duration.
   *
   * @param forMs undefined: until it is cleared
   * @throws PlantroomError kind `not-found` for a device or a fault that is not there
   */
  start(deviceId: string, fault: string, forMs: number | undefined): void {
    const entry = this.#deviceOf(deviceId);
    const possible = possibleFaults(entry);
    if (!possible.some(other => other.name === fault)) throw unknownFault(entry, fault, possible);
    const active = this.#active.get(deviceId) ?? new Map<string, Active>();
    active.delete(fault);
    active.set(fault, { endsMono: forMs === undefined ? undefined : this.#clock.monoMs() + forMs });
    this.#active.set(deviceId, active);
  }

  /**
   * Ends all faults of one device or of all.
   *
   * @returns how many there were
   * @throws PlantroomError kind `not-found` for a device that is not there
   */
  clear(deviceId: string | undefined): number {
    this.expire();
    if (deviceId !== undefined) this.#deviceOf(deviceId);
    const ids = deviceId === undefined ? [...this.#active.keys()] : [deviceId];
    let count = 0;
    for (const id of ids) {
      count += this.#active.get(id)?.size ?? 0;
      this.#active.delete(id);
    }
    return count;
  }

  /** Ends the faults whose time is over. */
  expire(): void {
    const now = this.#clock.monoMs();
    for (const active of this.#active.values()) {
      for (const [fault, { endsMono }] of active) {
        if (endsMono !== undefined && endsMono <= now) active.delete(fault);
      }
    }
  }

  /** Faults of the plant that are on, by device id. */
  plantFaults(): Map<string, Set<string>> {
    const faults = new Map<string, Set<string>>();
    for (const [id, active] of this.#active) {
      const entry = this.#devices.get(id);
      const own = entry?.kind === undefined ? {} : plantFaults[entry.kind];
      faults.set(id, new Set([...active.keys()].filter(fault => Object.hasOwn(own, fault))));
    }
    return faults;
  }

  /** The wire fault of a device now; of several, the one started last. */
  wireFault(deviceId: string): WireFault | undefined {
    return this.#activeNow(deviceId).filter(isWireFault).at(-1);
  }

  /** All faults that a BACnet device has on its wire now. */
  bacnetFaults(deviceId: string): Set<BacnetFault> {
    return new Set(this.#activeNow(deviceId).filter(isBacnetFault));
  }

  #activeNow(deviceId: string): string[] {
    const active = this.#active.get(deviceId);
    if (!active || active.size === 0) return [];
    const now = this.#clock.monoMs();
    return [...active].flatMap(([name, { endsMono }]) => (endsMono === undefined || endsMono > now ? [name] : []));
  }

  /** The faults that each device may have, by its id. */
  possible(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#devices].map(([id, entry]) => [id, possibleFaults(entry).map(({ name }) => name)]));
  }

  view(): DeviceFaultsView[] {
    this.expire();
    const now = this.#clock.monoMs();
    return [...this.#devices.values()].map(entry => ({
      device: entry.device.id,
      name: entry.device.name,
      active: [...(this.#active.get(entry.device.id) ?? [])].map(([name, { endsMono }]) => ({
        name,
        leftMs: endsMono === undefined ? null : Math.max(0, endsMono - now),
      })),
      possible: possibleFaults(entry),
    }));
  }

  #deviceOf(id: string): FaultyDevice {
    const entry = this.#devices.get(id);
    if (entry) return entry;
    throw new PlantroomError(`the simulated plant has no device ${id}`, {
      kind: 'not-found',
      hint: `it has: ${[...this.#devices.keys()].join(', ')}`,
    });
  }
}

function possibleFaults({ kind, framing }: Pick<FaultyDevice, 'kind' | 'framing'>): FaultView[] {
  const plant: Readonly<Record<string, string>> = kind === undefined ? {} : plantFaults[kind];
  return [
    ...Object.entries(plant).map(([name, description]) => ({ name, description, where: 'plant' as const })),
    ...(framing === 'bacnet' ? bacnetViews() : modbusViews(framing)),
  ];
}

function modbusViews(framing: Framing): FaultView[] {
  return wireFaultsOn(framing).map(name => ({
    name,
    description: wireFaults[name].text,
    where: 'wire',
    framings: wireFaults[name].framings,
  }));
}

function bacnetViews(): FaultView[] {
  return allBacnetFaults().map(name => ({
    name,
    description: bacnetFaults[name],
    where: 'wire',
    framings: ['bacnet'],
  }));
}

const busWords = { tcp: 'Modbus TCP', rtu: 'a serial line', bacnet: 'BACnet' } as const;

function unknownFault(
  { device, kind, framing }: FaultyDevice,
  fault: string,
  possible: readonly FaultView[],
): PlantroomError {
  const owners = (Object.keys(plantFaults) as EquipmentKind[]).filter(
    other => other !== kind && Object.hasOwn(plantFaults[other], fault),
  );
  const why =
    owners.length > 0
      ? `, which is a fault of another kind of device (${owners.join(', ')})`
      : isWireFault(fault) || isBacnetFault(fault)
        ? `, which is no fault of ${busWords[framing]}`
        : '';
  return new PlantroomError(`the device ${device.id} has no fault ${fault}${why}`, {
    kind: 'not-found',
    hint: `its faults: ${possible.map(other => other.name).join(', ')}`,
  });
}

/** `until it is cleared`, `for 20s`. */
export function describeDuration(forMs: number | undefined): string {
  return forMs === undefined ? 'until it is cleared' : `for ${formatDuration(forMs)}`;
}
