import { existsSync, statSync } from 'node:fs';
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { describeFile } from './backup/files.ts';
import type { Manifest } from './backup/manifest.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { orDiskRefusal } from './disk-refusal.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import { findStore } from './places.ts';
import { renderFacts } from './render/facts.ts';
import { formatBytes } from './render/number.ts';
import { createProgressBar, type ProgressBar } from './render/progress-bar.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';
import { stoppable } from './signals.ts';

interface BackupOptions extends GlobalOptions {
  readonly data?: string;
  readonly site?: string;
  readonly history: boolean;
}

export function registerBackup(program: Command, context: CliContext): void {
  program
    .command('backup')
    .summary('copy the store and the site file into one file')
    .description(
      'Copies the alarm log, the history, the site file and its own profiles into one file, as they are at one instant, while the daemon runs or not. Passwords and keys are not copied: they stand in files of their own.',
    )
    .argument('<file>', 'the file to make (.tar.gz), or a folder to make one in')
    .option('--data <folder>', 'the folder of the store (default: that of the daemon that runs)')
    .option('--site <file>', 'the site file (default: that of the daemon that runs)')
    .option('--without-history', 'leave out summaries and raw values, which are the most of it')
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom backup /mnt/usb/\n  plantroom backup monday.tar.gz --without-history\n  plantroom backup monday.tar.gz --data /var/lib/plantroom --site /etc/plantroom/site.yaml',
    )
    .action((file: string, _options: unknown, command: Command) => backup(context, file, command.optsWithGlobals()));
}

async function backup(context: CliContext, file: string, options: BackupOptions): Promise<void> {
  const path = freePath(context, file);
  const store = await findStore(context, options);
  const bar = createProgressBar(context);
  const manifest = await stoppable(context, async signal => {
    // On the same disk as the file, so that a full one is met early.
    const staging = await makeStaging(path);
    try {
      return await orDiskRefusal('the backup', async () => {
        const made = await gather(context, store, options, staging, bar, signal);
        await pack(made, staging, path, bar, signal);
        return made;
      });
    } finally {
      bar.clear();
      await rm(staging, { recursive: true, force: true });
    }
  });
  const { size } = statSync(path);
  if (options.json) printJson(context, { file: path, bytes: size, site: store.site ?? null, manifest });
  else printLines(context, describeBackup(context, path, size, store.site, manifest));
}

/** Everything into the staging folder, looked through there. */
async function gather(
  context: CliContext,
  { folder, site }: { readonly folder: string; readonly site: string | undefined },
  options: BackupOptions,
  staging: string,
  bar: ProgressBar,
  signal: AbortSignal,
): Promise<Manifest> {
  const { copyDatabase, findDatabases, historyDatabase, verifyDatabase } = await import('../store/archive.ts');
  const { copySite } = await import('./backup/files.ts');
  const { formatManifest, manifestName, parseManifest } = await import('./backup/manifest.ts');
  const databases = [...findDatabases(folder)].filter(([name]) => options.history || name !== historyDatabase);
  const facts: [string, ReturnType<typeof verifyDatabase>][] = [];
  for (const [name, bytes] of databases) {
    const onProgress = (done: number) => {
      signal.throwIfAborted();
      bar.show(`copying ${name}`, done, bytes);
    };
    await copyDatabase({ folder, name, into: join(staging, name), onProgress });
    bar.show(`looking through ${name}`, 0, 1);
    facts.push([name, verifyDatabase(join(staging, name), name)]);
  }
  const names = [...databases.map(([name]) => name), ...(site === undefined ? [] : await copySite(site, staging))];
  const files = [];
  for (const name of names) files.push(await describeFile(staging, name, signal));
  const madeAt = new Date(context.clock.wallMs()).toISOString();
  const text = formatManifest({ plantroom: context.version, madeAt, files, databases: Object.fromEntries(facts) });
  await writeFile(join(staging, manifestName), text);
  return parseManifest(text, manifestName);
}

async function pack(
  { files }: Manifest,
  staging: string,
  path: string,
  bar: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  const { packArchive } = await import('./backup/archive-file.ts');
  const { manifestName } = await import('./backup/manifest.ts');
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    bar.show('packing', Math.min(done, total), total);
  };
  const unfinished = join(staging, 'backup.tar.gz');
  const names = [manifestName, ...files.map(({ name }) => name)];
  await packArchive({ folder: staging, names, path: unfinished, onBytes, signal });
  // Under its name stands a whole backup or none.
  await rename(unfinished, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Where the backup goes; an existing file is never written over. */
function freePath({ cwd, clock }: CliContext, file: string): string {
  const path = resolve(cwd, file);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const stamp = new Date(clock.wallMs()).toISOString().slice(0, 19).replaceAll(':', '-');
  const target = isFolder ? join(path, `plantroom-${stamp}.tar.gz`) : path;
  if (!existsSync(target)) return target;
  throw new PlantroomError(`${target} is there already`, {
    kind: 'usage',
    hint: 'name another file, or a folder to make one in; nothing is written over',
  });
}

async function makeStaging(path: string): Promise<string> {
  try {
    return await mkdtemp(`${path}.making-`);
  } catch (thrown) {
    throw new PlantroomError(`nothing can be written beside ${path}: ${messageOf(thrown)}`, {
      kind: codeOf(thrown) === 'ENOENT' ? 'not-found' : 'storage',
      hint: 'name a file in a folder that is there and may be written',
      cause: thrown,
    });
  }
}

function describeBackup(
  context: CliContext,
  path: string,
  bytes: number,
  site: string | undefined,
  manifest: Manifest,
): string[] {
  const rows = manifest.databases['plantroom.db']?.rows ?? {};
  const history = manifest.files.find(({ name }) => name === 'history.db');
  const facts = renderFacts(
    [
      ['alarm events', `${rows.alarm_log ?? 0}, ${countOf(rows.alarm_state ?? 0, 'alarm')} standing`],
      ['history', history ? formatBytes(history.bytes) : 'left out'],
      ['site file', site ?? 'left out: name it with --site FILE'],
    ],
    widthOf(context.out),
    styleFor(context.out, context.env),
  );
  return [escapeText(`${path}: ${formatBytes(bytes)}, looked through`), ...facts];
}
