import type { PortHandlers, UdpPort } from '../../../drivers/bacnet/udp-port.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Device } from '../../../src/model/device.ts';
import type { BacnetFault } from '../../../src/sim/bacnet/bacnet-fault.ts';
import { createDeviceNode, type DeviceNode } from '../../../src/sim/bacnet/device-node.ts';
import { createObjectTable, type Segmentation } from '../../../src/sim/bacnet/device-objects.ts';
import type { IpAddress, NetworkAddress } from '../../../src/sim/bacnet/frame.ts';
import { createStation, type Resident, type Station } from '../../../src/sim/bacnet/station.ts';
import { bacnetDevice } from '../../drivers/bacnet/driver-rig.ts';
import type { VirtualClock } from '../../fakes/virtual-clock.ts';
import { hex } from './datagrams.ts';
import { type Expected, nameAddress, type Spot } from './truth.ts';

/*
 * Simulated devices on a network without wires: what they send waits in the air until the storm lets it through. Their bytes are
 * those of the simulator, which has none of the driver's code.
 */

export const port = 47_808;
const gateway: IpAddress = { host: '10.0.0.1', port };
export const bbmd: IpAddress = { host: '10.0.0.9', port };
export const strangers = ['10.0.0.66', '10.0.0.77', '10.0.0.78'] as const;
const broadcast: IpAddress = { host: '10.0.0.255', port };

/** Longer than the timeout of the reads. */
const lateMs = 1_500;
/** A notification may be one that was repeated three times, each after three seconds, each late. */
export const staleMs = 3 * 3_000 + 2 * lateMs;

/** On its way to the gateway. */
export interface Flying {
  readonly bytes: Buffer;
  readonly from: IpAddress;
}

interface Was {
  readonly version: number;
  readonly isWell: boolean;
  readonly fromMono: number;
}

interface LiveSpot {
  readonly spot: Spot;
  readonly history: Was[];
}

interface LivePoint {
  readonly live: LiveSpot | undefined;
  readonly expected: (version: number) => Expected;
}

export interface DeviceOptions {
  readonly instance: number;
  readonly host: string;
  readonly behind?: NetworkAddress;
  /** It is looked for by its instance; else the site file says where it is. */
  readonly isFound: boolean;
  readonly spots: readonly Spot[];
  readonly maxApdu?: number;
  readonly segmentation?: Segmentation;
  readonly segmentOctets?: number;
}

export interface PlantDevice extends DeviceOptions {
  readonly device: Device;
  readonly node: DeviceNode;
  readonly faults: Set<BacnetFault>;
  readonly spotsNow: readonly LiveSpot[];
}

export interface Plant {
  readonly devices: readonly PlantDevice[];
  readonly port: UdpPort;
  readonly air: Flying[];
  /** Reads that were sent to this place since the start, repetitions left out. */
  readsTo(host: string): number;
  hear(bytes: Buffer, from: IpAddress): void;
  /** Another version of this many properties; no version stays for ever. */
  change(count: number): void;
  mend(): void;
  /** Whether a point said this, and said it while its object was well, at some time between. */
  wasTrue(pointNumber: number, value: Expected, fromMono: number): boolean;
  /** The same, whether it was well or not. */
  wasSaid(pointNumber: number, value: Expected, fromMono: number): boolean;
  tick(): void;
  stop(): void;
}

