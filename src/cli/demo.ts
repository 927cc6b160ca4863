import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { createApiClient } from '../api/client.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Site } from '../model/site.ts';
import { openBroker } from '../sim/broker.ts';
import { type ControlClient, createControlClient } from '../sim/control-client.ts';
import { controlSocketIn } from '../sim/control-socket.ts';
import { createPlatform, type ReceivedAlarm } from '../sim/platform.ts';
import { type CliContext, styleFor } from './context.ts';
import { socketName } from './daemon.ts';
import { Child, projectFolder } from './demo/child.ts';
import { Keeper } from './demo/keeper.ts';
import { type Legend, legendOf } from './demo/legend.ts';
import { Observer } from './demo/observer.ts';
import { type Story, stepStory } from './demo/story.ts';
import { type DemoPicture, describeLegend, describeReceived, describeValues, renderDemo } from './demo/view.ts';
import type { GlobalOptions } from './options.ts';
import { printLines } from './output.ts';
import { Screen } from './screen.ts';
import { loadSiteOrExplain } from './site-file.ts';

interface DemoOptions extends GlobalOptions {
  readonly site?: string;
  readonly data?: string;
}

/** The screen is drawn, and the story goes on, this often. */
const refreshMs = 500;
const plainValuesMs = 5_000;
/** Alarm events that the platform remembers for the screen. */
const keptAlarms = 50;
/** How long the simulator may take to answer for the first time, on a slow machine. */
const simulatorStartMs = 20_000;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const ctrlC = '\x03';

export function registerDemo(program: Command, context: CliContext): void {
  program
    .command('demo')
    .summary('run a simulated plant room, end to end')
    .description(
      'Runs a simulated plant, an MQTT broker with a small platform, and the gateway between them, until Ctrl-C. Something breaks after a few seconds.',
    )
    .option('--site <file>', 'another site file, all on this machine (default: config/demo.yaml of plantroom)')
    .option('--data <folder>', 'where the database and the sockets are kept (default: var/demo of plantroom)')
    .action((_options: unknown, command: Command) => runDemo(context, command.optsWithGlobals()));
}

async function runDemo(context: CliContext, options: DemoOptions): Promise<void> {
  const quit = new AbortController();
  const onSignal = () => quit.abort();
  for (const signal of stopSignals) context.signals.on(signal, onSignal);
  try {
    await openDemo(context, options, quit);
  } finally {
    for (const signal of stopSignals) context.signals.off(signal, onSignal);
  }
}

/** Starts everything, shows it until it is time to quit, and stops everything again. */
async function openDemo(context: CliContext, options: DemoOptions, quit: AbortController): Promise<void> {
  const places = placesFor(context, options);
  const site = await loadSiteOrExplain(context.err, places.sitePath);
  const legend = legendOf(site);
  const platform = createPlatform(context.clock, keptAlarms);
  const show = context.out.isTTY ? createScreenShow(context, quit) : createPlainShow(context, legend);
  const broker = await openBroker({
    ...brokerAddress(site, places.sitePath),
    onMessage: (topic, payload) => {
      const alarm = platform.receive(topic, payload);
      if (alarm) show.received(alarm);
    },
  });
  try {
    await runPlant(context, places, { platform, legend }, show, quit.signal);
  } finally {
    show.end();
    await broker.close();
  }
}

interface Places {
  /** As a person would write it in the current folder. */
  readonly sitePath: string;
  readonly dataFolder: string;
  readonly gatewaySocket: string;
  readonly controlSocket: string;
}

function placesFor({ cwd }: CliContext, options: DemoOptions): Places {
  const site = options.site === undefined ? join(projectFolder, 'config', 'demo.yaml') : resolve(cwd, options.site);
  const dataFolder = options.data === undefined ? join(projectFolder, 'var', 'demo') : resolve(cwd, options.data);
  return {
    sitePath: relative(cwd, site),
    dataFolder,
    gatewaySocket: join(dataFolder, socketName),
    controlSocket: controlSocketIn(dataFolder),
  };
}

/** Where the gateway will look for its broker. */
function brokerAddress(site: Site, sitePath: string): { readonly host: string; readonly port: number } {
  const wrong = (message: string) =>
    new PlantroomError(message, { kind: 'site', hint: `write uplink: {url: mqtt://127.0.0.1:18830} into ${sitePath}` });
  const [url] = site.uplinks[0]?.urls ?? [];
  if (url === undefined) throw wrong(`${sitePath} has no uplink, and the demo shows what arrives there`);
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'mqtt:' || !/^(127(\.\d+){3}|localhost)$/.test(hostname)) {
    throw wrong(`the uplink of ${sitePath} is ${url}, and the demo's broker is on this machine, without TLS`);
  }
  return { host: hostname, port: port === '' ? 1883 : Number(port) };
}

