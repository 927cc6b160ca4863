import type { Command } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { PlantroomError } from '../base/errors.ts';
import { type ProgressStep, progressSteps } from '../model/alarm.ts';
import type { AlarmCommandBody, AlarmCommandKind } from '../model/alarm-command.ts';
import type { CliContext } from './context.ts';
import { findDaemon } from './daemon.ts';
import { loginName } from './login-name.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import { escapeText } from './render/text.ts';

/** What people do with alarms: one verb for each. */
export function registerAcknowledge(program: Command, context: CliContext): void {
  registerOrder(program, context, {
    verb: 'ack',
    kind: 'acknowledge',
    summary: 'say that somebody has seen an alarm',
    description: 'Acknowledges alarms. One that has returned already leaves the list with it.',
    examples: ['ack booster/discharge-low', "ack 'booster/*' --reason 'Li Wei is on his way'"],
  });
}

export function registerReset(program: Command, context: CliContext): void {
  registerOrder(program, context, {
    verb: 'reset',
    kind: 'reset',
    summary: 'let go of an alarm that latches',
    description: 'Resets alarms that latch. They have to be acknowledged first, and their condition has to be gone.',
    examples: ['reset pump-1/dry-run'],
  });
}

export function registerShelve(program: Command, context: CliContext): void {
  registerOrder(program, context, {
    verb: 'shelve',
    kind: 'shelve',
    duration: 'for how long, 7d at most (default 8h)',
    summary: 'put an alarm aside for some time',
    description: 'Hides alarms for some time. What their condition does meanwhile is recorded, and nobody is called.',
    examples: [
      "shelve sump/level-high --reason 'float switch sticks, spare ordered'",
      "shelve lift --for 2h --reason 'yearly test'",
    ],
  });
}

export function registerUnshelve(program: Command, context: CliContext): void {
  registerOrder(program, context, {
    verb: 'unshelve',
    kind: 'unshelve',
    summary: 'show a shelved alarm again',
    description: 'Ends the shelving of alarms. One whose condition stands is raised.',
    examples: ['unshelve sump/level-high'],
  });
}

export function registerOutOfService(program: Command, context: CliContext): void {
  registerOrder(program, context, {
    verb: 'out-of-service',
    kind: 'out-of-service',
    duration: 'for how long, 90d at most; has to be given',
    summary: 'take an alarm, or a device, out of service',
    description: 'Hides alarms while somebody works on the plant. The id of a device means all its alarms.',
    examples: ["out-of-service pump-2 --for 2d --reason 'motor is rewound'"],
  });
}

export function registerInService(program: Command, context: CliContext): void {
  registerOrder(program, context, {
    verb: 'in-service',
    kind: 'in-service',
    summary: 'put an alarm, or a device, back into service',
    description: 'Ends out of service. An alarm whose condition stands is raised.',
    examples: ['in-service pump-2'],
  });
}

/** What people report of their work: the platform does it by the same commands. */
export function registerProgress(program: Command, context: CliContext): void {
  program
    .command('progress')
    .summary('report how far the work on an alarm is')
    .description(
      'Reports that somebody was dispatched, has arrived, has restored what the alarm tells of, or that the matter is closed. Deadlines of the priority count up to that. An alarm can be closed when its condition is gone; what is over already still takes reports until the daemon is restarted.',
    )
    .addArgument(program.createArgument('<step>', 'what has been done').choices(progressSteps))
    .argument('<alarms...>', 'keys of alarms, patterns with * and ?, or ids of devices')
    .option('--reason <text>', 'what else there is to say')
    .option('--who <name>', 'who reports it (default: the name you are logged in with)')
    .addHelpText(
      'after',
      "\nExamples:\n  plantroom progress dispatched lift-2/trapped --who 'Li Wei'\n  plantroom progress closed lift-2/trapped --reason 'door contact replaced'",
    )
    .action((kind: ProgressStep, alarms: string[], _options: unknown, called: Command) =>
      give(context, { kind }, alarms, called.optsWithGlobals()),
    );
}

interface Order {
  readonly verb: string;
  readonly kind: AlarmCommandKind;
  readonly summary: string;
  readonly description: string;
  /** What --for means; undefined for an order without an end. */
  readonly duration?: string;
  readonly examples: readonly string[];
}

interface OrderOptions extends GlobalOptions {
  readonly reason?: string;
  readonly who?: string;
  readonly for?: string;
}

function registerOrder(program: Command, context: CliContext, order: Order): void {
  const command = program
    .command(order.verb)
    .summary(order.summary)
    .description(order.description)
    .argument('<alarms...>', 'keys of alarms, patterns with * and ?, or ids of devices')
    .option('--reason <text>', order.duration === undefined ? 'why' : 'why; has to be given')
    .option('--who <name>', 'who does it (default: the name you are logged in with)');
  if (order.duration !== undefined) command.option('--for <duration>', order.duration);
  command
    .addHelpText('after', `\nExamples:\n${order.examples.map(example => `  plantroom ${example}`).join('\n')}`)
    .action((alarms: string[], _options: unknown, called: Command) =>
      give(context, order, alarms, called.optsWithGlobals()),
    );
}

async function give(
  context: CliContext,
  { kind }: Pick<Order, 'kind'>,
  alarms: readonly string[],
  options: OrderOptions,
): Promise<void> {
  checkOptions(kind, options);
  const client = await findDaemon(context, options);
  const body: AlarmCommandBody = {
    kind,
    alarms,
    who: options.who ?? loginName(context.env),
    ...(options.reason !== undefined && { reason: options.reason }),
    ...(options.for !== undefined && { for: options.for }),
  };
  const reply = await client.command(body);
  if (options.json) printJson(context, reply);
  if (reply.kind === 'done') {
    if (!options.json) printLines(context, [escapeText(reply.message)]);
    return;
  }
  const [hint, more] = reply.details;
  // A single one is what to do about it; several are alarms, each with its own reason.
  const isHint = hint !== undefined && more === undefined;
  if (!options.json && !isHint) printLines(context, reply.details.map(escapeText));
  throw new PlantroomError(reply.message, {
    kind: reply.isUnknown ? 'not-found' : 'refused',
    hint: isHint ? hint : 'nothing was changed',
  });
}

/** Before anybody is asked, and in the words of the command line. */
function checkOptions(kind: AlarmCommandKind, { reason, for: lasts }: OrderOptions): void {
  if (kind !== 'shelve' && kind !== 'out-of-service') return;
  if (reason === undefined) {
    const hint = "whoever comes next has to know why an alarm is hidden: --reason 'float switch sticks'";
    throw new PlantroomError('--reason is missing', { kind: 'usage', hint });
  }
  if (lasts === undefined && kind === 'out-of-service') {
    throw new PlantroomError('--for is missing', {
      kind: 'usage',
      hint: 'how long will it take? --for 8h or --for 2d',
    });
  }
  if (lasts !== undefined && !((parseDuration(lasts) ?? 0) > 0)) {
    throw new PlantroomError(`--for ${lasts} is no duration`, { kind: 'usage', hint: 'write --for 30min, 8h or 2d' });
  }
}
