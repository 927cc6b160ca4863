import { PlantroomError } from '../base/errors.ts';
import type { ModbusBus } from '../model/bus.ts';
import type { Site } from '../model/site.ts';
import { type BacnetServer, createBacnetPlant } from './bacnet/bacnet-plant.ts';
import { planBacnet } from './bacnet/served-buses.ts';
import { transportOf } from './bacnet/served-device.ts';
import { type DeviceFaultsView, FaultDesk } from './fault-desk.ts';
import { createPlant, type Plant } from './plant.ts';
import { openPtyServer } from './pty-server.ts';
import { describeBus, type IdentifyDevice, placeOf, planPlaces, type ServedPlace, sinkOf } from './served-site.ts';
import type { ServerOptions, SlaveServer } from './slave-server.ts';
import { openSocketServer } from './socket-server.ts';
import { moveValues, type ValuesOptions } from './values.ts';

export interface SimulatorOptions extends ValuesOptions, Pick<ServerOptions, 'shortSilence'> {
  readonly site: Site;
  /** What a device says of itself. Without it none says anything. */
  readonly identify?: IdentifyDevice;
}

export interface Simulator {
  /** Devices with the faults they have and the faults they may have. */
  faults(): DeviceFaultsView[];
  /** From the next request on; see FaultDesk.start. */
  startFault(device: string, fault: string, forMs: number | undefined): void;
  /** From the next request on; see FaultDesk.clear. */
  clearFaults(device: string | undefined): number;
  /**
   * Pulls a bus out or puts it in again, with all others that lead to the same place.
   *
   * @throws PlantroomError kind `not-found` for a bus that is not there; as the server when it cannot be put in
   */
  setPlugged(bus: string, isPlugged: boolean): Promise<void>;
  /** Where it serves, and the device ids behind it. */
  readonly endpoints: readonly EndpointView[];
  /** What a scenario may name. */
  readonly names: { readonly buses: readonly string[]; readonly faults: ReadonlyMap<string, readonly string[]> };
  /** Requests answered since the start. */
  requests(): number;
  /** Ends within a moment; open connections are cut. */
  stop(): Promise<void>;
}

export interface EndpointView {
  readonly buses: readonly string[];
  /** For people: `RTU, 9600 8E1`. */
  readonly kind: string;
  /** host:port, or the path of a serial port. */
  readonly place: string;
  /** Undefined for a serial port. */
  readonly port: number | undefined;
  readonly devices: readonly string[];
}

/** A place with the server that serves it. */
interface Served {
  readonly place: ServedPlace;
  readonly server: SlaveServer;
}

/**
 * Serves the devices of a site where their buses lead: Modbus slaves on sockets of this machine and on serial ports that
 * it makes, BACnet devices on addresses of the loopback interface. Serial lines are as slow as the site file says.
 *
 * @throws PlantroomError kind `refused` when a bus is not on this machine or its port not ours, `busy` when a place is
 * taken, `not-found` when a serial line is wanted and socat is missing, `site` when there is nothing to serve
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { site, clock, random, identify = () => undefined } = options;
  const places = planPlaces(site, identify);
  const bacnetPlaces = planBacnet(site);
  const slaves = places.flatMap(place => place.devices);
  const bacnetDevices = bacnetPlaces.flatMap(place => place.devices.flatMap(placed => placed.devices));
  const devices = [
    ...slaves.map(({ device, framing }) => ({ device, framing })),
    ...bacnetDevices.map(device => ({ device, framing: 'bacnet' as const })),
  ];
  if (devices.length === 0) throw nothingToServe();
  const isMoving = options.values === 'plant';
  const transport = isMoving ? bacnetDevices.flatMap(transportOf) : [];
  const plant: Plant = isMoving
    ? createPlant(
        devices.map(({ device }) => device),
        transport,
      )
    : new Map();
  const desk = new FaultDesk(
    devices.map(({ device, framing }) => ({ device, framing, kind: plant.get(device.id)?.kind })),
    clock,
  );
  for (const place of places) wireFaults(place, desk);
  const faults = (device: string) => desk.bacnetFaults(device);
  const bacnet = createBacnetPlant({ places: bacnetPlaces, plant, clock, random, faults, identify });
  // The first read must find values.
  const stopMoving = moveValues(options, [...slaves.map(sinkOf), ...bacnet.sinks], plant, desk);
  const { served, networks } = await openAll(places, options, bacnet.open).catch((thrown: unknown) => {
    stopMoving();
    throw thrown;
  });
  return {
    faults: () => desk.view(),
    startFault: (device, fault, forMs) => desk.start(device, fault, forMs),
    clearFaults: device => desk.clear(device),
    async setPlugged(bus, isPlugged) {
      const network = networks.find(({ place }) => place.bus.id === bus)?.network;
      if (network) {
        network.setPlugged(isPlugged);
        // What a BBMD knew of its clients is gone with its power.
        if (!isPlugged) for (const bbmd of network.bbmds) bbmd.forget();
        return;
      }
      const { server } = findBus(served, networks, bus);
      await (isPlugged ? server.plug() : server.unplug());
    },
    endpoints: [...served.map(viewEndpoint), ...networks.flatMap(viewStations)],
    names: { buses: busesOf(served, networks), faults: desk.possible() },
    requests: () =>
      served.reduce((sum, { server }) => sum + server.counts.requests, 0) +
      networks.flatMap(({ network }) => network.devices).reduce((sum, { requests }) => sum + requests, 0),
    async stop() {
      stopMoving();
      await Promise.all([
        ...served.map(({ server }) => server.close()),
        ...networks.map(({ network }) => network.stop()),
      ]);
    },
  };
}

function nothingToServe(): PlantroomError {
  return new PlantroomError('the site file has no device to simulate', {
    kind: 'site',
    hint: 'add a bus with protocol modbus-tcp and host 127.0.0.1, and a device on it; config/demo.yaml shows how',
  });
}

async function openAll(
  places: readonly ServedPlace[],
  options: SimulatorOptions,
  openBacnet: () => Promise<BacnetServer[]>,
): Promise<{ readonly served: Served[]; readonly networks: BacnetServer[] }> {
  const served = await openServers(places, options);
  try {
    return { served, networks: await openBacnet() };
  } catch (thrown) {
    await Promise.all(served.map(({ server }) => server.close()));
    throw thrown;
  }
}

/** A unit that two devices share has the fault of either. */
function wireFaults({ devices, units }: ServedPlace, desk: FaultDesk): void {
  for (const unit of units) {
    const ids = devices.filter(other => other.unit === unit).map(({ device }) => device.id);
    unit.fault = () => ids.map(id => desk.wireFault(id)).findLast(fault => fault !== undefined);
  }
}