/** What a picture has beside the values. */
type Shown = Pick<DemoPicture, 'platform' | 'legend'>;

/** Runs the simulator and the gateway as processes of their own. */
async function runPlant(
  context: CliContext,
  places: Places,
  shown: Shown,
  show: Show,
  quit: AbortSignal,
): Promise<void> {
  const { clock, env } = context;
  const site = resolve(context.cwd, places.sitePath);
  const notices: string[] = [];
  const onRestart = (notice: string) => {
    notices.push(notice);
    show.notice(notice);
  };
  const keep = (name: string, args: readonly string[]) =>
    new Keeper({ start: () => new Child({ name, args: [...args, '--json'], env, clock }), clock, onRestart });
  const simulator = createControlClient(places.controlSocket);
  const keepers = [keep('simulator', ['sim', 'run', '--site', site, '--data', places.dataFolder])];
  try {
    await Promise.race([waitForSimulator(context, simulator, quit), ...keepers.map(keeper => keeper.givenUp)]);
    if (quit.aborted) return;
    const where = ['--data', places.dataFolder, '--socket', places.gatewaySocket];
    keepers.push(keep('gateway', ['run', '--site', site, ...where]));
    const observer = new Observer(clock, createApiClient(places.gatewaySocket, clock), simulator, refreshMs);
    const looping = loop(context, observer, simulator, shown, notices, show, quit);
    await Promise.race([looping, ...keepers.map(keeper => keeper.givenUp)]);
  } finally {
    await Promise.all(keepers.map(keeper => keeper.stop()));
  }
}

async function waitForSimulator({ clock }: CliContext, simulator: ControlClient, quit: AbortSignal): Promise<void> {
  const latestMono = clock.monoMs() + simulatorStartMs;
  while (!quit.aborted) {
    const failure = await simulator.faults().then(
      () => undefined,
      thrown => thrown,
    );
    if (failure === undefined) return;
    if (clock.monoMs() > latestMono) throw failure;
    await clock.sleep(50, quit).catch(() => {});
  }
}

/** Looks, lets the story go on, and shows; until it is time to quit. */
async function loop(
  { clock }: CliContext,
  observer: Observer,
  simulator: ControlClient,
  shown: Shown,
  notices: readonly string[],
  show: Show,
  quit: AbortSignal,
): Promise<void> {
  const startMono = clock.monoMs();
  let story: Story = { kind: 'opening' };
  while (!quit.aborted) {
    // A gateway that hangs must not freeze the picture.
    await Promise.race([observer.ask(), clock.sleep(refreshMs, quit).catch(() => {})]);
    const { faults, isPlantSeen, watch } = observer;
    const step = stepStory(story, { nowMono: clock.monoMs(), startMono, isPlantSeen, faults });
    story = step.story;
    // A simulator that is just being started again misses an act: the story goes on without it.
    if (step.begins)
      await simulator.startFault(step.begins.device, step.begins.fault, step.begins.forMs).catch(() => {});
    show.picture({ ...shown, watch, faults, story, nowMono: clock.monoMs(), notices });
    await clock.sleep(refreshMs, quit).catch(() => {});
  }
}

/** Where the demo is shown. */
interface Show {
  received(alarm: ReceivedAlarm): void;
  notice(text: string): void;
  picture(picture: DemoPicture): void;
  end(): void;
}

function createScreenShow(context: CliContext, quit: AbortController): Show {
  const style = styleFor(context.out, context.env);
  let last: DemoPicture | undefined;
  const draw = () => {
    if (last) screen.draw(renderDemo(last, screen.size, style));
  };
  const onKeys = (keys: string) => {
    if (keys.includes('q') || keys.includes('Q') || keys.includes(ctrlC)) quit.abort();
  };
  const screen = Screen.open(context, onKeys, draw);
  return {
    // What arrived and what happened is in the next picture.
    received: draw,
    notice() {},
    picture(picture) {
      last = picture;
      draw();
    },
    end: () => screen[Symbol.dispose](),
  };
}

/** Lines for a pipe or a log. */
function createPlainShow(context: CliContext, legend: Legend): Show {
  const style = styleFor(context.out, context.env);
  const print = (lines: readonly string[]) => printLines(context, lines);
  let valuesDueMono = context.clock.monoMs();
  print([
    'plantroom demo: a simulated plant, the gateway, an MQTT broker and a small platform.',
    ...describeLegend(legend),
    '',
  ]);
  return {
    received: alarm => print([describeReceived(alarm, style)]),
    notice: text => print([style.warning(text)]),
    picture({ watch, nowMono }) {
      if (watch === undefined || watch.status.points.good === 0 || nowMono < valuesDueMono) return;
      valuesDueMono = nowMono + plainValuesMs;
      print([describeValues(watch, style)]);
    },
    end() {},
  };
}
