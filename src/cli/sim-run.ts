import { join, resolve } from 'node:path';
import { seededRandom } from '../base/random.ts';
import type { Device } from '../model/device.ts';
import { openControl } from '../sim/control.ts';
import { controlSocketIn } from '../sim/control-socket.ts';
import { runScenario } from '../sim/scenario.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../sim/simulator.ts';
import type { ScenarioEvent } from '../site/site.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import { escapeText } from './render/text.ts';
import { linesOf, loadSiteOrExplain, wrongSite } from './site-file.ts';

/** Where the simulator of the demo keeps its socket, below the current folder or the project's. */
export const defaultFolder = join('var', 'demo');

export interface RunOptions extends GlobalOptions {
  readonly data?: string;
  readonly site: string;
  readonly scenario?: string;
  readonly seed: number;
  readonly values: SimulatorOptions['values'];
}

/** Serves the devices of a site until a signal comes. */
export async function runSimulator(context: CliContext, options: RunOptions): Promise<void> {
  const site = await loadSiteOrExplain(context.err, options.site);
  const { clock } = context;
  const stopped = waitForSignal(context);
  const random = seededRandom(options.seed);
  const identify = await createIdentify(options.site);
  const simulator = await startSimulator({ site, clock, random, values: options.values, identify });
  try {
    const events = options.scenario === undefined ? [] : await readScenario(context, options.scenario, simulator);
    const socketPath = controlSocketIn(resolve(context.cwd, options.data ?? defaultFolder));
    const control = await openControl(simulator, socketPath);
    const onHappened = (line: string) => {
      if (!options.json) printLines(context, [escapeText(line)]);
    };
    const stopScenario = runScenario({ events, simulator, clock, onHappened });
    try {
      if (options.json) printJson(context, { endpoints: simulator.endpoints, socket: socketPath });
      else printLines(context, describeSimulator(simulator, options.site));
      await stopped;
    } finally {
      stopScenario();
      await control.close();
    }
  } finally {
    await simulator.stop();
  }
}

/** Resolves on the first signal that asks to end. */
function waitForSignal(context: CliContext): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) context.signals.on(signal, () => resolve());
  });
}

/** A device says of itself what its profile says of it. */
async function createIdentify(sitePath: string): Promise<NonNullable<SimulatorOptions['identify']>> {
  const { loadMaker } = await import('../site/site.ts');
  return ({ profile }: Device) => {
    const maker = profile === undefined ? undefined : loadMaker(sitePath, profile);
    return maker && { vendor: maker.vendor, product: maker.model, revision: 'simulated' };
  };
}

/** @throws PlantroomError `site`, after what is wrong was listed */
async function readScenario(
  context: CliContext,
  path: string,
  simulator: Simulator,
): Promise<readonly ScenarioEvent[]> {
  const { formatProblem, loadScenario } = await import('../site/site.ts');
  const loaded = loadScenario(path, simulator.names);
  if (loaded.kind === 'ok') return loaded.events;
  context.err.write(`${linesOf(loaded.problems.map(formatProblem)).join('\n')}\n`);
  throw wrongSite(loaded.problems, path);
}

function describeSimulator({ endpoints }: Simulator, siteFile: string): string[] {
  return [
    `The simulated plant of ${siteFile} is running:`,
    ...endpoints.map(({ place, kind, devices }) => `  ${place}  ${devices.join(', ')}  (${kind})`),
    'Ctrl-C stops it. In another terminal: plantroom sim faults',
  ];
}
