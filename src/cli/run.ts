import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Api, claimSocketPath, createApi } from '../api/server.ts';
import { exitCodes, messageOf } from '../base/errors.ts';
import { createLog, type Log, type LogLevel } from '../base/log.ts';
import type { Gateway } from '../gateway.ts';
import type { CliContext } from './context.ts';
import { firstFolder, socketName } from './daemon.ts';
import { type GlobalOptions, oneOf } from './options.ts';
import { loadApartOrExplain } from './site-file.ts';

/** How long stages may take to stop before the process ends without them. Everything accepted is on the disk by then. */
const stopTimeoutMs = 10_000;

/**
 * A signal that comes again within this time is the same one: a terminal sends Ctrl-C to every process of the
 * foreground, and a parent passes its own on. After it, a second one means "at once".
 */
const sameSignalMs = 1_000;

interface RunOptions extends GlobalOptions {
  readonly site: string;
  readonly data?: string;
  readonly logLevel: LogLevel;
}

export function registerRun(program: Command, context: CliContext): void {
  program
    .command('run')
    .summary('run the gateway')
    .description(
      'Runs the gateway until it is told to stop (SIGTERM, SIGINT). SIGHUP takes up a changed site file. Logs go to standard error, one JSON object a line.',
    )
    .requiredOption('--site <file>', 'the site file')
    .option('--data <folder>', 'where the database is kept (default: $STATE_DIRECTORY, else var/<gateway id>)')
    .option('--log-level <level>', 'debug, info, warn or error', oneOf('--log-level', logLevels), 'info')
    .addHelpText(
      'after',
      '\nThe socket is --socket, else plantroom.sock in $RUNTIME_DIRECTORY or the data folder.\n\nExamples:\n  plantroom run --site site.yaml\n  plantroom run --site site.yaml --data /var/lib/plantroom --log-level debug',
    )
    .action((_options: unknown, command: Command) => run(context, command.optsWithGlobals()));
}

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

async function run(context: CliContext, options: RunOptions): Promise<void> {
  const sitePath = resolve(context.cwd, options.site);
  const loaded = await loadApartOrExplain(context.err, options.site);
  const { site, loadSite } = loaded;
  const { dataFolder, socketPath } = placesFor(context, options, site.gateway.id);
  await claimSocketPath(socketPath);
  const log = createLog(options.logLevel, context.clock);
  // The database and the protocol libraries are only loaded by the verb that needs them.
  const { createGateway } = await import('../gateway.ts');
  const { clock, random, version } = context;
  const gateway = createGateway({ sitePath, site, loadSite, dataFolder, clock, random, log, version, tidyUp });
  for (const warning of loaded.warnings) log.warn({ site: sitePath }, warning);
  const api = createApi({ gateway, socketPath, log });
  const orders = listenToSignals(context, log, gateway);
  try {
    // A start that hangs can be stopped as well.
    await Promise.race([startBoth(gateway, api).then(() => orders.stop), orders.stopAtOnce]);
  } finally {
    await stopBoth(context, gateway, api, log, orders.stopAtOnce);
    orders.end();
  }
}

/** Reading the site and planning the reads leave pages half empty for as long as the process lives, but for this. */
function tidyUp(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Where this gateway keeps its data and listens. */
function placesFor(context: CliContext, options: RunOptions, gatewayId: string) {
  const { env, cwd } = context;
  const [stateFolder] = firstFolder(env.STATE_DIRECTORY);
  const [runtimeFolder] = firstFolder(env.RUNTIME_DIRECTORY);
  // basename: an id is checked by the site file, but a folder name is worth checking twice.
  const dataFolder = resolve(cwd, options.data ?? stateFolder ?? join('var', basename(gatewayId)));
  const named = options.socket ?? env.PLANTROOM_SOCKET;
  const socketPath = named ? resolve(cwd, named) : join(runtimeFolder ?? dataFolder, socketName);
  return { dataFolder, socketPath };
}

/** The gateway first: who gets an answer on the socket gets it from a gateway that runs. */
async function startBoth(gateway: Gateway, api: Api): Promise<void> {
  await gateway.start();
  await api.start();
}

/** The api first, so that nobody asks a gateway that is half stopped. */
async function stopBoth(
  context: CliContext,
  gateway: Gateway,
  api: Api,
  log: Log,
  stopAtOnce: Promise<void>,
): Promise<void> {
  const timedOut = new AbortController();
  const stopped = api
    .stop()
    .then(() => gateway.stop())
    .then(
      () => true,
      thrown => {
        log.error({ failure: messageOf(thrown) }, 'the gateway did not stop cleanly');
        return false;
      },
    );
  const late = context.clock.sleep(stopTimeoutMs, timedOut.signal).then(
    () => false,
    () => false,
  );
  const isClean = await Promise.race([stopped, late, stopAtOnce.then(() => false)]);
  timedOut.abort();
  if (isClean) return;
  log.error({}, 'the process ends without waiting for every stage');
  context.exitCode = exitCodes.internal;
}

/** Turns signals into orders: stop, stop at once, reload. */
function listenToSignals(context: CliContext, log: Log, gateway: Gateway) {
  const stop = Promise.withResolvers<void>();
  const stopAtOnce = Promise.withResolvers<void>();
  let stoppingSinceMono: number | undefined;
  const onStop = (signal: string) => {
    const nowMono = context.clock.monoMs();
    if (stoppingSinceMono === undefined) {
      stoppingSinceMono = nowMono;
      log.info({ signal }, 'stopping');
      stop.resolve();
    } else if (nowMono - stoppingSinceMono > sameSignalMs) {
      stopAtOnce.resolve();
    }
  };
  const onReload = () => {
    gateway.handle({ kind: 'reload' }).then(
      reply => {
        if (reply.kind === 'refused') log.warn({ details: reply.details }, reply.message);
      },
      thrown => log.error({ failure: messageOf(thrown) }, 'the reload failed'),
    );
  };
  const { signals } = context;
  signals.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onReload);
  return {
    stop: stop.promise,
    stopAtOnce: stopAtOnce.promise,
    end: () => void signals.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onReload),
  };
}
