import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setAside } from '../files.ts';

export interface HistoryPaths {
  readonly folder: string;
  readonly database: string;
  /** Space kept back for the day the disk is full. */
  readonly reserve: string;
}

export function historyPaths(folder: string): HistoryPaths {
  return { folder, database: join(folder, 'history.db'), reserve: join(folder, 'history.reserve') };
}

/** Renames a broken history. One is kept, for whoever wants to save something of it: they are large. */
export function setHistoryAside(paths: HistoryPaths, at: number): string {
  removeSetAside(paths);
  return setAside(paths, at, false);
}

/** Removes what was set aside. False when there was nothing. */
export function removeSetAside({ folder }: HistoryPaths): boolean {
  const old = readdirSync(folder).filter(name => name.startsWith('history.broken-'));
  for (const name of old) rmSync(join(folder, name), { force: true });
  return old.length > 0;
}

export function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
