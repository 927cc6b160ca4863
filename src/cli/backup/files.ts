import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { codeOf, PlantroomError } from '../../base/errors.ts';
import { type FileEntry, isArchiveName, siteFolder } from './manifest.ts';

/** Name, size and sum of a file of `folder`. */
export async function describeFile(folder: string, name: string, signal: AbortSignal): Promise<FileEntry> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, name)), hash, { signal });
  const { size } = await stat(join(folder, name));
  return { name, bytes: size, sha256: hash.digest('hex') };
}

/**
 * Copies a site file, right or wrong, and the profiles beside it. Secrets stand in files of their own and are not copied.
 * Returns the names below `into`. Throws PlantroomError `not-found`, or `usage` for a name that a backup cannot hold.
 */
export async function copySite(sitePath: string, into: string): Promise<string[]> {
  const name = `${siteFolder}/${basename(sitePath)}`;
  if (!isArchiveName(name)) {
    throw new PlantroomError(`the site file ${sitePath} has a name that a backup does not take`, {
      kind: 'usage',
      hint: 'letters, digits, - and _ and the ending .yaml',
    });
  }
  await mkdir(join(into, siteFolder));
  try {
    await copyFile(sitePath, join(into, name));
  } catch (thrown) {
    throw new PlantroomError(`the site file ${sitePath} cannot be read (${codeOf(thrown)})`, {
      kind: 'not-found',
      hint: 'name it with --site FILE',
      cause: thrown,
    });
  }
  const profiles = await profilesBeside(sitePath);
  if (profiles.length > 0) await mkdir(join(into, siteFolder, 'profiles'));
  for (const profile of profiles) {
    await copyFile(join(dirname(sitePath), 'profiles', profile), join(into, siteFolder, 'profiles', profile));
  }
  return [name, ...profiles.map(profile => `${siteFolder}/profiles/${profile}`)];
}

async function profilesBeside(sitePath: string): Promise<string[]> {
  try {
    const names = await readdir(join(dirname(sitePath), 'profiles'));
    return names.filter(name => isArchiveName(`${siteFolder}/profiles/${name}`)).sort();
  } catch (thrown) {
    // Most sites have no profiles of their own.
    if (codeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}
