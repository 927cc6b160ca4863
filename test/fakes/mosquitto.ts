import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.ts';

export interface MosquittoOptions {
  /** Lines of the access list. */
  readonly acl?: readonly string[];
  /** The accounts that may log in; without any anybody may. */
  readonly account?: Account | readonly Account[];
  /** PEM files. With `clientCa` a client must show a certificate of that CA. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** More lines for mosquitto.conf. */
  readonly config?: readonly string[];
}

interface Account {
  readonly username: string;
  readonly password: string;
}

export interface Mosquitto {
  readonly port: number;
  /** Everything it has said since it was first started. */
  readonly log: () => string;
  /** A clean stop: sessions, queues and retained messages are saved. */
  stop(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts again on the same port with the same files. Ends it before when it still runs. */
  restart(): Promise<void>;
  /** Lets it write sessions, queues and retained messages to its disk now, as it does every 30 minutes. */
  save(): Promise<void>;
  /** Rewrites the access list and lets it read it, without ending any connection. */
  changeAcl(lines: readonly string[]): Promise<void>;
  /** Stops it and removes its folder. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the real mosquitto on a free port of 127.0.0.1, in a folder of its own, and waits until it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'plantroom-mosquitto-'));
  const port = await findFreePort();
  await writeFiles(folder, port, options);
  let log = '';
  let child = await launch(folder, text => {
    log += text;
  });

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  return {
    port,
    log: () => log,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      child = await launch(folder, text => {
        log += text;
      });
    },
    async save() {
      child.kill('SIGUSR1');
      await waitUntil(
        () => existsSync(join(folder, 'mosquitto.db')),
        () => `mosquitto saved nothing:\n${log}`,
      );
    },
    async changeAcl(lines) {
      await writeFile(join(folder, 'acl'), `${lines.join('\n')}\n`);
      child.kill('SIGHUP');
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeFiles(folder: string, port: number, options: MosquittoOptions): Promise<void> {
  const lines = [
    // Started as root it would become another user, who may not read a folder of ours.
    'user root',
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.account === undefined}`,
    'persistence true',
    `persistence_location ${folder}/`,
    'max_queued_messages 100000',
    'log_dest stderr',
    'log_type all',
    ...(options.config ?? []),
  ];
  if (options.acl) {
    lines.push(`acl_file ${folder}/acl`);
    await writeFile(join(folder, 'acl'), `${options.acl.join('\n')}\n`);
  }
  if (options.account) {
    lines.push(`password_file ${folder}/passwords`);
    await writePasswords(join(folder, 'passwords'), [options.account].flat());
  }
  if (options.tls) {
    lines.push(`certfile ${options.tls.cert}`, `keyfile ${options.tls.key}`);
    if (options.tls.clientCa) lines.push(`cafile ${options.tls.clientCa}`, 'require_certificate true');
  }
  await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
}

async function writePasswords(path: string, accounts: readonly Account[]): Promise<void> {
  await writeFile(path, '', { mode: 0o600 });
  for (const { username, password } of accounts) {
    const child = spawn('mosquitto_passwd', ['-b', path, username, password], { stdio: 'ignore' });
    const [exitCode] = await once(child, 'exit');
    if (exitCode !== 0) throw new Error(`mosquitto_passwd ended with ${exitCode}`);
  }
  await chmod(path, 0o600);
}

async function launch(folder: string, onLog: (text: string) => void): Promise<ChildProcess> {
  // The kernel ends it with the test that started it, even when that one is killed.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'mosquitto', '-c', join(folder, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', exitCode => reject(new Error(`mosquitto ended with ${exitCode}:\n${said}`)));
    let isRunning = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      onLog(text);
      if (isRunning) return;
      said += text;
      // It says so once all its listeners are open.
      isRunning = /mosquitto version \S+ running/.test(said);
      if (isRunning) resolve();
    });
  });
  return child;
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port was bound');
  return address.port;
}
