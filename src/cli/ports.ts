import { networkInterfaces } from 'node:os';
import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { ModbusBus } from '../model/bus.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { openPlantSource } from './modbus/plant-source.ts';
import { findHolder } from './modbus/port-holder.ts';
import { type InterfaceView, type PortView, renderPorts } from './modbus/ports-view.ts';
import { readSerialPorts, realPath, type SerialPortView } from './modbus/serial-ports.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';

export function registerPorts(program: Command, context: CliContext): void {
  program
    .command('ports')
    .summary('list serial ports and network interfaces')
    .description('Lists the serial ports of this machine by the names that stay, and its network interfaces.')
    .addHelpText('after', '\nExamples:\n  plantroom ports\n  plantroom ports --json')
    .action((_options: unknown, command: Command) => listPorts(context, command.optsWithGlobals()));
}

async function listPorts(context: CliContext, options: GlobalOptions): Promise<void> {
  const buses = await busesOfDaemon(context, options);
  const serial = readSerialPorts().map(port => addUsers(port, buses));
  const network = readInterfaces();
  if (options.json) printJson(context, { serial, network });
  else printLines(context, renderPorts(serial, network, widthOf(context.out), styleFor(context.out, context.env)));
}

/** Ports are there to be seen whoever may talk to the daemon; only what it uses is not known then. */
async function busesOfDaemon(context: CliContext, options: GlobalOptions): Promise<readonly ModbusBus[]> {
  try {
    return (await openPlantSource(context, options)).plant.buses;
  } catch (thrown) {
    if (thrown instanceof PlantroomError && options.socket === undefined) return [];
    throw thrown;
  }
}

export function addUsers(port: SerialPortView, buses: readonly ModbusBus[]): PortView {
  const real = realPath(port.kernelPath) ?? port.kernelPath;
  const bus = buses.find(one => one.protocol === 'modbus-rtu' && (realPath(one.path) ?? one.path) === real);
  return { ...port, bus: bus?.id ?? null, heldBy: findHolder(real) ?? null };
}

function readInterfaces(): InterfaceView[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const outer = addresses.filter(({ internal }) => !internal);
    const [first] = outer;
    return first ? [{ name, mac: first.mac, addresses: outer.map(({ cidr, address }) => cidr ?? address) }] : [];
  });
}
