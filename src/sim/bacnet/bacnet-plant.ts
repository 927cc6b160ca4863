import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Device } from '../../model/device.ts';
import type { DeviceIdentification } from '../device-identification.ts';
import type { Plant } from '../plant.ts';
import type { ValueSink } from '../values.ts';
import type { BacnetFaults } from './bacnet-fault.ts';
import type { BacnetPlace, PlacedDevice } from './served-buses.ts';
import { type ServedObjects, serveObjects } from './served-device.ts';
import { type BacnetNetwork, startBacnetDevices } from './start.ts';

/** The BACnet devices of a site, served. */
export interface BacnetServer {
  readonly place: BacnetPlace;
  readonly network: BacnetNetwork;
}

export interface BacnetPlantOptions {
  readonly places: readonly BacnetPlace[];
  readonly plant: Plant;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: (device: string) => BacnetFaults;
  readonly identify: (device: Device) => DeviceIdentification | undefined;
}

/** The devices of a site as objects, before anything listens. */
export interface BacnetPlant {
  readonly sinks: readonly ValueSink[];
  /** @throws PlantroomError as startBacnetDevices */
  open(): Promise<BacnetServer[]>;
}

/** How much later than its timeout an answer comes that is late. */
const latePerTimeout = 1.2;

export function createBacnetPlant(options: BacnetPlantOptions): BacnetPlant {
  const tellers = new Map<PlacedDevice, () => void>();
  const served = new Map<PlacedDevice, ServedObjects>();
  for (const placed of options.places.flatMap(place => place.devices)) {
    served.set(
      placed,
      serveObjects(placed.devices, options.plant, () => tellers.get(placed)?.()),
    );
  }
  const describe = (placed: PlacedDevice, { bus }: BacnetPlace) => {
    const { devices, bacnet, host, port } = placed;
    const maker = devices.map(options.identify).find(found => found !== undefined);
    return {
      instance: bacnet.instance,
      host,
      port,
      name: devices.map(({ id }) => id).join(' '),
      objects: served.get(placed)?.objects ?? [],
      lateMs: latePerTimeout * Math.max(...devices.map(({ timeoutMs }) => timeoutMs ?? bus.timeoutMs)),
      faults: faultsOf(devices, options),
      ...(bacnet.routed ? { behind: bacnet.routed } : {}),
      ...(maker ? { vendor: maker.vendor, model: maker.product } : {}),
    };
  };
  return {
    sinks: [...served.values()].flatMap(({ sinks }) => sinks),
    async open() {
      const servers: BacnetServer[] = [];
      try {
        for (const place of options.places) {
          const { bus, broadcast, devices } = place;
          const network = await startBacnetDevices({
            devices: devices.map(device => describe(device, place)),
            port: bus.port,
            broadcast,
            bbmds: bus.foreign ? [bus.foreign] : [],
            clock: options.clock,
            random: options.random,
          });
          servers.push({ place, network });
          devices.forEach((placed, index) => {
            tellers.set(placed, () => network.devices[index]?.tellChanges());
          });
        }
      } catch (thrown) {
        await Promise.all(servers.map(({ network }) => network.stop()));
        throw thrown;
      }
      return servers;
    },
  };
}

/** One that is several devices of the site has the faults of each. */
function faultsOf(devices: readonly Device[], { faults }: BacnetPlantOptions): () => BacnetFaults {
  const [first, ...others] = devices.map(({ id }) => id);
  if (first !== undefined && others.length === 0) return () => faults(first);
  return () => new Set(devices.flatMap(({ id }) => [...faults(id)]));
}
