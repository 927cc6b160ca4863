import { networkInterfaces } from 'node:os';
import { PlantroomError } from '../../base/errors.ts';
import { type BacnetIpBus, bacnetPort } from '../../model/bus.ts';
import type { CliContext } from '../context.ts';
import { type Asker, createDaemonAsker, createDirectAsker } from '../modbus/asker.ts';
import { note } from '../modbus/note.ts';
import type { PlantSource } from '../modbus/plant-source.ts';
import { parseHost } from './words.ts';

/** What a person says of the port through which devices are to be asked. */
export interface BusWords {
  readonly bus?: string;
  readonly interface?: string;
  readonly address?: string;
  readonly port?: number;
  readonly bbmd?: string;
  readonly json?: boolean;
}

export type BacnetAsker = Asker<BacnetIpBus>;

const allInterfaces = '0.0.0.0';
/** How long a BBMD is to keep us: longer than any scan. */
const bbmdTtlMs = 300_000;
/** For each answer, repetitions included, where no site file says it. */
const usualTimeoutMs = 3_000;

/**
 * The ports to ask through: the bus that was named; what options describe; else all buses of the site; else this machine's
 * own port on all interfaces. One that the daemon owns is asked through it.
 *
 * @throws PlantroomError `not-found`, `usage` or `refused`
 */
export function chooseBuses(context: CliContext, source: PlantSource, words: BusWords): BacnetIpBus[] {
  const { buses } = source.plant.bacnet;
  const isDescribed = [words.interface, words.address, words.port, words.bbmd].some(word => word !== undefined);
  if (words.bus !== undefined) {
    if (isDescribed) throw usage('the site says where the bus leads', 'leave --bus out, or the other options');
    return [busNamed(buses, words.bus)];
  }
  if (!isDescribed && buses.length > 0) return [...buses];
  const wanted = describedBus(words);
  const owner = source.client ? buses.find(bus => isSamePort(bus, wanted)) : undefined;
  if (!owner) return [wanted];
  if (wanted.foreign && wanted.foreign.host !== owner.foreign?.host) {
    throw new PlantroomError(`the daemon has UDP port ${owner.port} (bus ${owner.id}), and is not registered there`, {
      kind: 'refused',
      hint: 'add foreign: to that bus of the site file, or scan through another port: --port 47809',
    });
  }
  note(context, words, `the daemon owns ${owner.address}:${owner.port}: asked through it, as bus ${owner.id}`);
  return [owner];
}

/** Opens nothing yet: the port is bound by the first question. */
export async function openAsker(context: CliContext, source: PlantSource, bus: BacnetIpBus): Promise<BacnetAsker> {
  const isOwned = source.plant.bacnet.buses.includes(bus);
  return source.client && isOwned ? createDaemonAsker(source.client, bus) : createDirectAsker(bus, context.clock);
}

function busNamed(buses: readonly BacnetIpBus[], id: string): BacnetIpBus {
  const bus = buses.find(known => known.id === id);
  if (bus) return bus;
  throw new PlantroomError(`no BACnet bus is called ${JSON.stringify(id)}`, {
    kind: 'not-found',
    hint:
      buses.length > 0
        ? `there are ${buses.map(known => known.id).join(', ')}`
        : 'name the site file with --site, or give --interface',
  });
}

function describedBus(words: BusWords): BacnetIpBus {
  const port = words.port ?? bacnetPort;
  return {
    protocol: 'bacnet-ip',
    // Of no site: no bus of one has an empty id.
    id: '',
    address: addressOf(words),
    port,
    broadcast: undefined,
    foreign:
      words.bbmd === undefined ? undefined : { ...parseHost('--bbmd', words.bbmd, bacnetPort), ttlMs: bbmdTtlMs },
    timeoutMs: usualTimeoutMs,
    deadDeviceShare: 0.1,
    retries: 2,
    requestsInFlight: 32,
  };
}

function addressOf({ interface: name, address }: BusWords): string {
  if (name !== undefined && address !== undefined) throw usage('--interface and --address say the same', 'give one');
  if (address !== undefined) {
    if (address.includes(':')) throw usage(`--address is ${JSON.stringify(address)}`, 'give the port with --port');
    return parseHost('--address', address, bacnetPort).host;
  }
  if (name === undefined) return allInterfaces;
  const all = networkInterfaces();
  const own = all[name]?.find(({ family }) => family === 'IPv4');
  if (own) return own.address;
  throw new PlantroomError(
    all[name] ? `the interface ${name} has no IPv4 address` : `this machine has no interface ${name}`,
    { kind: 'not-found', hint: `it has ${Object.keys(all).join(', ')}; plantroom ports lists their addresses` },
  );
}

/** Two sockets on one port take each other's answers, unless each is on an address of its own. */
function isSamePort(one: BacnetIpBus, other: BacnetIpBus): boolean {
  if (one.port !== other.port) return false;
  return one.address === other.address || one.address === allInterfaces || other.address === allInterfaces;
}

function usage(message: string, hint: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', hint });
}