async function openServers(places: readonly ServedPlace[], options: SimulatorOptions): Promise<Served[]> {
  const served: Served[] = [];
  try {
    for (const place of places) served.push({ place, server: await openServer(place, options) });
  } catch (thrown) {
    await Promise.all(served.map(({ server }) => server.close()));
    throw thrown;
  }
  return served;
}

function openServer({ bus, units }: ServedPlace, options: SimulatorOptions): Promise<SlaveServer> {
  const { clock, random, shortSilence = 'lost' } = options;
  const server = { units, clock, random, shortSilence, isEchoing: isEchoing(bus) };
  switch (bus.protocol) {
    case 'modbus-tcp':
      return openSocketServer({ ...server, framing: 'tcp', host: bus.host, port: bus.port });
    case 'modbus-rtu-over-tcp':
      return openSocketServer({ ...server, framing: 'rtu', host: bus.host, port: bus.port, line: bus.line });
    case 'modbus-rtu':
      return openPtyServer({ ...server, path: bus.path, line: bus.line });
  }
}

function isEchoing(bus: ModbusBus): boolean {
  return bus.protocol !== 'modbus-tcp' && bus.rs485.echo === 'yes';
}

function viewEndpoint({ place: { bus, busIds, devices }, server: { port } }: Served): EndpointView {
  return {
    buses: busIds,
    kind: describeBus(bus),
    place: bus.protocol === 'modbus-rtu' ? placeOf(bus) : `${bus.host}:${port}`,
    port,
    devices: devices.map(({ device }) => device.id),
  };
}

/** One line for each address: a device, or a router with those behind it. */
function viewStations({ place: { bus, devices } }: BacnetServer): EndpointView[] {
  const stations = Map.groupBy(devices, ({ host, port }) => `${host}:${port}`);
  return [...stations].map(([where, all]) => ({
    buses: [bus.id],
    kind: all.some(({ bacnet }) => bacnet.routed) ? 'BACnet/IP, router' : 'BACnet/IP',
    place: where,
    port: all[0]?.port,
    devices: all.flatMap(placed => placed.devices.map(({ id }) => id)),
  }));
}

function busesOf(served: readonly Served[], networks: readonly BacnetServer[]): string[] {
  return [...served.flatMap(({ place }) => place.busIds), ...networks.map(({ place }) => place.bus.id)];
}

function findBus(served: readonly Served[], networks: readonly BacnetServer[], bus: string): Served {
  const found = served.find(({ place }) => place.busIds.includes(bus));
  if (found) return found;
  throw new PlantroomError(`the simulated plant has no bus ${bus}`, {
    kind: 'not-found',
    hint: `it has: ${busesOf(served, networks).join(', ')}`,
  });
}
