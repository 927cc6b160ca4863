import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { PlantView } from '../model/plant.ts';
import { type ModbusTable, modbusTables } from '../model/point.ts';
import type { BacnetProbeWords } from './bacnet/probe-target.ts';
import { looksLikeObject } from './bacnet/words.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { highestAddress, parseAddress } from './modbus/address.ts';
import { describeUnit, failureOf } from './modbus/answers.ts';
import { looksLikeEndpoint } from './modbus/endpoint.ts';
import { note } from './modbus/note.ts';
import { addLineOptions, type LineOptions, lineWordsOf } from './modbus/options.ts';
import { openPlantSource, type PlantSource } from './modbus/plant-source.ts';
import { type Probe, probeDocument, takeProbe } from './modbus/probe.ts';
import { isBitTable } from './modbus/probe-readings.ts';
import { findTarget } from './modbus/probe-target.ts';
import { renderLegend, renderProbe } from './modbus/probe-view.ts';
import { watchProbe } from './modbus/probe-watch.ts';
import { duration, type GlobalOptions, oneOf, wholeNumber } from './options.ts';
import { printJson, printLines } from './output.ts';

/** Enough for one value in two registers. */
const usualCount = 2;

const usualTimeoutMs = 1_000;
const usualIntervalMs = 1_000;

/** The most that one request may ask for: 125 registers, 2000 bits (Modbus Application Protocol 1.1b3). */
const mostRegisters = 125;
const mostBits = 2_000;

interface ProbeOptions extends GlobalOptions, LineOptions, BacnetProbeWords {
  readonly table?: ModbusTable;
  readonly unit?: number;
  readonly timeout?: number;
  readonly site?: string;
  readonly watch?: boolean;
  readonly interval?: number;
}

/** Options that only one of the protocols knows. */
const modbusOnly = ['table', 'unit', 'baud', 'parity', 'stopBits'] as const;
const bacnetOnly = ['to', 'network', 'bus', 'interface', 'address', 'port'] as const;

export function registerProbe(program: Command, context: CliContext): void {
  const command = program
    .command('probe')
    .summary('read registers or BACnet objects of a device once')
    .description(
      'Modbus: reads registers or bits of a device once, and shows them in every reading that makes sense: numbers of 16 and 32 bits, floats in all byte orders, text. BACnet: reads a property of an object, with its units and its state. Goes through the daemon where it owns the bus. Nothing is ever written.',
    )
    .argument(
      '<where>',
      'a device or a bus of the site; Modbus: tcp://host:port, rtu:///dev/…, rtu-over-tcp://host:port; BACnet: an instance',
    )
    .argument(
      '<what...>',
      'Modbus: an address, from zero or as manuals write it (40001, 0x9c40), and how many (2); BACnet: an object (analog-input 3) and a property (present-value)',
    )
    .option('--table <table>', `Modbus: ${modbusTables.join(', ')}`, oneOf('--table', modbusTables))
    .option('--unit <n>', "Modbus: the unit id (default: the device's, else 1)", wholeNumber('--unit', 0, 255))
    .option('--timeout <duration>', 'how long the device may take (default: 1s)', duration('--timeout', '10ms', '10s'))
    .option('--watch', 'read again and again, and mark what changed')
    .option(
      '--interval <duration>',
      'time between two reads of --watch (default: 1s)',
      duration('--interval', '100ms', '1h'),
    )
    .option('--site <file>', 'where devices are looked up while no daemon runs');
  addLineOptions(command)
    .option('--to <host>', 'BACnet: where the device is, HOST or HOST:PORT (default: it is looked for)')
    .option('--network <number:mac>', 'BACnet: behind the router at --to: 200:0c')
    .option('--bus <id>', 'BACnet: the bus to ask through')
    .option('--interface <name>', 'BACnet: the network interface to ask through')
    .option('--address <ip>', 'BACnet: the same by our own IPv4 address on it')
    .option('--port <n>', 'BACnet: the UDP port (default: 47808)', wholeNumber('--port', 1, 65_535))
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom probe booster 200 10 --table input-register\n  plantroom probe tcp://192.168.1.20 40001 4\n  plantroom probe /dev/ttyUSB0 0 10 --baud 9600 --parity even --unit 3 --watch\n  plantroom probe chiller analog-input 3\n  plantroom probe 1001 lift:1 fault-signals --to 10.0.0.5',
    )
    .action((where: string, words: readonly string[], _options: unknown, command: Command) =>
      probe(context, where, words, command.optsWithGlobals()),
    );
}

