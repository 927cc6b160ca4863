import { PlantroomError } from '../../base/errors.ts';
import type { BacnetTarget } from '../../model/bacnet-view.ts';
import { type BacnetIpBus, bacnetPort } from '../../model/bus.ts';
import type { PlantPoint } from '../../model/plant.ts';
import type { BacnetAddress } from '../../model/point.ts';
import type { CliContext } from '../context.ts';
import type { PlantSource } from '../modbus/plant-source.ts';
import { type BacnetAsker, type BusWords, chooseBuses, openAsker } from './bus-choice.ts';
import { parseHost, parseInstances, parseNetwork } from './words.ts';

export interface BacnetProbeWords extends Omit<BusWords, 'bbmd'> {
  readonly to?: string;
  readonly network?: string;
}

/** Who is asked, and by whom. */
export interface ProbeTarget {
  readonly asker: BacnetAsker;
  readonly target: BacnetTarget;
  readonly instance: number;
  /** Of the site; undefined where it has none of this instance. */
  readonly device: string | undefined;
  readonly points: readonly PlantPoint<BacnetAddress>[];
  /** For people: `chiller (1001)`, `1001 at 10.0.0.5:47808`. */
  readonly label: string;
}

/**
 * A device by the name that the site gives it, or by its instance: at the place that is said, else where the site or a Who-Is
 * finds it.
 *
 * @throws PlantroomError `not-found` or `usage`
 */
export async function findProbeTarget(
  context: CliContext,
  source: PlantSource,
  where: string,
  words: BacnetProbeWords,
): Promise<ProbeTarget> {
  const { devices, buses } = source.plant.bacnet;
  const named = devices.find(({ id }) => id === where);
  if (!named && !/^\d+$/.test(where)) throw noSuchDevice(source, where);
  const instance = named?.bacnet.instance ?? parseInstances('the device', where).low;
  const own = named ?? devices.find(({ bacnet }) => bacnet.instance === instance);
  const said = Object.values(words).some(word => word !== undefined);
  const busOfDevice = said ? undefined : buses.find(({ id }) => id === own?.bus);
  const bus = busOfDevice ?? onlyBus(chooseBuses(context, source, words));
  const target = targetOf(words, instance, bus, busOfDevice && own);
  const device = own?.id;
  const points = device === undefined ? [] : await source.bacnetPoints(device);
  const place = target.kind === 'place' ? ` at ${target.place.host}:${target.place.port}` : '';
  const label = device === undefined ? `device ${instance}${place}` : `${device} (${instance})${place}`;
  return { asker: await openAsker(context, source, bus), target, instance, device, points, label };
}

type SiteDevice = PlantSource['plant']['bacnet']['devices'][number];

function targetOf(
  { to, network }: BacnetProbeWords,
  instance: number,
  bus: BacnetIpBus,
  device: SiteDevice | undefined,
): BacnetTarget {
  const routed = network === undefined ? undefined : parseNetwork('--network', network);
  if (routed && (to === undefined || routed.mac === '')) {
    throw new PlantroomError('a device behind a router is asked at its address there, by the router', {
      kind: 'usage',
      hint: 'give both: --to 10.0.0.1 --network 200:0c; or neither, and the device is looked for',
    });
  }
  const host = to === undefined ? device?.bacnet.address : parseHost('--to', to, bus.port ?? bacnetPort);
  if (!host) return { kind: 'instance', instance };
  const behind = to === undefined ? device?.bacnet.routed : routed;
  return { kind: 'place', place: { ...host, network: behind?.network ?? 0, mac: behind?.mac ?? '' } };
}

function onlyBus([bus, ...others]: readonly BacnetIpBus[]): BacnetIpBus {
  if (bus && others.length === 0) return bus;
  throw new PlantroomError('the site has several BACnet buses', {
    kind: 'usage',
    hint: `say which one with --bus: ${[bus, ...others].map(one => one?.id).join(', ')}`,
  });
}

function noSuchDevice({ plant, client }: PlantSource, where: string): PlantroomError {
  const names = plant.bacnet.devices.map(({ id }) => id);
  const isBus = plant.bacnet.buses.some(({ id }) => id === where);
  const known =
    names.length > 0 ? `there are ${names.slice(0, 20).join(', ')}; or give an instance` : 'give an instance';
  return new PlantroomError(
    isBus ? `${where} is a bus with many devices` : `no BACnet device is called ${JSON.stringify(where)}`,
    {
      kind: isBus ? 'usage' : 'not-found',
      hint:
        client || names.length > 0
          ? known
          : 'no daemon is running: name its site file with --site, or give an instance',
    },
  );
}
