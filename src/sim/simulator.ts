import type { Clock, Timer } from '../base/clock.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { ModbusTcpBus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { Point } from '../model/point.ts';
import type { Site } from '../model/site.ts';
import { type DeviceFaultsView, FaultDesk } from './fault-desk.ts';
import { type ModbusServer, openModbusServer, type Unit } from './modbus-server.ts';
import { createPlant, measureEquipment, type Plant, stepPlant } from './plant.ts';
import { createImage, type RegisterImage, writePoint, writeRaw } from './register-image.ts';

export interface SimulatorOptions {
  readonly site: Site;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * `plant`: equipment moves the values, and devices that are no known equipment ramp. `ramp`: every value counts up
   * once a second. `constant`: nothing moves.
   */
  readonly values: 'plant' | 'ramp' | 'constant';
  /** Time of day in the plant when it starts, 0 to 24. */
  readonly startHour?: number;
}

export interface Simulator {
  /** Devices with the faults they have and the faults they may have. */
  faults(): DeviceFaultsView[];
  /** From the next request on; see FaultDesk.start. */
  startFault(device: string, fault: string, forMs: number | undefined): void;
  /** From the next request on; see FaultDesk.clear. */
  clearFaults(device: string | undefined): number;
  /** Where it serves: host, port and the device ids behind it. */
  readonly endpoints: readonly Endpoint[];
  /** Requests answered since the start. */
  requests(): number;
  /** Ends within a moment; open connections are cut. */
  stop(): Promise<void>;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly devices: readonly string[];
}

/** A device and the unit that its registers lie in. */
interface ServedDevice {
  readonly device: Device;
  readonly unit: Unit;
}

interface PlannedEndpoint {
  readonly host: string;
  readonly port: number;
  readonly devices: readonly ServedDevice[];
  readonly units: readonly Unit[];
}

const plantTickMs = 100;
const rampTickMs = 1_000;
const defaultStartHour = 8;

/**
 * Serves the Modbus devices of a site as slaves on the addresses of their buses.
 *
 * @throws PlantroomError kind `refused` when a bus is not on this machine, `busy` when a port is taken, `site` when
 * there is nothing to serve
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock } = options;
  const planned = planEndpoints(options.site);
  const served = planned.flatMap(endpoint => endpoint.devices);
  const plant = options.values === 'plant' ? createPlant(served.map(({ device }) => device)) : new Map();
  const desk = new FaultDesk(
    served.map(({ device }) => ({ device, kind: plant.get(device.id)?.kind })),
    clock,
  );
  const tick = createTick(options, served, plant, desk);
  tick(0);
  const servers = await openServers(planned, clock);
  const stopTicking = tickEvery(clock, options.values === 'plant' ? plantTickMs : rampTickMs, tick);
  return {
    faults: () => desk.view(),
    startFault(device, fault, forMs) {
      desk.start(device, fault, forMs);
      setWireFaults(served, desk);
    },
    clearFaults(device) {
      const count = desk.clear(device);
      setWireFaults(served, desk);
      return count;
    },
    endpoints: planned.map(({ host, devices }, index) => ({
      host,
      port: servers[index]?.port ?? 0,
      devices: devices.map(({ device }) => device.id),
    })),
    requests: () => servers.reduce((sum, server) => sum + server.requests(), 0),
    async stop() {
      stopTicking();
      await Promise.all(servers.map(server => server.close()));
    },
  };
}

async function openServers(planned: readonly PlannedEndpoint[], clock: Clock): Promise<ModbusServer[]> {
  const servers: ModbusServer[] = [];
  try {
    for (const { host, port, units } of planned) {
      servers.push(await openModbusServer({ host, port, units, clock }));
    }
  } catch (thrown) {
    await Promise.all(servers.map(server => server.close()));
    throw thrown;
  }
  return servers;
}

/** Two buses may be one socket, so the devices are grouped by host and port. */
function planEndpoints(site: Site): PlannedEndpoint[] {
  const groups = new Map<string, { host: string; port: number; devices: Device[] }>();
  for (const bus of site.buses) {
    if (bus.protocol !== 'modbus-tcp') continue;
    refuseForeignHost(bus);
    const { host, port } = bus;
    const group = groups.get(`${host}:${port}`) ?? { host, port, devices: [] };
    group.devices.push(...site.devices.filter(device => device.bus === bus.id));
    groups.set(`${host}:${port}`, group);
  }
  const planned = [...groups.values()].filter(group => group.devices.length > 0).map(planEndpoint);
  if (planned.length > 0) return planned;
  throw new PlantroomError('the site file has no Modbus TCP device to simulate', {
    kind: 'site',
    hint: 'add a bus with protocol modbus-tcp and host 127.0.0.1, and a device on it; config/demo.yaml shows how',
  });
}

