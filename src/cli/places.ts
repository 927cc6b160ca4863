import { dirname, resolve } from 'node:path';
import { PlantroomError } from '../base/errors.ts';
import type { CliContext } from './context.ts';
import { findDaemon, firstFolder } from './daemon.ts';
import type { GlobalOptions } from './options.ts';

export interface StorePlace {
  readonly folder: string;
  /** Undefined when nobody knows it. */
  readonly site: string | undefined;
}

interface PlaceOptions extends GlobalOptions {
  readonly data?: string;
  readonly site?: string;
}

/** Where the store and the site file are: as the person says, else as the daemon that runs says. */
export async function findStore(context: CliContext, options: PlaceOptions): Promise<StorePlace> {
  const { cwd, env } = context;
  const site = options.site === undefined ? undefined : resolve(cwd, options.site);
  const [stateFolder] = firstFolder(env.STATE_DIRECTORY);
  const data = options.data ?? stateFolder;
  if (data !== undefined) return { folder: resolve(cwd, data), site };
  const status = await askDaemon(context, options);
  return { folder: dirname(status.store.path), site: site ?? status.siteFile };
}

async function askDaemon(context: CliContext, options: GlobalOptions) {
  try {
    return await (await findDaemon(context, options)).status();
  } catch (thrown) {
    if (!(thrown instanceof PlantroomError) || thrown.kind !== 'not-running') throw thrown;
    throw new PlantroomError('no daemon runs that could be asked where its store is', {
      kind: 'not-running',
      hint: 'say it with --data FOLDER',
      cause: thrown,
    });
  }
}
