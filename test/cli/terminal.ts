import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
export const bin = join(root, 'src/bin/plantroom.mjs');

export interface CliEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface CliRun {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  readonly end: Promise<CliEnd>;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** The program that runs the script; by default the pinned Node that runs this test. */
  readonly node?: string;
  readonly script?: string;
}

/** Starts the command line as a process of its own, with an environment that holds nothing of ours. */
export function startCli(args: readonly string[], options: CliOptions): CliRun {
  const child = spawn(options.node ?? process.execPath, [options.script ?? bin, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: options.cwd, TZ: 'UTC', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text;
  });
  const end = once(child, 'close').then(([code, signal]) => ({ code, signal, out, err }));
  return { child, out: () => out, err: () => err, end };
}

export function runCli(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  return startCli(args, options).end;
}

export function makeFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `plantroom-${name}-`));
}

/** A copy of the project below `folder`: a clone that knows nothing of daemons that were started in ours. */
export function copyProject(folder: string, options: { hasPackages: boolean }): string {
  const copy = join(folder, 'clone');
  mkdirSync(copy);
  for (const part of ['package.json', 'src', 'drivers', 'config']) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  if (options.hasPackages) symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A Node of this machine that is not the pinned one; undefined where there is none. */
export function findOtherNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, 'node'))
    .filter(path => existsSync(path))
    .find(path => execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() !== process.version);
}