/** Two devices of a site file may be one unit: they share its registers. */
function planEndpoint(group: { host: string; port: number; devices: readonly Device[] }): PlannedEndpoint {
  const units = new Map<number, Unit>();
  for (const unitId of new Set(group.devices.map(unitIdOf))) {
    const points = group.devices.filter(device => unitIdOf(device) === unitId).flatMap(device => device.points);
    units.set(unitId, { unitId, image: createImage(points), fault: undefined });
  }
  const devices = group.devices.flatMap(device => {
    const unit = units.get(unitIdOf(device));
    return unit ? [{ device, unit }] : [];
  });
  return { host: group.host, port: group.port, devices, units: [...units.values()] };
}

function unitIdOf(device: Device): number {
  return device.unitId ?? 1;
}

function refuseForeignHost(bus: ModbusTcpBus): void {
  if (bus.host === 'localhost' || bus.host === '::1' || /^127(\.\d{1,3}){3}$/.test(bus.host)) return;
  throw new PlantroomError(`the bus ${bus.id} is at ${bus.host}, and the simulator serves only this machine`, {
    kind: 'refused',
    hint: `give ${bus.id} the host 127.0.0.1 to simulate it; a real device needs no simulator`,
  });
}

/** Writes what the values are now; its argument is the time since the last call, in seconds. */
function createTick(
  options: SimulatorOptions,
  served: readonly ServedDevice[],
  plantAtStart: Plant,
  desk: FaultDesk,
): (dtS: number) => void {
  let plant = plantAtStart;
  let elapsedS = 0;
  let written = -1;
  return dtS => {
    elapsedS += dtS;
    desk.expire();
    setWireFaults(served, desk);
    const hour = ((options.startHour ?? defaultStartHour) + elapsedS / 3_600) % 24;
    plant = stepPlant(plant, { faults: desk.plantFaults(), hour, random: options.random }, dtS);
    for (const { device, unit } of served) writeEquipment(plant, device, unit.image);
    const count = options.values === 'constant' ? 0 : Math.floor(elapsedS);
    if (count === written) return;
    written = count;
    for (const { device, unit } of served) {
      if (!plant.has(device.id)) writeRamp(device, unit.image, count);
    }
  };
}

/** A unit that two devices share has the fault of either. */
function setWireFaults(served: readonly ServedDevice[], desk: FaultDesk): void {
  for (const { unit } of served) unit.fault = undefined;
  for (const { device, unit } of served) unit.fault = desk.wireFault(device.id) ?? unit.fault;
}

function writeEquipment(plant: Plant, device: Device, image: RegisterImage): void {
  const equipment = plant.get(device.id);
  if (!equipment) return;
  const signals = measureEquipment(equipment);
  for (const point of device.points) {
    const value = signals[point.id];
    if (value !== undefined) writePoint(image, point, value);
  }
}

/**
 * Raw numbers that every type can hold and that differ from point to point: (place in its device + count) modulo 100.
 * A bit is set while that number is odd; a text spells it.
 */
function writeRamp(device: Device, image: RegisterImage, count: number): void {
  device.points.forEach((point, place) => {
    const raw = rampRaw(place, count);
    writeRaw(image, point, isBit(point) ? raw % 2 : isText(point) ? String(raw) : raw);
  });
}

/** What a ramping point holds, before bits and texts make of it what they can. */
function rampRaw(place: number, count: number): number {
  return (place + count) % 100;
}

function isBit(point: Point): boolean {
  return point.address.protocol === 'modbus' && point.address.type === 'bool';
}

function isText(point: Point): boolean {
  return point.address.protocol === 'modbus' && point.address.type === 'string';
}

/** Due times are start + k × interval; a tick that comes late tells how late. */
function tickEvery(clock: Clock, intervalMs: number, tick: (dtS: number) => void): () => void {
  const start = clock.monoMs();
  let last = start;
  let timer: Timer;
  const arm = () => {
    const due = start + (Math.floor((clock.monoMs() - start) / intervalMs) + 1) * intervalMs;
    timer = clock.at(due, () => {
      const now = clock.monoMs();
      tick((now - last) / 1_000);
      last = now;
      arm();
    });
  };
  arm();
  return () => timer.cancel();
}
