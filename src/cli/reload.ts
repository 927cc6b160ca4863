import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { CliContext } from './context.ts';
import { findDaemon } from './daemon.ts';
import { printJson, printLines } from './output.ts';
import { escapeText } from './render/text.ts';

export function registerReload(program: Command, context: CliContext): void {
  program
    .command('reload')
    .summary('let the daemon take up a changed site file')
    .description('Lets the daemon read its site file again. A wrong file is refused, and the old one goes on.')
    .addHelpText('after', '\nExamples:\n  plantroom check site.yaml && plantroom reload')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals();
      const client = await findDaemon(context, options);
      const reply = await client.command({ kind: 'reload' });
      if (options.json) printJson(context, reply);
      if (reply.kind === 'done') {
        if (!options.json) printLines(context, [escapeText(reply.message)]);
        return;
      }
      if (!options.json) printLines(context, reply.details.flatMap(detail => detail.split('\n')).map(escapeText));
      throw new PlantroomError(reply.message, {
        kind: 'refused',
        hint: 'nothing was changed: mend the file, look at it with plantroom check FILE, and reload again',
      });
    });
}
