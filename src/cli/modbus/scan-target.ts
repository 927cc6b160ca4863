import { PlantroomError } from '../../base/errors.ts';
import { endpointOf, type ModbusBus } from '../../model/bus.ts';
import { formatLine, type SerialLine } from '../../model/serial-line.ts';
import type { CliContext } from '../context.ts';
import { busTo, type Endpoint, formatEndpoint, looksLikeEndpoint, parseEndpoint, usualPort } from './endpoint.ts';
import { note } from './note.ts';
import { findOwner, heldOtherwise } from './owner.ts';
import type { PlantSource } from './plant-source.ts';
import { checkPort } from './port-guard.ts';
import { mostHostsAtOnce, type ScanPlan, type ScanStop } from './scan-plan.ts';
import { highestSerialUnit, parseHosts, parseLines, parseUnits } from './scan-range.ts';

export interface ScanWords {
  readonly where: string | undefined;
  readonly hosts?: string;
  readonly port?: number;
  readonly units?: string;
  readonly baud?: string;
  readonly parity?: string;
  readonly stopBits?: '1' | '2';
  readonly timeout?: number;
  readonly json?: boolean;
}

/** Devices answer within 100 ms, nearly all of them; a device server or a network adds to that. */
const usualTimeoutMs = { serial: 200, tcp: 500 } as const;

/**
 * What a scan asks, and in which order.
 *
 * @throws PlantroomError `usage`, `not-found`, or what stands in the way of using a port
 */
export async function planScan(context: CliContext, source: PlantSource, words: ScanWords): Promise<ScanPlan> {
  if ((words.where === undefined) === (words.hosts === undefined)) throw nowhere();
  if (words.hosts !== undefined) return planHosts(source, words, parseHosts(words.hosts));
  const where = words.where ?? '';
  if (!looksLikeEndpoint(where)) return planBus(source, words, where);
  const endpoint = parseEndpoint(where);
  if (endpoint.kind === 'tcp') return planHosts(source, { ...words, port: endpoint.port }, [endpoint.host]);
  const owner = source.client ? await findOwner(source.plant, endpoint) : undefined;
  return owner ? planOwned(context, words, owner, endpoint) : planLine(words, endpoint);
}

/** A bus of the site, asked the way the daemon asks it. */
function planBus(source: PlantSource, words: ScanWords, id: string): ScanPlan {
  const bus = source.plant.buses.find(known => known.id === id);
  if (!bus) {
    throw new PlantroomError(`no bus is called ${JSON.stringify(id)}`, {
      kind: 'not-found',
      hint: `${source.plant.buses.length > 0 ? `there are ${source.plant.buses.map(known => known.id).join(', ')}; or give` : 'give'} a port or a host: plantroom ports`,
    });
  }
  if (words.baud !== undefined || words.parity !== undefined || words.stopBits !== undefined) {
    throw heldOtherwise(bus, endpointOf(bus));
  }
  return planOfDaemon(words, bus);
}

function planOwned(context: CliContext, words: ScanWords, bus: ModbusBus, endpoint: Endpoint): ScanPlan {
  const saysLine = words.baud !== undefined || words.parity !== undefined || words.stopBits !== undefined;
  const wanted = saysLine ? linesOf(words, endpoint) : [];
  const isOther = bus.protocol === 'modbus-tcp' || wanted.some(line => formatLine(line) !== formatLine(bus.line));
  if (isOther || bus.protocol !== `modbus-${endpoint.kind}`) throw heldOtherwise(bus, formatEndpoint(endpoint));
  note(
    context,
    words,
    `the daemon owns ${endpointOf(bus)}: asked through it, as bus ${bus.id}; stop it to try other baud rates`,
  );
  return planOfDaemon(words, bus);
}

function planOfDaemon(words: ScanWords, bus: ModbusBus): ScanPlan {
  const isTcp = bus.protocol === 'modbus-tcp';
  const stop: ScanStop = {
    label: endpointOf(bus),
    bus,
    isThroughDaemon: true,
    units: unitsOf(words, isTcp ? '1' : `1-${highestSerialUnit}`),
  };
  return { stops: [stop], atOnce: 1, timeoutMs: words.timeout ?? usualTimeoutMs[isTcp ? 'tcp' : 'serial'] };
}

function planLine(words: ScanWords, endpoint: Endpoint & { kind: 'rtu' | 'rtu-over-tcp' }): ScanPlan {
  if (endpoint.kind === 'rtu') checkPort(endpoint.path);
  const isSerial = endpoint.kind === 'rtu';
  const timeoutMs = words.timeout ?? usualTimeoutMs[isSerial ? 'serial' : 'tcp'];
  const units = unitsOf(words, `1-${highestSerialUnit}`);
  // A device server keeps its own line settings, whatever we believe them to be.
  const lines = linesOf(words, endpoint).slice(0, isSerial ? undefined : 1);
  const stops = lines.map((line): ScanStop => {
    const bus = busTo({ ...endpoint, line }, { timeoutMs, connectTimeoutMs: 3_000 });
    return { label: isSerial ? formatLine(line) : endpointOf(bus), bus, isThroughDaemon: false, units };
  });
  return { stops, atOnce: 1, timeoutMs };
}

async function planHosts(source: PlantSource, words: ScanWords, hosts: readonly string[]): Promise<ScanPlan> {
  const units = unitsOf(words, '1');
  const timeoutMs = words.timeout ?? usualTimeoutMs.tcp;
  const stops: ScanStop[] = [];
  for (const host of hosts) {
    const endpoint = { kind: 'tcp', host, port: words.port ?? usualPort } as const;
    const owner = source.client ? await findOwner(source.plant, endpoint) : undefined;
    if (owner && owner.protocol !== 'modbus-tcp') throw heldOtherwise(owner, formatEndpoint(endpoint));
    const bus = owner ?? busTo(endpoint, { timeoutMs, connectTimeoutMs: timeoutMs });
    stops.push({ label: formatEndpoint(endpoint), bus, isThroughDaemon: owner !== undefined, units });
  }
  return { stops, atOnce: mostHostsAtOnce, timeoutMs };
}

function linesOf({ baud, parity, stopBits }: ScanWords, endpoint: Endpoint): SerialLine[] {
  const said = endpoint.kind === 'tcp' ? {} : endpoint.line;
  return parseLines(
    baud ?? said.baudRate?.toString(),
    parity ?? said.parity,
    stopBits === undefined ? said.stopBits : stopBits === '2' ? 2 : 1,
  );
}

function unitsOf({ units }: ScanWords, usual: string): number[] {
  return parseUnits(units ?? usual);
}

function nowhere(): PlantroomError {
  return new PlantroomError('say where to look: a serial port, a bus of the site, or --hosts', {
    kind: 'usage',
    hint: 'plantroom ports lists the ports; for example: plantroom scan modbus /dev/ttyUSB0',
  });
}
