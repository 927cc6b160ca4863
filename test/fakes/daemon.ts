import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../src/api/client.ts';

const root = join(import.meta.dirname, '..', '..');

/** The real daemon, as `plantroom run` starts it, in a folder of its own. */
export interface Daemon {
  readonly pid: number;
  readonly folder: string;
  readonly sitePath: string;
  readonly socketPath: string;
  readonly client: ApiClient;
  /** Everything it has logged. */
  readonly log: () => string;
  writeSite(text: string): void;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again on the same folder and waits until it answers. */
  start(): Promise<void>;
  /** Starts it again and does not wait. */
  launch(): void;
  /** Asks the sqlite3 shell: what is really in the file. */
  query(sql: string, database?: 'plantroom.db' | 'history.db'): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the daemon and waits until it answers on its socket. `profiles` are put beside the site file, by name; `env` is
 * added to the environment, made from the folder that the database will be in; `inside` is a program that becomes the
 * daemon once it has entered some other world.
 */
export async function startDaemon(
  siteText: string,
  profiles: Readonly<Record<string, string>> = {},
  env: (dataFolder: string) => Readonly<Record<string, string>> = () => ({}),
  inside: readonly string[] = [],
): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-'));
  const sitePath = join(folder, 'site.yaml');
  const socketPath = join(folder, 'plantroom.sock');
  const dataFolder = join(folder, 'data');
  const client = createApiClient(socketPath);
  let said = '';
  let child: ChildProcess | undefined;

  function launch(): ChildProcess {
    const args = ['run', '--site', sitePath, '--data', dataFolder, '--socket', socketPath];
    const words = [...inside, process.execPath, join(root, 'src/bin/plantroom.mjs'), ...args];
    const [program = process.execPath, ...rest] = words;
    child = spawn(program, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env(dataFolder) },
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return child;
  }

  async function start(): Promise<void> {
    const child = launch();
    for (let attempt = 0; attempt < 400; attempt += 1) {
      if (child.exitCode !== null) break;
      const isUp = await client.status().then(
        status => status.pid === child.pid,
        () => false,
      );
      if (isUp) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    throw new Error(`the daemon does not answer:\n${said}`);
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  }

  writeFileSync(sitePath, siteText);
  mkdirSync(join(folder, 'profiles'));
  for (const [name, text] of Object.entries(profiles)) writeFileSync(join(folder, 'profiles', `${name}.yaml`), text);
  await start();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    folder,
    sitePath,
    socketPath,
    client,
    log: () => said,
    writeSite: text => writeFileSync(sitePath, text),
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
    start,
    launch: () => {
      launch();
    },
    query: (sql, database = 'plantroom.db') =>
      execFileSync('sqlite3', ['-readonly', join(dataFolder, database), sql], { encoding: 'utf8' }).trim(),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
