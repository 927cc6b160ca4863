import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/**
 * The first other process that has a file open, as /proc shows it; processes of other users are only seen by root. Not
 * every program locks its port, so a lock alone does not tell.
 *
 * @param path without links
 */
export function findHolder(path: string, procFolder = '/proc', ownPid = process.pid): Holder | undefined {
  for (const entry of listFolder(procFolder)) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === ownPid) continue;
    const files = join(procFolder, entry, 'fd');
    if (!listFolder(files).some(file => readLink(join(files, file)) === path)) continue;
    return { pid, name: readName(join(procFolder, entry, 'comm')) };
  }
  return undefined;
}

function readName(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'a program';
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
