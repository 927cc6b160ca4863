import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { Placed } from '../store/restore.ts';
import { describeFile } from './backup/files.ts';
import { type Manifest, manifestName, noBackup, parseManifest, siteFolder } from './backup/manifest.ts';
import type { CliContext } from './context.ts';
import { orDiskRefusal } from './disk-refusal.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import { createProgressBar, type ProgressBar } from './render/progress-bar.ts';
import { escapeText } from './render/text.ts';
import { formatTime } from './render/time.ts';
import { stoppable } from './signals.ts';

interface RestoreOptions extends GlobalOptions {
  readonly data: string;
  readonly siteTo?: string;
  readonly replace?: boolean;
}

export function registerRestore(program: Command, context: CliContext): void {
  program
    .command('restore')
    .summary('put a backup in the place of a store')
    .description(
      'Looks through a whole backup first: sums, every page of its databases, the audit chain. Only then it takes the place of the store, while no daemon runs on it. What was there is kept under a dated name.',
    )
    .argument('<file>', 'a file that plantroom backup has made')
    .requiredOption('--data <folder>', 'the folder of the store; made when missing')
    .option('--site-to <folder>', 'put the site file and its profiles there as well')
    .option('--replace', 'also where a store, or a site file, is already; the old one is kept beside it')
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom restore monday.tar.gz --data /var/lib/plantroom --site-to /etc/plantroom\n  plantroom restore monday.tar.gz --data /var/lib/plantroom --replace',
    )
    .action((file: string, _options: unknown, command: Command) => restore(context, file, command.optsWithGlobals()));
}

interface Restored extends Placed {
  readonly manifest: Manifest;
  readonly siteFiles: readonly string[];
}

async function restore(context: CliContext, file: string, options: RestoreOptions): Promise<void> {
  const path = resolve(context.cwd, file);
  const folder = resolve(context.cwd, options.data);
  const siteTo = options.siteTo === undefined ? undefined : resolve(context.cwd, options.siteTo);
  mustBeFile(path);
  const { lockStore } = await import('../store/restore.ts');
  const lock = lockStore(folder);
  try {
    const restored = await stoppable(context, signal =>
      takeBack(context, { path, folder, siteTo, isReplacing: options.replace === true, signal }),
    );
    if (options.json) printJson(context, { folder, ...restored, setAside: restored.setAside ?? null });
    else printLines(context, describeRestored(folder, restored));
  } finally {
    lock.release();
  }
}

interface Task {
  readonly path: string;
  readonly folder: string;
  readonly siteTo: string | undefined;
  readonly isReplacing: boolean;
  readonly signal: AbortSignal;
}

async function takeBack(context: CliContext, task: Task): Promise<Restored> {
  const { hasStore } = await import('../store/archive.ts');
  const { placeStore } = await import('../store/restore.ts');
  const { folder, siteTo, isReplacing } = task;
  if (hasStore(folder) && !isReplacing) {
    throw new PlantroomError(`there is a store in ${folder} already`, {
      kind: 'refused',
      hint: 'name another folder, or add --replace: the store that is there is then kept beside the new one',
    });
  }
  const bar = createProgressBar(context);
  await removeUnfinished(folder);
  const staging = await mkdtemp(join(folder, unfinishedName));
  try {
    const manifest = await orDiskRefusal('unpacking', () => unpackVerified(task, staging, bar));
    const moves = siteTo === undefined ? [] : await planSite(staging, siteTo, isReplacing);
    const at = context.clock.wallMs();
    const placed = placeStore({ folder, from: staging, at, madeAt: manifest.madeAt });
    await orDiskRefusal('the store is restored, but writing the site file', async () => {
      for (const move of moves) await placeSiteFile(move, at);
    });
    return { ...placed, manifest, siteFiles: moves.map(({ to }) => to) };
  } finally {
    bar.clear();
    await rm(staging, { recursive: true, force: true });
  }
}

const unfinishedName = 'plantroom.restoring-';

