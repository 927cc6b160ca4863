import { resolve } from 'node:path';
import type { ApiClient } from '../../api/client.ts';
import { PlantroomError } from '../../base/errors.ts';
import { type PlantView, plantOf } from '../../model/plant.ts';
import type { CliContext } from '../context.ts';
import { findDaemon } from '../daemon.ts';
import type { GlobalOptions } from '../options.ts';
import { loadSiteOrExplain } from '../site-file.ts';

/** What is known of the plant, and by whom. */
export interface PlantSource {
  /** The daemon that runs here; its buses are its own. */
  readonly client: ApiClient | undefined;
  readonly plant: PlantView;
  /** The points of one device. */
  points(device: string): Promise<PlantView['points']>;
  /** The same of a BACnet device. */
  bacnetPoints(device: string): Promise<PlantView['bacnet']['points']>;
}

const nothing: PlantView = { buses: [], devices: [], points: [], bacnet: { buses: [], devices: [], points: [] } };

/**
 * The running daemon, else the site file that was named, else nothing.
 *
 * @throws PlantroomError when a daemon may be here but cannot be asked: then nobody knows which buses are taken
 */
export async function openPlantSource(
  context: CliContext,
  options: GlobalOptions,
  siteFile?: string,
): Promise<PlantSource> {
  const client = await findRunning(context, options);
  if (client) {
    if (siteFile !== undefined) throw siteOfDaemon();
    return sourceOf(client, await client.plant(), device => client.plant(device));
  }
  if (siteFile === undefined) return sourceOf(client, nothing, async () => nothing);
  const site = await loadSiteOrExplain(context.err, resolve(context.cwd, siteFile));
  return sourceOf(client, plantOf(site), async device => plantOf(site, device));
}

function sourceOf(
  client: ApiClient | undefined,
  plant: PlantView,
  viewOf: (device: string) => Promise<PlantView>,
): PlantSource {
  return {
    client,
    plant,
    points: async device => (await viewOf(device)).points,
    bacnetPoints: async device => (await viewOf(device)).bacnet.points,
  };
}

async function findRunning(context: CliContext, options: GlobalOptions): Promise<ApiClient | undefined> {
  try {
    const client = await findDaemon(context, options);
    // A socket that was named is taken at its word; whether anybody listens shows here.
    await client.plant();
    return client;
  } catch (thrown) {
    const isAbsent = thrown instanceof PlantroomError && thrown.kind === 'not-running';
    if (isAbsent && options.socket === undefined) return undefined;
    throw thrown;
  }
}

function siteOfDaemon(): PlantroomError {
  return new PlantroomError('a daemon is running here, and its own site file counts', {
    kind: 'usage',
    hint: 'leave --site out, or stop the daemon first',
  });
}