export function createPlant(clock: VirtualClock, random: Random, options: readonly DeviceOptions[]): Plant {
  const air: Flying[] = [];
  const stations = new Map<string, { station: Station; residents: Resident[] }>();
  const points = new Map<number, LivePoint>();
  const reads = new Map<string, { count: number; last: Buffer }>();
  let handlers: PortHandlers | undefined;
  let version = 0;

  function send(door: 'itself' | 'stranger' | 'other-port', address: IpAddress, bytes: Buffer, to: IpAddress): void {
    if (to.host !== gateway.host && to.host !== broadcast.host) return;
    const host = door === 'stranger' ? strangers[1] : address.host;
    air.push({ bytes, from: { host, port: door === 'other-port' ? address.port + 1 : address.port } });
  }

  function siteAt(host: string) {
    const known = stations.get(host);
    if (known) return known;
    const residents: Resident[] = [];
    const address = { host, port };
    const station = createStation({
      address,
      clock,
      residents: () => residents,
      bbmd: undefined,
      broadcast,
      send: (door, bytes, to) => send(door, address, bytes, to),
      distribute: () => undefined,
    });
    const site = { station, residents };
    stations.set(host, site);
    return site;
  }

  function addDevice(one: DeviceOptions, index: number): PlantDevice {
    const { station, residents } = siteAt(one.host);
    const faults = new Set<BacnetFault>();
    const facts = {
      instance: one.instance,
      name: `device ${one.instance}`,
      vendorId: 999,
      vendor: 'torture',
      model: 'simulated',
      maxApdu: one.maxApdu ?? 1_476,
      segmentation: one.segmentation ?? 'both',
      maxSegments: 255,
    };
    const table = createObjectTable(
      facts,
      one.spots.map(({ object }) => object),
    );
    const place = one.behind;
    const node = createDeviceNode({
      table,
      clock,
      random,
      faults: () => faults,
      segments: { octets: one.segmentOctets ?? 1_476, windowSize: 4 },
      answerAfterMs: 0,
      lateMs,
      neighbour: one.instance,
      iAm: index % 2 === 0 ? 'broadcast' : 'unicast',
      send: (to, delivery, isReplyExpected) =>
        station.sendFrom({ place, faults: () => faults }, to, delivery, isReplyExpected),
    });
    residents.push({ place, node, faults: () => faults });
    const spotsNow = one.spots.map(spot => ({ spot, history: [] }));
    const name: LivePoint = { live: undefined, expected: () => facts.name };
    const listed = [
      { address: nameAddress(one.instance), point: name },
      ...spotsNow.flatMap(live =>
        live.spot.points.map(({ address, expected }) => ({ address, point: { live, expected } })),
      ),
    ];
    const device = bacnetDevice(
      listed.map(({ address }) => address),
      {
        instance: one.instance,
        address: one.isFound ? undefined : { host: one.host, port },
        routed: one.isFound || !place ? undefined : place,
      },
      index + 1,
    );
    for (const [at, { number }] of device.points.entries()) {
      const point = listed[at]?.point;
      if (point) points.set(number, point);
    }
    return { ...one, device, node, faults, spotsNow };
  }

  const devices = options.map(addDevice);
  const spots = devices.flatMap(({ spotsNow, node }) => spotsNow.map(live => ({ live, node })));

  function renew(live: LiveSpot, isWell: boolean): void {
    version += 1;
    const fromMono = clock.monoMs();
    live.spot.apply(version, isWell);
    live.history.push({ version, isWell, fromMono });
    // The one that held at the beginning of the time that is asked for stays.
    while (live.history.length > 2 && (live.history[1]?.fromMono ?? 0) < fromMono - 2 * staleMs) live.history.shift();
  }

  function countRead(bytes: Buffer, host: string): void {
    const isRead = [12, 14].includes(bytes[9] ?? 0) || ((bytes[5] ?? 0) & 0x20) !== 0;
    const seen = reads.get(host) ?? { count: 0, last: Buffer.alloc(0) };
    reads.set(host, seen);
    if (!isRead || seen.last.equals(bytes)) return;
    seen.count += 1;
    seen.last = Buffer.from(bytes);
  }

  /** Versions that held at some time since. */
  function heldSince({ history }: LiveSpot, fromMono: number): Was[] {
    return history.filter((_, at) => (history[at + 1]?.fromMono ?? Number.POSITIVE_INFINITY) >= fromMono);
  }

  function wasWell(number: number, fromMono: number): boolean {
    const live = points.get(number)?.live;
    return !live || heldSince(live, fromMono).some(({ isWell }) => isWell);
  }

  function wasSaid(number: number, value: Expected, fromMono: number): boolean {
    const point = points.get(number);
    if (!point?.live) return value === point?.expected(0);
    return heldSince(point.live, fromMono).some(was => point.expected(was.version) === value);
  }

  for (const { live } of spots) renew(live, true);

  return {
    devices,
    air,
    port: {
      open(to) {
        handlers = to;
      },
      send(bytes, host) {
        // Registered at the BBMD, by hand.
        if (host === bbmd.host && bytes[1] === 0x05) air.push({ bytes: hex('8100 0006 0000'), from: bbmd });
        countRead(bytes, host);
        stations.get(host)?.station.receive(Buffer.from(bytes), gateway, 'itself');
      },
      broadcast(bytes) {
        for (const { station } of stations.values()) station.receive(Buffer.from(bytes), gateway, 'broadcast');
      },
      close: async () => undefined,
    },
    readsTo: host => reads.get(host)?.count ?? 0,
    hear: (bytes, from) => handlers?.onDatagram(bytes, from.host, from.port),
    change(count) {
      for (let left = count; left > 0; left -= 1) {
        const one = spots[Math.floor(random.next() * spots.length)];
        if (one) renew(one.live, !one.live.spot.mayBreak || random.next() < 0.7);
        one?.node.tellChanges();
      }
    },
    mend() {
      for (const { faults } of devices) faults.clear();
      for (const { live, node } of spots) {
        renew(live, true);
        node.tellChanges();
      }
    },
    wasTrue: (number, value, fromMono) => wasSaid(number, value, fromMono) && wasWell(number, fromMono),
    wasSaid,
    tick() {
      for (const { node } of devices) node.tick();
    },
    stop() {
      for (const { node } of devices) node.stop();
      for (const { station } of stations.values()) station.stop();
    },
  };
}
