import { Command, CommanderError } from 'commander';
import { exitCodes, PlantroomError } from '../base/errors.ts';
import type { CliContext } from './context.ts';
import { reportFailure } from './failure.ts';

type Register = (program: Command, context: CliContext) => void;

/**
 * The verbs, in the order of the help text. Each is loaded when it is needed, so that the daemon does not carry the
 * simulator in its memory.
 */
const verbs: Readonly<Record<string, () => Promise<Register>>> = {
  run: async () => (await import('./run.ts')).registerRun,
  check: async () => (await import('./check.ts')).registerCheck,
  watch: async () => (await import('./watch.ts')).registerWatch,
  points: async () => (await import('./points.ts')).registerPoints,
  alarms: async () => (await import('./alarms.ts')).registerAlarms,
  ack: async () => (await import('./alarm-orders.ts')).registerAcknowledge,
  reset: async () => (await import('./alarm-orders.ts')).registerReset,
  shelve: async () => (await import('./alarm-orders.ts')).registerShelve,
  unshelve: async () => (await import('./alarm-orders.ts')).registerUnshelve,
  'out-of-service': async () => (await import('./alarm-orders.ts')).registerOutOfService,
  'in-service': async () => (await import('./alarm-orders.ts')).registerInService,
  progress: async () => (await import('./alarm-orders.ts')).registerProgress,
  status: async () => (await import('./status.ts')).registerStatus,
  holes: async () => (await import('./holes.ts')).registerHoles,
  outputs: async () => (await import('./outputs.ts')).registerOutputs,
  silence: async () => (await import('./silence.ts')).registerSilence,
  reload: async () => (await import('./reload.ts')).registerReload,
  ports: async () => (await import('./ports.ts')).registerPorts,
  scan: async () => (await import('./scan.ts')).registerScan,
  probe: async () => (await import('./probe.ts')).registerProbe,
  export: async () => (await import('./export.ts')).registerExport,
  replay: async () => (await import('./replay.ts')).registerReplay,
  suggest: async () => (await import('./suggest.ts')).registerSuggest,
  audit: async () => (await import('./audit.ts')).registerAudit,
  backup: async () => (await import('./backup.ts')).registerBackup,
  restore: async () => (await import('./restore.ts')).registerRestore,
  receive: async () => (await import('./receive.ts')).registerReceive,
  demo: async () => (await import('./demo.ts')).registerDemo,
  sim: async () => (await import('./sim.ts')).registerSim,
};

/**
 * The command line.
 *
 * @param argv what stands after the program's name
 * @returns the exit code (docs/cli.md)
 */
export async function main(argv: readonly string[], context: CliContext): Promise<number> {
  const isJson = argv.includes('--json');
  try {
    const program = createProgram(context);
    for (const load of verbsFor(argv)) (await load())(program, context);
    await program.parseAsync(argv, { from: 'user' });
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
  return new Command('plantroom')
    .commandsGroup('Verbs:')
    .description('Polls plant equipment, detects alarms on the spot, keeps them and forwards them over MQTT.')
    .usage('<verb> [options]')
    .option('--socket <path>', 'the socket of the daemon that is meant')
    .option('--json', 'answer as JSON, for scripts')
    .version(context.version, '--version', 'print the version')
    .helpOption('-h, --help', 'explain')
    .helpCommand('help [verb]', 'explain a verb')
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
    })
    .addHelpText('after', '\nExit codes, JSON shapes and how the daemon is found: docs/cli.md');
}

/** The one verb that stands first; all of them where help or a suggestion may be needed. */
function verbsFor(argv: readonly string[]): readonly (() => Promise<Register>)[] {
  const first = argv.find(word => !word.startsWith('-')) ?? '';
  const load = Object.hasOwn(verbs, first) ? verbs[first] : undefined;
  return load === undefined ? Object.values(verbs) : [load];
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
