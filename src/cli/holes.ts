import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { HoleView } from '../model/view.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { findDaemon } from './daemon.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import type { Style } from './render/style.ts';
import { type Column, renderTable } from './render/table.ts';
import { escapeText } from './render/text.ts';
import { formatTime } from './render/time.ts';

export function registerHoles(program: Command, context: CliContext): void {
  const holes = program
    .command('holes')
    .summary('list what devices refuse to be asked')
    .description(
      'Lists the values that devices refuse, and where reads had to be cut. They are tried again by themselves, at least once a day.',
    )
    .argument('[device]', 'only this device')
    .helpCommand(false)
    .addHelpText('after', '\nExamples:\n  plantroom holes\n  plantroom holes meter-3\n  plantroom holes forget meter-3')
    .action((device: string | undefined, _options: unknown, command: Command) =>
      listHoles(context, device, command.optsWithGlobals()),
    );
  holes
    .command('forget')
    .summary('ask a device again for all it has refused')
    .description('Forgets what was learned of a device, so that its reads are tried whole at the next poll.')
    .argument('<device>', 'the id of the device')
    .action((device: string, _options: unknown, command: Command) =>
      forgetHoles(context, device, command.optsWithGlobals()),
    );
}

async function listHoles(context: CliContext, device: string | undefined, options: GlobalOptions): Promise<void> {
  const client = await findDaemon(context, options);
  const all = await client.holes();
  const holes = device === undefined ? all : all.filter(hole => hole.device === device);
  // An empty list must not hide a misspelt name.
  if (device !== undefined && holes.length === 0) mustKnow(device, (await client.status()).devices);
  if (options.json) printJson(context, { holes });
  else printLines(context, renderHoles(holes, widthOf(context.out), styleFor(context.out, context.env)));
}

function mustKnow(device: string, devices: readonly { readonly id: string }[]): void {
  if (devices.some(({ id }) => id === device)) return;
  throw new PlantroomError(`there is no device ${JSON.stringify(device)}`, {
    kind: 'not-found',
    hint: 'plantroom status lists all devices',
  });
}

async function forgetHoles(context: CliContext, device: string, options: GlobalOptions): Promise<void> {
  const client = await findDaemon(context, options);
  const reply = await client.command({ kind: 'forget-holes', device });
  if (options.json) printJson(context, reply);
  if (reply.kind === 'refused') {
    throw new PlantroomError(reply.message, { kind: 'not-found', hint: 'plantroom status lists all devices' });
  }
  if (!options.json) printLines(context, [escapeText(reply.message)]);
}

const columns: readonly Column[] = [
  { title: 'DEVICE', minWidth: 8 },
  { title: 'REFUSES', minWidth: 12 },
  { title: 'POINTS', minWidth: 12 },
  { title: 'SINCE' },
  { title: 'NEXT TRY' },
];

export function renderHoles(holes: readonly HoleView[], width: number | undefined, style: Style): string[] {
  if (holes.length === 0) return ['No device refuses anything.'];
  const rows = holes.map(hole => [
    hole.device,
    describeHole(hole),
    hole.points.map(key => key.slice(key.indexOf('/') + 1)).join(' '),
    formatTime(hole.since),
    formatTime(hole.nextTryAt),
  ]);
  return renderTable(columns, rows, width, style);
}

/** `holding-register 12–13`, or what a cut says: the two addresses that are not read together. */
function describeHole({ kind, table, address, count }: HoleView): string {
  if (kind === 'cut') return `${table} ${address - 1} and ${address} in one read`;
  return count === 1 ? `${table} ${address}` : `${table} ${address}–${address + count - 1}`;
}