async function probe(context: CliContext, where: string, words: readonly string[], options: ProbeOptions) {
  const source = await openPlantSource(context, options, options.site);
  if (isOfBacnet(source.plant, where, words, options)) {
    refuseOptions(options, modbusOnly, 'BACnet');
    const { probeBacnet } = await import('./bacnet/probe.ts');
    await probeBacnet(context, source, where, words, { ...options, timeoutMs: options.timeout ?? usualTimeoutMs });
    return;
  }
  refuseOptions(options, bacnetOnly, 'Modbus');
  const [address = '', count = String(usualCount), ...others] = words;
  if (others.length > 0) throw tooMany(others);
  await probeModbus(context, source, where, address, wholeNumber('count', 1, mostBits)(count), options);
}

/** Which protocol is meant: that of the device or the bus, where the site has it; else as the words look. */
function isOfBacnet(
  { bacnet, buses, devices }: PlantView,
  where: string,
  [object = '']: readonly string[],
  options: ProbeOptions,
) {
  if (looksLikeEndpoint(where)) return false;
  const isNamed = (list: readonly { readonly id: string }[]) => list.some(({ id }) => id === where);
  if (isNamed(bacnet.devices) || isNamed(bacnet.buses)) return true;
  if (isNamed(devices) || isNamed(buses)) return false;
  return /^\d+$/.test(where) || options.to !== undefined || looksLikeObject(object);
}

function refuseOptions(options: ProbeOptions, names: readonly (keyof ProbeOptions)[], protocol: string): void {
  const given = names.find(name => options[name] !== undefined);
  if (given === undefined) return;
  const option = `--${given.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
  throw new PlantroomError(`${option} has no meaning with ${protocol}`, {
    kind: 'usage',
    hint: `leave it out, or check which device is meant: plantroom probe --help`,
  });
}

function tooMany(words: readonly string[]): PlantroomError {
  return new PlantroomError(`nobody knows what ${words.join(' ')} means here`, {
    kind: 'usage',
    hint: 'Modbus takes an address and a count, BACnet an object and a property',
  });
}

async function probeModbus(
  context: CliContext,
  source: PlantSource,
  where: string,
  addressText: string,
  count: number,
  options: ProbeOptions,
): Promise<void> {
  const { table, address, note: understood } = parseAddress(addressText, options.table);
  checkCount(table, address, count);
  if (understood !== undefined) note(context, options, understood);
  const timeoutMs = options.timeout ?? usualTimeoutMs;
  const target = await findTarget(context, { ...options, timeoutMs, line: lineWordsOf(options) }, where, source);
  const request: Probe = { ...target, table, address, count, timeoutMs };
  try {
    if (options.watch)
      await watchProbe(context, request, { json: options.json, intervalMs: options.interval ?? usualIntervalMs });
    else await probeOnce(context, request, options);
  } finally {
    await target.asker.close();
  }
}

async function probeOnce(context: CliContext, request: Probe, options: ProbeOptions): Promise<void> {
  const taken = await takeProbe(request);
  if (taken.kind !== 'read') throw failureOf(taken, describeUnit(request.asker, request.unitId));
  if (options.json) {
    printJson(context, probeDocument(request, taken));
    return;
  }
  const style = styleFor(context.out, context.env);
  printLines(context, [
    ...renderProbe({ readings: taken.readings, changed: new Set() }, widthOf(context.out), style),
    renderLegend(taken.responseMs, style),
  ]);
}

function checkCount(table: ModbusTable, address: number, count: number): void {
  const most = isBitTable(table) ? mostBits : mostRegisters;
  wholeNumber('count', 1, Math.min(most, highestAddress + 1 - address))(String(count));
}
