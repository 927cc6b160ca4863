import { Command, CommanderError } from 'commander';
import { exitCodes, PlantroomError } from '../base/errors.ts';
import { registerAlarms } from './alarms.ts';
import { registerCheck } from './check.ts';
import type { CliContext } from './context.ts';
import { reportFailure } from './failure.ts';
import { registerPoints } from './points.ts';
import { registerReload } from './reload.ts';
import { registerRun } from './run.ts';
import { registerSim } from './sim.ts';
import { registerStatus } from './status.ts';
import { registerWatch } from './watch.ts';

/**
 * The command line.
 *
 * @param argv what stands after the program's name
 * @returns the exit code (docs/cli.md)
 */
export async function main(argv: readonly string[], context: CliContext): Promise<number> {
  const isJson = argv.includes('--json');
  try {
    await createProgram(context).parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return reportFailure(context, thrown, isJson);
    if (thrown.exitCode === 0) return 0;
    // Help was asked for by giving no verb at all, and was already printed.
    if (thrown.code === 'commander.help') return exitCodes.usage;
    return reportFailure(context, asUsageError(thrown, argv), isJson);
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command('plantroom')
    .description('Polls plant equipment, detects alarms on the spot, keeps them and forwards them over MQTT.')
    .usage('<verb> [options]')
    .option('--socket <path>', 'the socket of the daemon that is meant')
    .option('--json', 'answer as JSON, for scripts')
    .version(context.version, '--version', 'print the version')
    .helpOption('-h, --help', 'explain')
    .helpCommand('help [verb]', 'explain a verb')
    .commandsGroup('Verbs:')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: text => context.out.write(text),
      writeErr: text => context.err.write(text),
      // What is wrong is said once, in our own two lines.
      outputError: () => {},
      getOutHelpWidth: () => context.out.columns ?? 80,
      getErrHelpWidth: () => context.err.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  const registers = [
    registerRun,
    registerCheck,
    registerWatch,
    registerPoints,
    registerAlarms,
    registerStatus,
    registerReload,
    registerSim,
  ];
  for (const register of registers) register(program, context);
  return program.addHelpText('after', '\nExit codes, JSON shapes and how the daemon is found: docs/cli.md');
}

/** What commander says, in our words: `error: unknown command 'pionts'\n(Did you mean points?)`. */
function asUsageError(error: CommanderError, argv: readonly string[]): PlantroomError {
  const [first = '', second = ''] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (.+)\?\)$/.exec(second)?.[1];
  const message = first.replace(/^unknown command/, 'there is no verb');
  return new PlantroomError(message, { kind: 'usage', hint: usageHint(error.code, suggestion, argv) });
}

function usageHint(code: string, suggestion: string | undefined, argv: readonly string[]): string {
  if (suggestion !== undefined) return `did you mean ${suggestion}?`;
  if (code === 'commander.unknownCommand') return 'plantroom --help lists all verbs';
  const verb = argv.find(word => /^[a-z]+$/.test(word));
  if (code === 'commander.excessArguments' && (verb === 'points' || verb === 'watch')) {
    return 'put the pattern into quotes, so that the shell leaves its * alone';
  }
  return `see plantroom ${verb === undefined ? '' : `${verb} `}--help`;
}
