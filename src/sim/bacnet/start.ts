import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { type BacnetFault, type BacnetFaults, noFaults } from './bacnet-fault.ts';
import { type BroadcastDesk, createBroadcastDesk, encodeForwarded } from './broadcast-desk.ts';
import { createDeviceNode, type DeviceNode, type SegmentHabit } from './device-node.ts';
import { createObjectTable, type DeviceFacts, type ObjectTable } from './device-objects.ts';
import { bvlc, type IpAddress, type NetworkAddress } from './frame.ts';
import { objectKey, type SimObject, type SimProperty } from './object.ts';
import { createStation, type Door, type Resident, type Station } from './station.ts';
import { openUdpSocket, type UdpSocket } from './udp-socket.ts';

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

export const usualPort = 47_808;
const tickMs = 100;
/** From where answers of another host come, where devices are on the loopback interface. */
const strangerHost = '127.99.99.99';

/**
 * Starts simulated BACnet/IP devices on addresses of this machine. The bytes are written by hand.
 *
 * @throws PlantroomError kind `busy` when a port is taken, `network` when an address cannot be used
 */
export async function startBacnetDevices(options: BacnetOptions): Promise<BacnetNetwork> {
  const { clock = systemClock, random = seededRandom(1), broadcast } = options;
  const sockets: UdpSocket[] = [];
  const stations = new Map<string, Station>();
  const residents = new Map<Station, Resident[]>();
  const doors = new Map<Station, Partial<Record<Door, UdpSocket>>>();
  const bbmds: (BroadcastDesk & { readonly address: IpAddress })[] = [];
  let isPlugged = true;

  const open = async (
    host: string,
    port: number,
    onDatagram: (datagram: Buffer, from: IpAddress) => void,
    isShared = false,
  ) => {
    const socket = await openUdpSocket({
      host,
      port,
      isShared,
      onDatagram: (datagram, from) => {
        if (isPlugged) onDatagram(datagram, from);
      },
    });
    sockets.push(socket);
    return socket;
  };
  const send = (socket: UdpSocket | undefined, frame: Buffer, to: IpAddress) => {
    if (!isPlugged || !socket) return;
    options.onSent?.(frame, socket.address, to);
    socket.send(frame, to);
  };
  const broadcastPort = options.port ?? usualPort;

  const addStation = async (host: string, port: number, bbmd: BroadcastDesk | undefined): Promise<Station> => {
    const socket = await open(host, port, (datagram, from) => station.receive(datagram, from, 'itself'));
    const mine: Resident[] = [];
    const opened: Partial<Record<Door, UdpSocket>> = { itself: socket };
    const station = createStation({
      address: socket.address,
      clock,
      residents: () => mine,
      bbmd,
      broadcast: broadcast === undefined ? undefined : { host: broadcast, port: broadcastPort },
      send(door, frame, to) {
        send(opened[door], frame, to);
        if (frame[1] === bvlc.broadcast) tellForeign(frame.subarray(4), socket.address);
      },
      distribute(npdu, origin) {
        tellForeign(npdu, origin);
        // Our own stations hear the broadcast like all others.
        if (broadcast === undefined) for (const other of stations.values()) other.hear(npdu, origin);
        else send(socket, encodeForwarded(origin, npdu), { host: broadcast, port: broadcastPort });
      },
    });
    stations.set(`${host}:${port === 0 ? socket.address.port : port}`, station);
    residents.set(station, mine);
    doors.set(station, opened);
    opened['other-port'] = await open(host, 0, (datagram, from) => station.receive(datagram, from, 'other-port'));
    opened.stranger = await openStranger(host, socket.address.port);
    return station;
  };
  const strangers = new Map<number, UdpSocket>();
  const openStranger = async (host: string, port: number) => {
    const known = strangers.get(port);
    if (known) return known;
    const isLoopback = host.startsWith('127.');
    const socket = await open(isLoopback ? strangerHost : host, isLoopback ? port : 0, () => {}).catch(() =>
      open(host, 0, () => {}),
    );
    strangers.set(port, socket);
    return socket;
  };
  /** What is a broadcast here reaches the clients of every BBMD. */
  const tellForeign = (npdu: Buffer, origin: IpAddress) => {
    for (const bbmd of bbmds) {
      const socket = doors.get(stationAt(bbmd.address) as Station)?.itself;
      for (const client of bbmd.registered()) {
        if (client.host === origin.host && client.port === origin.port) continue;
        send(socket, encodeForwarded(origin, npdu), client);
      }
    }
  };
  const stationAt = ({ host, port }: IpAddress) => stations.get(`${host}:${port}`);

  const addDevice = async (
    device: BacnetDeviceOptions,
    neighbour: number,
  ): Promise<BacnetDevice & { readonly node: DeviceNode }> => {
    const port = device.port ?? broadcastPort;
    const shared = port === 0 && !device.behind ? undefined : stationAt({ host: device.host, port });
    const station = shared ?? (await addStation(device.host, port, undefined));
    const table = createObjectTable(factsOf(device), device.objects);
    const own = new Set<BacnetFault>();
    const faults = () => (device.faults ? new Set([...device.faults(), ...own]) : own.size > 0 ? own : noFaults);
    const node = createDeviceNode({
      table,
      clock,
      random,
      faults,
      segments: { octets: device.segments?.octets ?? 1_476, windowSize: device.segments?.windowSize ?? 4 },
      answerAfterMs: device.answerAfterMs ?? 0,
      lateMs: device.lateMs ?? 3_600,
      neighbour,
      iAm: device.iAm ?? 'unicast',
      send: (to, delivery, isReplyExpected) =>
        station.sendFrom({ place: device.behind, faults }, to, delivery, isReplyExpected),
    });
    residents.get(station)?.push({ place: device.behind, node, faults });
    return createHandle(device, station.address, table, node, own);
  };

  const stopAll = () => Promise.all(sockets.map(socket => socket.close()));
  const devices: (BacnetDevice & { readonly node: DeviceNode })[] = [];
  try {
    for (const { host, port = broadcastPort } of options.bbmds ?? []) {
      const desk = createBroadcastDesk(clock);
      const { address } = await addStation(host, port, desk);
      bbmds.push({ ...desk, address });
    }
    for (const [index, device] of options.devices.entries()) {
      const neighbour = options.devices[(index + 1) % options.devices.length]?.instance ?? device.instance;
      devices.push(await addDevice(device, neighbour));
    }
    if (broadcast !== undefined) {
      const onBroadcast = (datagram: Buffer, from: IpAddress) => {
        for (const station of stations.values()) station.receive(datagram, from, 'broadcast');
      };
      await open(broadcast, broadcastPort, onBroadcast, true);
    }
  } catch (thrown) {
    await stopAll();
    throw thrown;
  }
  const stopTicking = tickEvery(clock, () => {
    if (isPlugged) for (const { node } of devices) node.tick();
  });
  return {
    devices,
    bbmds,
    setPlugged(plugged) {
      isPlugged = plugged;
    },
    async stop() {
      stopTicking();
      for (const { node } of devices) node.stop();
      for (const station of stations.values()) station.stop();
      await stopAll();
    },
  };
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
): BacnetDevice & { readonly node: DeviceNode } {
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
