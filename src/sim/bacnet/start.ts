import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import type { BacnetFault, BacnetFaults } from './bacnet-fault.ts';
import type { BroadcastDesk } from './broadcast-desk.ts';
import { createDeviceNode, type DeviceNode, type DeviceNodeOptions, type SegmentHabit } from './device-node.ts';
import { createObjectTable, type DeviceFacts, type ObjectTable } from './device-objects.ts';
import type { IpAddress, NetworkAddress } from './frame.ts';
import { createIpNetwork, type StationSite } from './ip-network.ts';
import { objectKey, type SimObject, type SimProperty } from './object.ts';

/** A device to simulate. All but its instance, its place and its objects has a usual value. */
export interface BacnetDeviceOptions extends Partial<Omit<DeviceFacts, 'instance'>> {
  readonly instance: number;
  /** 127.0.0.2 and up; several devices at one address have to be behind it. */
  readonly host: string;
  /** That of all by default. */
  readonly port?: number;
  /** Reached through the router at `host`: its network, 1 to 65534, and its address there in hex. */
  readonly behind?: NetworkAddress;
  readonly objects: readonly SimObject[];
  readonly segments?: Partial<SegmentHabit>;
  readonly answerAfterMs?: number;
  readonly lateMs?: number;
  readonly iAm?: 'broadcast' | 'unicast';
  /** What is wrong with it, asked at every message; beside what startFault started. */
  readonly faults?: () => BacnetFaults;
}

export interface BacnetOptions {
  readonly devices: readonly BacnetDeviceOptions[];
  /** Of devices that name none; 47808. 0 takes free ones. */
  readonly port?: number;
  /** Where broadcasts are heard and sent: 127.255.255.255 on the loopback interface. Undefined: there are none. */
  readonly broadcast?: string;
  /** Stations that take clients from other networks; a device may be at the same address. */
  readonly bbmds?: readonly { readonly host: string; readonly port?: number }[];
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of every datagram that leaves. */
  readonly onSent?: (frame: Buffer, from: IpAddress, to: IpAddress) => void;
}

export interface BacnetDevice {
  readonly instance: number;
  /** Where it is, or its router. */
  readonly address: IpAddress;
  readonly behind: NetworkAddress | undefined;
  readonly table: ObjectTable;
  /**
   * Changes a property, and tells subscribers.
   *
   * @throws RangeError for an object that is not there
   */
  set(type: number, instance: number, property: number, value: SimProperty): void;
  /** Tells subscribers what has changed in the table by itself. */
  tellChanges(): void;
  /** Faults that tests start and end without a desk. */
  startFault(fault: BacnetFault): void;
  clearFaults(): void;
  restart(): void;
  readonly requests: number;
  readonly subscriptions: number;
}

export interface BacnetNetwork {
  readonly devices: readonly BacnetDevice[];
  /** By the order of the options. */
  readonly bbmds: readonly (BroadcastDesk & { readonly address: IpAddress })[];
  /** Pulls all plugs, or puts them in again. */
  setPlugged(isPlugged: boolean): void;
  stop(): Promise<void>;
}

const usualPort = 47_808;
const tickMs = 100;
/** Later than any sensible timeout of a gateway. */
const usualLateMs = 3_600;

/**
 * Starts simulated BACnet/IP devices on addresses of this machine. The bytes are written by hand.
 *
 * @throws PlantroomError kind `busy` when a port is taken, `network` when an address cannot be used
 */
export async function startBacnetDevices(options: BacnetOptions): Promise<BacnetNetwork> {
  const { clock = systemClock, random = seededRandom(1), port: usual = usualPort } = options;
  const broadcast = options.broadcast === undefined ? undefined : { host: options.broadcast, port: usual };
  const network = createIpNetwork({ clock, broadcast, onSent: options.onSent });
  const bbmds: BacnetNetwork['bbmds'][number][] = [];
  const devices: Handle[] = [];
  try {
    for (const { host, port = usual } of options.bbmds ?? []) {
      const { bbmd, station } = await network.addBbmd(host, port);
      bbmds.push({ ...bbmd, address: station.address });
    }
    for (const [index, device] of options.devices.entries()) {
      const neighbour = options.devices[(index + 1) % options.devices.length]?.instance ?? device.instance;
      const site = await network.siteAt(device.host, device.port ?? usual);
      devices.push(addDevice(site, device, { clock, random, neighbour }));
    }
    await network.listen();
  } catch (thrown) {
    await network.close();
    throw thrown;
  }
  const stopTicking = tickEvery(clock, () => {
    if (network.isPlugged()) for (const { node } of devices) node.tick();
  });
  return {
    devices,
    bbmds,
    setPlugged: network.setPlugged,
    async stop() {
      stopTicking();
      for (const { node } of devices) node.stop();
      await network.close();
    },
  };
}

type Handle = BacnetDevice & { readonly node: DeviceNode };

function addDevice(
  { station, residents }: StationSite,
  device: BacnetDeviceOptions,
  { clock, random, neighbour }: Pick<DeviceNodeOptions, 'clock' | 'random' | 'neighbour'>,
): Handle {
  const table = createObjectTable(factsOf(device), device.objects);
  const own = new Set<BacnetFault>();
  const faults = () => (device.faults ? new Set([...device.faults(), ...own]) : own);
  const node = createDeviceNode({
    table,
    clock,
    random,
    faults,
    segments: { octets: device.segments?.octets ?? 1_476, windowSize: device.segments?.windowSize ?? 4 },
    answerAfterMs: device.answerAfterMs ?? 0,
    lateMs: device.lateMs ?? usualLateMs,
    neighbour,
    iAm: device.iAm ?? 'unicast',
    send: (to, delivery, isReplyExpected) =>
      station.sendFrom({ place: device.behind, faults }, to, delivery, isReplyExpected),
  });
  residents.push({ place: device.behind, node, faults });
  return createHandle(device, station.address, table, node, own);
}

function factsOf(device: BacnetDeviceOptions): DeviceFacts {
  return {
    instance: device.instance,
    name: device.name ?? `device ${device.instance}`,
    vendorId: device.vendorId ?? 999,
    vendor: device.vendor ?? 'plantroom simulator',
    model: device.model ?? 'simulated',
    maxApdu: device.maxApdu ?? 1_476,
    segmentation: device.segmentation ?? 'both',
    maxSegments: device.maxSegments ?? 255,
  };
}

function createHandle(
  device: BacnetDeviceOptions,
  address: IpAddress,
  table: ObjectTable,
  node: DeviceNode,
  own: Set<BacnetFault>,
): Handle {
  return {
    instance: device.instance,
    address,
    behind: device.behind,
    table,
    node,
    set(type, instance, property, value) {
      const object = table.all.get(objectKey(type, instance));
      if (!object) throw new RangeError(`device ${device.instance} has no object ${objectKey(type, instance)}`);
      object.properties.set(property, value);
      node.tellChanges();
    },
    tellChanges: node.tellChanges,
    startFault: fault => void own.add(fault),
    clearFaults: () => own.clear(),
    restart: () => node.restart(),
    get requests() {
      return node.requests;
    },
    get subscriptions() {
      return node.subscriptions;
    },
  };
}

function tickEvery(clock: Clock, tick: () => void): () => void {
  let timer = clock.at(clock.monoMs() + tickMs, fire);
  function fire() {
    tick();
    timer = clock.at(clock.monoMs() + tickMs, fire);
  }
  return () => timer.cancel();
}
