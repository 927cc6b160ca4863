import { PlantroomError } from '../base/errors.ts';
import type { ModbusBus } from '../model/bus.ts';
import type { Site } from '../model/site.ts';
import { type DeviceFaultsView, FaultDesk } from './fault-desk.ts';
import { createPlant, type Plant } from './plant.ts';
import { openPtyServer } from './pty-server.ts';
import { describeBus, type IdentifyDevice, placeOf, planPlaces, type ServedPlace } from './served-site.ts';
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
 * Serves the Modbus devices of a site as slaves where their buses lead: on sockets of this machine, and on serial ports
 * that it makes. Serial lines are as slow as the site file says.
 *
 * @throws PlantroomError kind `refused` when a bus is not on this machine or its port not ours, `busy` when a place is
 * taken, `not-found` when a serial line is wanted and socat is missing, `site` when there is nothing to serve
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const places = planPlaces(options.site, options.identify ?? (() => undefined));
  const devices = places.flatMap(place => place.devices);
  const plant: Plant = options.values === 'plant' ? createPlant(devices.map(({ device }) => device)) : new Map();
  const desk = new FaultDesk(
    devices.map(({ device, framing }) => ({ device, framing, kind: plant.get(device.id)?.kind })),
    options.clock,
  );
  for (const place of places) wireFaults(place, desk);
  // The first read must find values.
  const stopMoving = moveValues(options, devices, plant, desk);
  const served = await openServers(places, options).catch((thrown: unknown) => {
    stopMoving();
    throw thrown;
  });
  return {
    faults: () => desk.view(),
    startFault: (device, fault, forMs) => desk.start(device, fault, forMs),
    clearFaults: device => desk.clear(device),
    async setPlugged(bus, isPlugged) {
      const { server } = findBus(served, bus);
      await (isPlugged ? server.plug() : server.unplug());
    },
    endpoints: served.map(viewEndpoint),
    names: { buses: served.flatMap(({ place }) => place.busIds), faults: desk.possible() },
    requests: () => served.reduce((sum, { server }) => sum + server.counts.requests, 0),
    async stop() {
      stopMoving();
      await Promise.all(served.map(({ server }) => server.close()));
    },
  };
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

function findBus(served: readonly Served[], bus: string): Served {
  const found = served.find(({ place }) => place.busIds.includes(bus));
  if (found) return found;
  throw new PlantroomError(`the simulated plant has no bus ${bus}`, {
    kind: 'not-found',
    hint: `it has: ${served.flatMap(({ place }) => place.busIds).join(', ')}`,
  });
}
