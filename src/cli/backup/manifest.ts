import { PlantroomError } from '../../base/errors.ts';
import type { DatabaseFacts } from '../../store/archive.ts';

/** What a backup says of itself: the first file in it. */
export interface Manifest {
  readonly format: typeof format;
  /** Raised when an older plantroom could no longer restore it. */
  readonly version: number;
  /** Version of the plantroom that made it. */
  readonly plantroom: string;
  /** RFC 3339, UTC. */
  readonly madeAt: string;
  readonly files: readonly FileEntry[];
  /** By file name, of the databases. */
  readonly databases: Readonly<Record<string, DatabaseFacts>>;
}

export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

export const manifestName = 'manifest.json';
const format = 'plantroom-backup';
const knownVersion = 1;

/** Files of the site stand below this. */
export const siteFolder = 'site';

/** The only names that a backup may hold: whatever is in a file, nothing is ever written elsewhere. */
export function isArchiveName(name: string): boolean {
  return /^(manifest\.json|plantroom\.db|history\.db|site\/[\w.-]+\.ya?ml|site\/profiles\/[\w.-]+\.ya?ml)$/.test(name);
}

export function formatManifest(manifest: Omit<Manifest, 'format' | 'version'>): string {
  return `${JSON.stringify({ format, version: knownVersion, ...manifest }, undefined, 2)}\n`;
}

/** Throws PlantroomError `refused` for what is no backup, or one of a newer plantroom. */
export function parseManifest(text: string, path: string): Manifest {
  const manifest = parseObject(text);
  if (manifest?.format !== format || typeof manifest.version !== 'number') throw noBackup(path);
  if (manifest.version > knownVersion) {
    throw new PlantroomError(`${path} was made by a newer plantroom (${String(manifest.plantroom)})`, {
      kind: 'refused',
      hint: 'install that version, and restore it there',
    });
  }
  const files: unknown = manifest.files;
  if (!Array.isArray(files) || !files.every(isEntry) || !isObject(manifest.databases)) throw noBackup(path);
  return manifest as unknown as Manifest;
}

export function noBackup(path: string): PlantroomError {
  return new PlantroomError(`${path} is no backup of plantroom, or only a piece of one`, {
    kind: 'refused',
    hint: 'nothing was changed; give a file that plantroom backup has made',
  });
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEntry(value: unknown): value is FileEntry {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    isArchiveName(value.name) &&
    Number.isSafeInteger(value.bytes) &&
    typeof value.sha256 === 'string'
  );
}
