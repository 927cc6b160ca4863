import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import { createControlClient } from '../sim/control-client.ts';
import { controlSocketIn } from '../sim/control-socket.ts';
import { type DeviceFaultsView, describeDuration } from '../sim/fault-desk.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { duration, type GlobalOptions, oneOf, wholeNumber } from './options.ts';
import { printJson, printLines } from './output.ts';
import type { Style } from './render/style.ts';
import { type Cell, type Column, renderTable } from './render/table.ts';
import { formatAgeOr } from './render/words.ts';
import { defaultFolder, runSimulator } from './sim-run.ts';

interface SimOptions extends GlobalOptions {
  readonly data?: string;
}

interface FaultOptions extends SimOptions {
  readonly for?: number;
}

const dataOption = ['--data <folder>', 'the folder of the simulator that is meant (default: var/demo)'] as const;

export function registerSim(program: Command, context: CliContext): void {
  const sim = program
    .command('sim')
    .summary('simulate the plant, and break it')
    .description(
      'Serves the devices of a site file as simulated Modbus slaves and BACnet devices, and makes faults in them.',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom sim run --site config/demo.yaml\n  plantroom sim fault feeder phase-loss --for 20s\n  plantroom sim clear\n  plantroom sim unplug lift-room',
    );
  sim
    .command('run')
    .summary('serve the devices of a site file')
    .description(
      'Serves the devices of a site file where their buses lead, until it is stopped: on sockets of this machine, and on serial ports that it makes.',
    )
    .requiredOption('--site <file>', 'the site file')
    .option('--scenario <file>', 'what is to happen to it, and when (config/scenario.yaml shows how)')
    .option(...dataOption)
    .option('--seed <n>', 'same number, same noise', wholeNumber('--seed', 0, 999_999_999), 1)
    .option(
      '--values <kind>',
      'plant: equipment moves them; ramp: each counts up; constant: none moves',
      oneOf('--values', ['plant', 'ramp', 'constant'] as const),
      'plant' as const,
    )
    .action((_options: unknown, command: Command) => runSimulator(context, command.optsWithGlobals()));
  sim
    .command('faults')
    .summary('list the faults that are on, and those that could be')
    .description('Lists the faults that are on and, by device, the faults that can be started.')
    .argument('[device]', 'only this device')
    .option(...dataOption)
    .action((device: string | undefined, _options: unknown, command: Command) =>
      listFaults(context, device, command.optsWithGlobals()),
    );
  sim
    .command('fault')
    .summary('start a fault')
    .description('Starts a fault of a device, in the plant or on its wire. `plantroom sim faults` lists them.')
    .argument('<device>', 'the id of the device, as in the site file')
    .argument('<fault>', 'the name of the fault')
    .option('--for <duration>', 'ends it by itself after this time', duration('--for', '100ms', '7d'))
    .option(...dataOption)
    .action((device: string, fault: string, _options: unknown, command: Command) =>
      startFault(context, device, fault, command.optsWithGlobals()),
    );
  sim
    .command('clear')
    .summary('end faults')
    .description('Ends all faults, of one device or of all of them.')
    .argument('[device]', 'only this device')
    .option(...dataOption)
    .action((device: string | undefined, _options: unknown, command: Command) =>
      clearFaults(context, device, command.optsWithGlobals()),
    );
  registerPlugs(sim, context);
}

function registerPlugs(sim: Command, context: CliContext): void {
  for (const [verb, summary, description] of [
    ['unplug', 'pull the plug of a bus', 'Pulls the plug of a bus: its socket or its serial port is gone.'],
    ['plug', 'put the plug of a bus in again', 'Puts the plug of a bus in again, at the same place.'],
  ] as const) {
    sim
      .command(verb)
      .summary(summary)
      .description(description)
      .argument('<bus>', 'the id of the bus, as in the site file')
      .option(...dataOption)
      .action((bus: string, _options: unknown, command: Command) =>
        setPlugged(context, bus, verb === 'plug', command.optsWithGlobals()),
      );
  }
}

async function listFaults(context: CliContext, device: string | undefined, options: SimOptions): Promise<void> {
  const all = await clientFor(context, options).faults();
  const views = device === undefined ? all : all.filter(view => view.device === device);
  if (views.length === 0) {
    throw new PlantroomError(`the simulated plant has no device ${device}`, {
      kind: 'not-found',
      hint: `it has: ${all.map(view => view.device).join(', ')}`,
    });
  }
  if (options.json) {
    printJson(context, views);
    return;
  }
  const style = styleFor(context.out, context.env);
  printLines(context, renderFaults(views, widthOf(context.out), style));
}

const columns: readonly Column[] = [
  { title: 'DEVICE' },
  { title: 'FAULT' },
  { title: 'ON', align: 'right' },
  { title: 'WHAT HAPPENS', minWidth: 20 },
];

/** The faults of the plant by device; those of the wire are the same for many and come once, below. */
export function renderFaults(views: readonly DeviceFaultsView[], width: number | undefined, style: Style): string[] {
  const rows: Cell[][] = [];
  const wire = new Map<string, Cell[]>();
  for (const { device, active, possible } of views) {
    for (const { name, description, where, framings = [] } of possible) {
      const on = active.find(other => other.name === name);
      if (where === 'wire') wire.set(`${framings.join()} ${name}`, [whoCell(framings), name, '', description]);
      if (where === 'plant' || on !== undefined) rows.push([device, name, onCell(on, style), description]);
    }
  }
  return renderTable(columns, [...rows, ...wire.values()], width, style);
}

/** Which devices a fault of the wire is for. */
function whoCell(framings: readonly string[] = []): string {
  if (framings.length > 1) return 'any on Modbus';
  const [wire] = framings;
  return wire === 'bacnet' ? 'any on BACnet' : wire === 'tcp' ? 'any on TCP' : 'any on RTU';
}

function onCell(on: DeviceFaultsView['active'][number] | undefined, style: Style): Cell {
  if (on === undefined) return '';
  return { text: on.leftMs === null ? 'on' : `${formatAgeOr(on.leftMs)} left`, paint: style.bad };
}

async function startFault(context: CliContext, device: string, fault: string, options: FaultOptions): Promise<void> {
  await clientFor(context, options).startFault(device, fault, options.for);
  if (options.json) printJson(context, { device, fault, forMs: options.for ?? null });
  else printLines(context, [`${device} has ${fault} ${describeDuration(options.for)}.`]);
}

async function clearFaults(context: CliContext, device: string | undefined, options: SimOptions): Promise<void> {
  const cleared = await clientFor(context, options).clear(device);
  if (options.json) printJson(context, { cleared });
  else printLines(context, [cleared === 0 ? 'There was no fault.' : `Faults ended: ${cleared}.`]);
}

async function setPlugged(context: CliContext, bus: string, isPlugged: boolean, options: SimOptions): Promise<void> {
  await clientFor(context, options).setPlugged(bus, isPlugged);
  if (options.json) printJson(context, { bus, isPlugged });
  else printLines(context, [`${bus} is ${isPlugged ? 'plugged in' : 'unplugged'}.`]);
}

/** The simulator of --data, else the one of the demo in this folder, else the one in the project's. */
function clientFor(context: CliContext, options: SimOptions) {
  if (options.data !== undefined) return createControlClient(controlSocketIn(resolve(context.cwd, options.data)));
  const folders = [context.cwd, join(import.meta.dirname, '..', '..')].map(folder => join(folder, defaultFolder));
  const folder = folders.find(candidate => existsSync(controlSocketIn(candidate))) ?? folders[0] ?? defaultFolder;
  return createControlClient(controlSocketIn(folder));
}
