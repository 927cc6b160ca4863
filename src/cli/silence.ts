import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { CliContext } from './context.ts';
import { findDaemon } from './daemon.ts';
import { loginName } from './login-name.ts';
import { printJson, printLines } from './output.ts';
import { escapeText } from './render/text.ts';

export function registerSilence(program: Command, context: CliContext): void {
  program
    .command('silence')
    .summary('switch the sirens off until a new alarm comes')
    .description(
      'Switches the sirens of the gateway off. A new alarm switches them on again; beacons stay on, and no alarm is acknowledged by it.',
    )
    .option('--who <name>', 'who does it (default: the name you are logged in with)')
    .addHelpText('after', "\nExamples:\n  plantroom silence\n  plantroom silence --who 'Li Wei'")
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals();
      const client = await findDaemon(context, options);
      const reply = await client.command({ kind: 'silence', who: options.who ?? loginName(context.env) });
      if (options.json) printJson(context, reply);
      if (reply.kind === 'refused')
        throw new PlantroomError(reply.message, { kind: 'refused', hint: reply.details[0] ?? 'no siren was silenced' });
      if (!options.json) printLines(context, [escapeText(reply.message)]);
    });
}
