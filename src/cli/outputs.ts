import type { Command } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { PlantroomError } from '../base/errors.ts';
import { longestTestMs, type OutputView } from '../model/output.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { findDaemon } from './daemon.ts';
import { loginName } from './login-name.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import type { Style } from './render/style.ts';
import { type Column, renderTable } from './render/table.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';

export function registerOutputs(program: Command, context: CliContext): void {
  const outputs = program
    .command('outputs')
    .summary('show and test the beacons and sirens')
    .description(
      'Lists the beacons and sirens of the gateway: what they do, for which alarms, and whether their pins work.',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom outputs\n  plantroom outputs test siren --for 3s\n  plantroom outputs test siren --for 0s',
    )
    .action((_options: unknown, command: Command) => listOutputs(context, command.optsWithGlobals()));
  outputs
    .command('test')
    .summary('switch an output on to see whether it works')
    .description('Switches an output on for some seconds, whatever the alarms say. --for 0s ends a test.')
    .argument('<output>', 'the id of the output')
    .option('--for <duration>', 'for how long, at most 1m', parseTestTime, 5_000)
    .action((output: string, _options: unknown, command: Command) =>
      testOutput(context, output, command.optsWithGlobals()),
    );
}

function parseTestTime(written: string): number {
  const durationMs = parseDuration(written);
  if (durationMs !== undefined && durationMs <= longestTestMs) return durationMs;
  throw new PlantroomError(`--for ${written} is no time up to 1m`, { kind: 'usage', hint: 'write --for 5s' });
}

async function listOutputs(context: CliContext, options: GlobalOptions): Promise<void> {
  const client = await findDaemon(context, options);
  const outputs = await client.outputs();
  if (options.json) printJson(context, { outputs });
  else printLines(context, renderOutputs(outputs, widthOf(context.out), styleFor(context.out, context.env)));
}

async function testOutput(
  context: CliContext,
  output: string,
  options: GlobalOptions & { readonly for: number },
): Promise<void> {
  const client = await findDaemon(context, options);
  const reply = await client.command({
    kind: 'test-output',
    output,
    durationMs: options.for,
    who: loginName(context.env),
  });
  if (options.json) printJson(context, reply);
  if (reply.kind === 'refused') {
    throw new PlantroomError(reply.message, { kind: 'not-found', hint: 'plantroom outputs lists them' });
  }
  if (!options.json) printLines(context, [escapeText(reply.message)]);
}

const columns: readonly Column[] = [
  { title: 'OUTPUT', minWidth: 8 },
  { title: 'KIND' },
  { title: 'PIN' },
  { title: 'NOW', minWidth: 12 },
  { title: 'NAME', minWidth: 8 },
  { title: 'ALARMS', minWidth: 12 },
];

export function renderOutputs(outputs: readonly OutputView[], width: number | undefined, style: Style): string[] {
  if (outputs.length === 0) return ['The site has no outputs.'];
  const rows = outputs.map(output => {
    const paint = output.health === 'failing' ? style.bad : output.pattern === 'off' ? style.plain : style.warning;
    const now = { text: describeOutput(output), paint };
    return [output.id, output.kind, output.pin, now, output.name, output.alarms.join(' ')];
  });
  return renderTable(columns, rows, width, style);
}

/** `off`, `fast, 3 alarms`, `off, 2 alarms silenced`, `failing: there is no …` */
export function describeOutput({ pattern, why, alarms, silenced, health, lastFailure }: OutputView): string {
  if (health === 'failing') return `failing: ${lastFailure ?? 'no reason known'}`;
  if (why === 'test') return 'on, a test';
  const sounding = alarms.length - silenced;
  return [
    health === 'opening' ? `${pattern} (opening the pin)` : pattern,
    ...(sounding > 0 ? [countOf(sounding, 'alarm')] : []),
    ...(silenced > 0 ? [`${countOf(silenced, 'alarm')} silenced`] : []),
  ].join(', ');
}
