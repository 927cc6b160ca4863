import { readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ApiClient, createApiClient, probeSocket } from '../api/client.ts';
import { PlantroomError } from '../base/errors.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';

export const socketName = 'plantroom.sock';

/** Folders below var/ that are looked into; a var/ with more holds something else. */
const maxFolders = 100;

/**
 * A client of the daemon that is meant: the one of --socket or PLANTROOM_SOCKET, else the installed one, else the one
 * that was started in this folder or in the project's.
 *
 * @throws PlantroomError `not-running` when none answers, `usage` when several do
 */
export async function findDaemon(context: CliContext, options: GlobalOptions): Promise<ApiClient> {
  return createApiClient(await findSocket(context, options), context.clock);
}

async function findSocket(context: CliContext, options: GlobalOptions): Promise<string> {
  const named = options.socket ?? context.env.PLANTROOM_SOCKET;
  if (named) return resolve(context.cwd, named);
  const forbidden: string[] = [];
  for (const socketPath of installedSockets(context)) {
    const state = await probeSocket(socketPath);
    if (state === 'live') return socketPath;
    if (state === 'forbidden') forbidden.push(socketPath);
  }
  const live: string[] = [];
  for (const socketPath of startedSockets(context)) {
    const state = await probeSocket(socketPath);
    if (state === 'live') live.push(socketPath);
    if (state === 'forbidden') forbidden.push(socketPath);
  }
  const [first, second] = live;
  if (second !== undefined) {
    throw new PlantroomError(`several daemons answer: ${live.join(', ')}`, {
      kind: 'usage',
      hint: `say which one you mean, for example --socket ${first}`,
    });
  }
  if (first !== undefined) return first;
  throw noDaemon(forbidden);
}

function noDaemon(forbidden: readonly string[]): PlantroomError {
  if (forbidden.length > 0) {
    return new PlantroomError(`no permission to open ${forbidden.join(', ')}`, {
      kind: 'refused',
      hint: 'use sudo, or join the group that owns the socket',
    });
  }
  return new PlantroomError('no daemon is running here', {
    kind: 'not-running',
    hint: 'start one with: plantroom run --site FILE; or say where it listens with --socket PATH',
  });
}

function installedSockets({ env }: CliContext): string[] {
  return [...firstFolder(env.RUNTIME_DIRECTORY), '/run/plantroom'].map(folder => join(folder, socketName));
}

/** systemd gives several folders as one text, separated by colons (systemd.exec(5)); ours is the first. */
export function firstFolder(folders: string | undefined): string[] {
  const [first] = (folders ?? '').split(':');
  return first ? [first] : [];
}

function startedSockets({ cwd }: CliContext): string[] {
  const projectFolder = join(import.meta.dirname, '..', '..');
  const folders = [cwd, projectFolder].flatMap(folder => foldersBelow(join(folder, 'var')));
  return [...new Set(folders)].map(folder => join(folder, socketName));
}

function foldersBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .slice(0, maxFolders)
      .map(entry => realpathSync(join(folder, entry.name)))
      .sort();
  } catch {
    return [];
  }
}
