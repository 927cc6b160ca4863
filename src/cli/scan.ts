import type { Command } from 'commander';
import { formatAge } from '../base/duration.ts';
import { exitCodes, PlantroomError } from '../base/errors.ts';
import type { ScanWords as BacnetScanWords } from './bacnet/scan.ts';
import type { CliContext } from './context.ts';
import { createDaemonAsker, createDirectAsker } from './modbus/asker.ts';
import { openPlantSource, type PlantSource } from './modbus/plant-source.ts';
import { matchProfile } from './modbus/profile-match.ts';
import { createScanDisplay, type ScanDisplay } from './modbus/scan-display.ts';
import { countQuestions, estimateMs, type ScanPlan } from './modbus/scan-plan.ts';
import { type Found, runScan } from './modbus/scan-run.ts';
import { planScan, type ScanWords } from './modbus/scan-target.ts';
import { type FoundDevice, scanDocument } from './modbus/scan-view.ts';
import { duration, type GlobalOptions, oneOf, wholeNumber } from './options.ts';
import { printJson } from './output.ts';
import { untilSignal } from './signals.ts';

type ScanOptions = GlobalOptions & Omit<ScanWords, 'where'>;

export function registerScan(program: Command, context: CliContext): void {
  const scan = program
    .command('scan')
    .summary('look for devices on a line or a network')
    .description('Looks for devices. Nothing is ever written to one.')
    .helpCommand(false);
  scan
    .command('modbus')
    .summary('ask unit ids for a sign of life')
    .description(
      'Asks unit ids one by one: on a serial line over baud rates and parities, on a network over an explicit range of hosts. Ctrl-C keeps what was found. Nothing is ever written.',
    )
    .argument('[where]', 'a serial port, a bus of the site, tcp://host:port or rtu-over-tcp://host:port')
    .option('--hosts <range>', '192.168.1.10-40, or up to 192.168.1.0/24')
    .option('--port <n>', 'the TCP port of --hosts (default: 502)', wholeNumber('--port', 1, 65_535))
    .option('--units <list>', 'for example 1-32,40 (default: 1-247 on a line, 1 on a network)')
    .option('--baud <list>', 'baud rates to try (default: 9600,19200)')
    .option('--parity <list>', 'parities to try (default: none,even)')
    .option('--stop-bits <n>', '1 or 2 (default: 1)', oneOf('--stop-bits', ['1', '2'] as const))
    .option(
      '--timeout <duration>',
      'how long a device may take (default: 200ms on a line, 500ms on a network)',
      duration('--timeout', '10ms', '10s'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom scan modbus /dev/ttyUSB0\n  plantroom scan modbus /dev/ttyUSB0 --baud 9600 --parity none,even,odd --units 1-32\n  plantroom scan modbus --hosts 192.168.1.10-40',
    )
    .action((where: string | undefined, _options: unknown, command: Command) =>
      scanModbus(context, where, command.optsWithGlobals()),
    );
  registerBacnet(scan, context);
}

function registerBacnet(scan: Command, context: CliContext): void {
  scan
    .command('bacnet')
    .summary('ask BACnet/IP devices who is there')
    .description(
      'Asks who is there (Who-Is) and lists the devices that answer; with --objects their objects too, with --write as devices and points of the site file. Goes through the daemon where it owns the port. Nothing is ever written to a device.',
    )
    .option('--interface <name>', 'the network interface to ask through, for example eth0')
    .option('--address <ip>', 'the same by our own IPv4 address on it (default: all interfaces)')
    .option('--port <n>', 'the UDP port (default: 47808)', wholeNumber('--port', 1, 65_535))
    .option('--bus <id>', 'a bus of the site (default: all BACnet buses of the site)')
    .option('--site <file>', 'the site file: its buses while no daemon runs, and what --write writes to')
    .option('--to <host>', 'ask only there, HOST or HOST:PORT: no broadcast')
    .option('--instances <range>', 'only devices with these instances: 1000..1999')
    .option('--network <number>', 'only devices of a network behind a router: 200, or one of them: 200:0c')
    .option('--bbmd <host>', 'register as a foreign device with a BBMD of another subnet, which passes the question on')
    .option('--wait <duration>', 'how long to listen (default: 3s)', duration('--wait', '200ms', '20s'))
    .option(
      '--timeout <duration>',
      'how long a device may take to answer (default: 3s)',
      duration('--timeout', '50ms', '10s'),
    )
    .option('--objects [instances]', 'list the objects of the devices found, or of these: 1001')
    .option('--write', 'add the devices, with their objects as points, to the site file')
    .option('--choose <patterns>', "only objects like these, by type or name: 'analog-*,*temp*' (default: all)")
    .option('--yes', 'write without asking')
    .addHelpText(
      'after',
      "\nExamples:\n  plantroom scan bacnet --interface eth0\n  plantroom scan bacnet --instances 1000..1999 --bbmd 10.1.0.2\n  plantroom scan bacnet --to 10.0.0.5 --objects\n  plantroom scan bacnet --objects 1001 --write --choose 'analog-*,*alarm*' --site site.yaml",
    )
    .action(async (_options: unknown, command: Command) => {
      const { scanBacnet } = await import('./bacnet/scan.ts');
      await scanBacnet(context, command.optsWithGlobals<BacnetScanWords>());
    });
}

async function scanModbus(context: CliContext, where: string | undefined, options: ScanOptions): Promise<void> {
  const source = await openPlantSource(context, options);
  const plan = await planScan(context, source, { ...options, where });
  const total = countQuestions(plan);
  const display = createScanDisplay(context, plan, { isJson: options.json === true, estimateMs: estimateMs(plan) });
  display.begin(`${describeSize(plan)}: up to ${formatAge(estimateMs(plan))}, Ctrl-C keeps what was found`);
  const { found, isComplete } = await run(context, source, plan, display);
  if (options.json) printJson(context, scanDocument(plan, found, display.asked(), isComplete));
  if (!isComplete) {
    display.end(`Stopped after ${display.asked()} of ${total} questions, ${found.length} found.`);
    context.exitCode = exitCodes.interrupted;
  } else if (found.length === 0) {
    display.end(undefined);
    throw nothingFound(plan);
  } else display.end(`Done: ${found.length} found.`);
}

async function run(context: CliContext, source: PlantSource, plan: ScanPlan, display: ScanDisplay) {
  const found: FoundDevice[] = [];
  const { readProfileHeads } = await import('../site/site.ts');
  let heads: ReturnType<typeof readProfileHeads> | undefined;
  const profileOf = ({ identity }: Found) => {
    if (!identity) return undefined;
    heads ??= readProfileHeads();
    return matchProfile(identity, heads);
  };
  const isComplete = await untilSignal(context, async quit => {
    try {
      await runScan({
        plan,
        clock: context.clock,
        signal: quit.signal,
        openAsker: async ({ bus, isThroughDaemon }) =>
          isThroughDaemon && source.client
            ? createDaemonAsker(source.client, bus)
            : createDirectAsker(bus, context.clock),
        onAsked: display.onAsked,
        onFound(one) {
          const device = { ...one, profile: profileOf(one) };
          found.push(device);
          display.onFound(device);
        },
      });
    } finally {
      display.clear();
    }
    return !quit.signal.aborted;
  });
  return { found, isComplete };
}

function describeSize({ stops }: ScanPlan): string {
  const [first] = stops;
  const units = first?.units.length ?? 0;
  const unitText = units === 1 ? `unit ${first?.units[0]}` : `${units} units`;
  return stops.length === 1
    ? `${unitText} on ${first?.label}`
    : `${unitText} on each of ${stops.length} settings or hosts`;
}

function nothingFound({ stops }: ScanPlan): PlantroomError {
  const isLine = stops.some(({ bus }) => bus.protocol !== 'modbus-tcp');
  return new PlantroomError('nothing answered', {
    kind: 'not-found',
    hint: isLine
      ? 'check power, whether A and B are swapped, and the terminator; then try other --baud and --parity, or a longer --timeout'
      : 'check cable, address and net mask; then try --port, --units 1-247, or a longer --timeout',
  });
}
