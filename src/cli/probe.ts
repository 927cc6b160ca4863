import type { Command } from 'commander';
import { type ModbusTable, modbusTables } from '../model/point.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { highestAddress, parseAddress } from './modbus/address.ts';
import { describeUnit, failureOf } from './modbus/answers.ts';
import { note } from './modbus/note.ts';
import { addLineOptions, type LineOptions, lineWordsOf } from './modbus/options.ts';
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

interface ProbeOptions extends GlobalOptions, LineOptions {
  readonly table?: ModbusTable;
  readonly unit?: number;
  readonly timeout?: number;
  readonly site?: string;
  readonly watch?: boolean;
  readonly interval?: number;
}

export function registerProbe(program: Command, context: CliContext): void {
  const command = program
    .command('probe')
    .summary('read registers in every plausible way')
    .description(
      'Reads registers or bits of a device once, and shows them in every reading that makes sense: numbers of 16 and 32 bits, floats in all byte orders, text. Goes through the daemon where it owns the bus. Nothing is ever written.',
    )
    .argument('<where>', 'a device or a bus of the site, or tcp://host:port, rtu:///dev/…, rtu-over-tcp://host:port')
    .argument('<address>', 'from zero, or as manuals write it: 40001, 30001, 0x9c40')
    .argument('[count]', 'how many registers or bits (default: 2)', wholeNumber('count', 1, mostBits))
    .option('--table <table>', modbusTables.join(', '), oneOf('--table', modbusTables))
    .option('--unit <n>', "the unit id (default: the device's, else 1)", wholeNumber('--unit', 0, 255))
    .option('--timeout <duration>', 'how long the device may take (default: 1s)', duration('--timeout', '10ms', '10s'))
    .option('--watch', 'read again and again, and mark what changed')
    .option(
      '--interval <duration>',
      'time between two reads of --watch (default: 1s)',
      duration('--interval', '100ms', '1h'),
    )
    .option('--site <file>', 'where devices are looked up while no daemon runs');
  addLineOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom probe booster 200 10 --table input-register\n  plantroom probe tcp://192.168.1.20 40001 4\n  plantroom probe /dev/ttyUSB0 0 10 --baud 9600 --parity even --unit 3 --watch',
    )
    .action((where: string, address: string, count: number | undefined, _options: unknown, command: Command) =>
      probe(context, where, address, count ?? usualCount, command.optsWithGlobals()),
    );
}

async function probe(
  context: CliContext,
  where: string,
  addressText: string,
  count: number,
  options: ProbeOptions,
): Promise<void> {
  const { table, address, note: understood } = parseAddress(addressText, options.table);
  checkCount(table, address, count);
  if (understood !== undefined) note(context, options, understood);
  const timeoutMs = options.timeout ?? usualTimeoutMs;
  const target = await findTarget(context, { ...options, timeoutMs, line: lineWordsOf(options) }, where);
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
