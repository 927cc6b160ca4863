import { PlantroomError } from '../../base/errors.ts';
import { endpointOf, type ModbusBus } from '../../model/bus.ts';
import type { PlantDevice, PlantPoint } from '../../model/plant.ts';
import type { CliContext } from '../context.ts';
import type { GlobalOptions } from '../options.ts';
import { type Asker, createDaemonAsker, createDirectAsker } from './asker.ts';
import { busTo, type LineWords, looksLikeEndpoint, parseEndpoint } from './endpoint.ts';
import { note } from './note.ts';
import { checkSameWay, findOwner } from './owner.ts';
import type { PlantSource } from './plant-source.ts';
import { checkPort } from './port-guard.ts';

export interface TargetOptions extends GlobalOptions {
  readonly site?: string;
  readonly unit?: number;
  readonly timeoutMs: number;
  readonly line: LineWords;
}

/** Who is to be asked, and by whom. */
export interface Target {
  readonly asker: Asker;
  readonly unitId: number;
  /** The device of the site, where it has one there. */
  readonly device: PlantDevice | undefined;
  readonly points: readonly PlantPoint[];
}

/** What a device that was not named is most often set to. */
const usualUnitId = 1;

/** Longest wait for a connection that a person makes. */
const connectTimeoutMs = 3_000;

/**
 * Finds a device by the name that the site gives it, by the name of its bus, or by its endpoint.
 *
 * @throws PlantroomError `not-found`, `usage`, or what stands in the way of opening the bus
 */
export async function findTarget(
  context: CliContext,
  options: TargetOptions,
  where: string,
  source: PlantSource,
): Promise<Target> {
  return looksLikeEndpoint(where)
    ? await targetOfEndpoint(context, options, where, source)
    : await targetOfName(context, options, where, source);
}

async function targetOfEndpoint(context: CliContext, options: TargetOptions, where: string, source: PlantSource) {
  const endpoint = parseEndpoint(where, options.line);
  const owned = await findOwner(source.plant, endpoint);
  const unitId = options.unit ?? usualUnitId;
  if (owned && source.client) {
    checkSameWay(owned, endpoint);
    note(context, options, `the daemon owns ${endpointOf(owned)}: asked through it, as bus ${owned.id}`);
  }
  const bus = owned && source.client ? owned : busTo(endpoint, { timeoutMs: options.timeoutMs, connectTimeoutMs });
  return targetOn(context, source, bus, unitId, deviceOn(source, owned?.id, unitId));
}

function targetOfName(context: CliContext, options: TargetOptions, where: string, source: PlantSource) {
  const device = source.plant.devices.find(({ id }) => id === where);
  const bus = source.plant.buses.find(({ id }) => id === (device?.bus ?? where));
  if (!bus) throw noSuchName(source, where);
  if (Object.values(options.line).some(word => word !== undefined)) {
    throw new PlantroomError(`the site says how to talk to ${where}`, {
      kind: 'usage',
      hint: 'leave --baud, --parity and --stop-bits out, or give the endpoint instead',
    });
  }
  const unitId = options.unit ?? device?.unitId ?? usualUnitId;
  return targetOn(context, source, bus, unitId, deviceOn(source, bus.id, unitId));
}

async function targetOn(
  context: CliContext,
  source: PlantSource,
  bus: ModbusBus,
  unitId: number,
  device: PlantDevice | undefined,
): Promise<Target> {
  const asker = source.client && isOwned(source, bus) ? createDaemonAsker(source.client, bus) : undefined;
  if (!asker && bus.protocol === 'modbus-rtu') checkPort(bus.path);
  return {
    asker: asker ?? (await createDirectAsker(bus, context.clock)),
    unitId,
    device,
    points: device ? await source.points(device.id) : [],
  };
}

function isOwned({ plant }: PlantSource, bus: ModbusBus): boolean {
  return plant.buses.some(({ id }) => id === bus.id);
}

function deviceOn({ plant }: PlantSource, bus: string | undefined, unitId: number): PlantDevice | undefined {
  return plant.devices.find(device => device.bus === bus && device.unitId === unitId);
}

function noSuchName({ client, plant }: PlantSource, where: string): PlantroomError {
  const names = [...plant.devices, ...plant.buses].map(({ id }) => id);
  const known = names.length > 0 ? `there are ${names.slice(0, 20).join(', ')}` : 'give an endpoint: tcp://host:port';
  return new PlantroomError(`no device and no bus is called ${JSON.stringify(where)}`, {
    kind: 'not-found',
    hint:
      client || names.length > 0 ? known : 'no daemon is running: name its site file with --site, or give an endpoint',
  });
}