/** What a restore that was killed had unpacked: as large as a store. */
async function removeUnfinished(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter(name => name.startsWith(unfinishedName));
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
}

/** Throws PlantroomError when anything is missing, too much, changed or damaged. */
async function unpackVerified({ path, signal }: Task, staging: string, bar: ProgressBar): Promise<Manifest> {
  const { unpackArchive } = await import('./backup/archive-file.ts');
  const { mainDatabase, verifyDatabase } = await import('../store/archive.ts');
  const total = statSync(path).size;
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    bar.show('unpacking', done, total);
  };
  await unpackArchive({ path, folder: staging, onBytes, signal });
  if (!existsSync(join(staging, manifestName))) throw noBackup(path);
  const manifest = parseManifest(await readFile(join(staging, manifestName), 'utf8'), path);
  const named = [manifestName, ...manifest.files.map(({ name }) => name)].sort();
  const found = (await readdir(staging, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(staging.length + 1));
  if (found.sort().join('\n') !== named.join('\n') || !named.includes(mainDatabase)) throw noBackup(path);
  for (const { name, sha256 } of manifest.files) {
    bar.show(`checking ${name}`, 0, 1);
    if ((await describeFile(staging, name, signal)).sha256 !== sha256) throw changed(path, name);
  }
  for (const name of Object.keys(manifest.databases)) {
    bar.show(`looking through ${name}`, 0, 1);
    verifyDatabase(join(staging, name), name);
  }
  return manifest;
}

interface Move {
  readonly from: string;
  readonly to: string;
}

/** Refuses before anything is changed. */
async function planSite(staging: string, siteTo: string, isReplacing: boolean): Promise<Move[]> {
  const from = join(staging, siteFolder);
  if (!existsSync(from)) {
    throw new PlantroomError('the backup holds no site file', {
      kind: 'not-found',
      hint: 'leave --site-to out; it was made without --site',
    });
  }
  const names = (await readdir(from, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(from.length + 1));
  const moves = names.sort().map(name => ({ from: join(from, name), to: join(siteTo, name) }));
  const present = moves.find(({ to }) => existsSync(to));
  if (present && !isReplacing) {
    throw new PlantroomError(`${present.to} is there already`, {
      kind: 'refused',
      hint: 'name another folder with --site-to, or add --replace: the file that is there is then kept beside the new one',
    });
  }
  return moves;
}

/** The folder may be on another disk, so it is copied. */
async function placeSiteFile({ from, to }: Move, at: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const stamp = new Date(at).toISOString().slice(0, 19).replaceAll(':', '-');
  if (existsSync(to)) await rename(to, `${to}.replaced-${stamp}`);
  await copyFile(from, to);
}

function describeRestored(folder: string, { manifest, storeId, setAside, siteFiles }: Restored): string[] {
  const rows = manifest.databases['plantroom.db']?.rows ?? {};
  const site = manifest.files.filter(({ name }) => name.startsWith(`${siteFolder}/`));
  return [
    `${folder}: restored as of ${formatTime(Date.parse(manifest.madeAt))}, ${rows.alarm_log ?? 0} alarm events.`,
    `New events have the store id ${storeId}, and their numbers go on: the platform can tell them from those after the backup.`,
    ...(setAside === undefined ? [] : [`What was there is in ${setAside}: remove it when you do not need it.`]),
    ...siteFiles.map(path => `Site: ${path}`),
    ...(siteFiles.length === 0 && site.length > 0
      ? ['The backup also holds a site file: --site-to FOLDER puts it back.']
      : []),
  ].map(escapeText);
}

function mustBeFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  throw new PlantroomError(`there is no file ${path}`, { kind: 'not-found', hint: 'name the file of the backup' });
}

function changed(path: string, name: string): PlantroomError {
  return new PlantroomError(`${name} in ${path} is not what was backed up: its sum is another`, {
    kind: 'refused',
    hint: 'nothing was changed; the file was damaged or tampered with: take another backup',
  });
}
