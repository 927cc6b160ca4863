import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import { createLog, type Log } from '../base/log.ts';
import type { Output } from '../receive/output.ts';
import type { Receiver, ReceiverOptions } from '../receive/receiver.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { printJson } from './output.ts';
import { createReceiveDisplay } from './receive-display.ts';
import { untilSignal } from './signals.ts';

const keepaliveMs = 15_000;

/** How long the broker keeps for us what we were not there to take. */
const sessionExpiryMs = 7 * 24 * 3_600_000;

interface ReceiveOptions extends GlobalOptions {
  readonly url: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly prefix: string;
  readonly clientId?: string;
  readonly gateway?: string;
  readonly out?: string;
  readonly postgres?: string;
  readonly confirm?: boolean;
  readonly giveUpGaps?: boolean;
}

export function registerReceive(program: Command, context: CliContext): void {
  program
    .command('receive')
    .summary('be the platform: take what gateways send, and confirm it')
    .description(
      'The reference platform. Subscribes to what gateways send, drops duplicates, writes the rest to a file or a database, and acknowledges it to the broker only when it is on the disk. Runs until it is told to stop; the broker keeps for a week what comes meanwhile.',
    )
    .requiredOption('--url <url>', 'the broker: mqtt://host:port, or mqtts://host:port')
    .option('--username <name>', 'the account')
    .option('--password-file <file>', 'a file with the password and nothing else')
    .option('--ca <file>', 'PEM file of the authority that signed the broker (default: those of the system)')
    .option('--cert <file>', 'PEM file with a certificate of our own')
    .option('--key <file>', 'PEM file with its key')
    .option('--prefix <topic>', 'the topics in front of the gateway id', 'plantroom')
    .option(
      '--client-id <id>',
      'names the session at the broker; every receiver needs its own (default: made of this machine and the output)',
    )
    .option('--gateway <id>', 'only this gateway (default: all)')
    .option('--out <file>', 'write JSON lines, one record a line; the file is also what knows duplicates')
    .option(
      '--postgres <url>',
      'write to this PostgreSQL database; tables are made when missing (needs the package pg)',
    )
    .option('--confirm', 'tell each gateway what has arrived, for uplinks with confirm: platform')
    .option('--give-up-gaps', 'count as lost what is missing now, and confirm what came after it')
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom receive --url mqtt://127.0.0.1:1883 --out events.jsonl\n  plantroom receive --url mqtts://broker:8883 --username platform --password-file secret --ca ca.pem --postgres postgres://platform@db/plant --confirm\n  tail -f events.jsonl | jq \'select(.kind == "alarm").body.data.message\'',
    )
    .action((_options: unknown, command: Command) => receive(context, command.optsWithGlobals()));
}

async function receive(context: CliContext, options: ReceiveOptions): Promise<void> {
  checkOptions(options);
  const broker = await brokerOf(context, options);
  const display = createReceiveDisplay(context, options.json === true);
  const log = display.log ?? createLog('info', context.clock);
  // The database drivers and the MQTT library are only loaded by the verb that needs them.
  const output = await openOutput(context, options);
  let receiver: Receiver | undefined;
  try {
    if (options.giveUpGaps) await output.giveUpGaps();
    receiver = await build(context, options, broker, output, log);
    display.begin(receiver, output.name);
    const running = receiver;
    await untilSignal(context, quit => running.run(quit.signal));
  } finally {
    display.end();
    await output.close();
  }
  if (options.json) printJson(context, { ...receiver.counts(), output: output.name });
}

async function build(
  context: CliContext,
  options: ReceiveOptions,
  broker: ReceiverOptions['broker'],
  output: Output,
  log: Log,
): Promise<Receiver> {
  const { createReceiver } = await import('../receive/receiver.ts');
  const { openInbox } = await import('../uplink/inbox.ts');
  const { clock, random } = context;
  const { prefix, gateway = '+', confirm: isConfirming = false } = options;
  return createReceiver({ broker, openInbox, prefix, gateway, isConfirming, output, clock, random, log });
}

async function openOutput(context: CliContext, { out, postgres }: ReceiveOptions): Promise<Output> {
  if (postgres !== undefined) {
    const { openPostgresOutput } = await import('../receive/postgres-output.ts');
    return openPostgresOutput(postgres, context.clock);
  }
  const { openJsonlOutput } = await import('../receive/jsonl-output.ts');
  return openJsonlOutput(resolve(context.cwd, out ?? ''), context.clock);
}

async function brokerOf(context: CliContext, options: ReceiveOptions): Promise<ReceiverOptions['broker']> {
  const path = (file: string | undefined) => (file === undefined ? undefined : resolve(context.cwd, file));
  const passwordPath = path(options.passwordFile);
  return {
    url: options.url,
    clientId: options.clientId ?? ownClientId(context, options),
    username: options.username,
    password: passwordPath === undefined ? undefined : await readPassword(context, passwordPath),
    keepaliveMs,
    sessionExpiryMs,
    tls: { ca: path(options.ca), cert: path(options.cert), key: path(options.key) },
  };
}

/** Two receivers of one name would take each other's messages away, so that each would miss some. */
function ownClientId({ cwd }: CliContext, { out, postgres }: ReceiveOptions): string {
  const output = postgres ?? resolve(cwd, out ?? '');
  const digest = createHash('sha256').update(`${hostname()}\n${output}`).digest('hex');
  return `plantroom-receive-${digest.slice(0, 8)}`;
}

async function readPassword(context: CliContext, path: string): Promise<string> {
  const { readSecret, systemSecretSources } = await import('../site/site-loader.ts');
  const warn = (text: string) => context.err.write(`warning: ${text}\n`);
  return readSecret({ kind: 'file', path }, systemSecretSources(warn));
}

function checkOptions({ url, out, postgres, cert, key, prefix, gateway, clientId }: ReceiveOptions): void {
  const wrong = (message: string, hint: string) => new PlantroomError(message, { kind: 'usage', hint });
  if ((out === undefined) === (postgres === undefined)) {
    throw wrong('say where to write: to a file or to a database', 'give either --out FILE or --postgres URL');
  }
  const { protocol, username } = URL.parse(url) ?? {};
  if (protocol !== 'mqtt:' && protocol !== 'mqtts:') {
    throw wrong('--url is no address of a broker', 'write mqtts://HOST:PORT with TLS, or mqtt://HOST:PORT without');
  }
  if (username) throw wrong('--url holds a name or a password', 'use --username and --password-file');
  if ((cert === undefined) !== (key === undefined)) throw wrong('--cert and --key belong together', 'give both');
  if (clientId === '') throw wrong('--client-id is empty', 'give a name that no other client of the broker has');
  for (const [name, text] of [['--prefix', prefix] as const, ['--gateway', gateway ?? 'x'] as const]) {
    if (text !== '' && !/[+#\s]/.test(text) && !/^\/|\/$/.test(text)) continue;
    throw wrong(`${name} is ${JSON.stringify(text)}, which is no topic`, 'leave + and # and spaces out of it');
  }
}
