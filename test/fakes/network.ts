import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.ts';

/** A host on a network of its own, joined to this one by a cable: a network namespace and a pair of interfaces. */
export interface FarHost extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Takes the interface down: what is sent goes nowhere, and nobody is told. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

/** Network namespaces need root. */
export function mayMakeHosts(): boolean {
  return process.getuid?.() === 0 && spawnSync('ip', ['netns', 'list'], { stdio: 'ignore' }).status === 0;
}

let made = 0;

/**
 * A host on which a TCP port leads to a port of this machine's loopback. With a rate the cable carries no more than that
 * in either direction, with a queue of five seconds in front of it, as a thin line has.
 */
export async function openFarHost(loopbackPort: number, kbitPerS?: number): Promise<FarHost> {
  made += 1;
  const name = `plantroom-${process.pid}-${made}`;
  const [near, far] = [`pr${process.pid % 100_000}n${made}`, `pr${process.pid % 100_000}f${made}`];
  const subnet = `10.213.${(process.pid * 7 + made) % 250}`;
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-host-'));
  const socket = join(folder, 'socket');
  const port = 1_502;
  const relays: ChildProcess[] = [];
  const inside = (...args: readonly string[]) => run('ip', 'netns', 'exec', name, ...args);

  run('ip', 'netns', 'add', name);
  try {
    run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    run('ip', 'address', 'add', `${subnet}.1/24`, 'dev', near);
    run('ip', 'link', 'set', near, 'up');
    inside('ip', 'address', 'add', `${subnet}.2/24`, 'dev', far);
    inside('ip', 'link', 'set', far, 'up');
    if (kbitPerS !== undefined) {
      const line = ['root', 'tbf', 'rate', `${kbitPerS}kbit`, 'burst', '2kb', 'latency', '5s'];
      run('tc', 'qdisc', 'add', 'dev', near, ...line);
      inside('tc', 'qdisc', 'add', 'dev', far, ...line);
    }
    // Two namespaces share their files, so a Unix socket leads from one to the other.
    relays.push(spawn('socat', [`unix-listen:${socket},fork`, `tcp:127.0.0.1:${loopbackPort}`], { stdio: 'ignore' }));
    const listen = `tcp-listen:${port},bind=${subnet}.2,reuseaddr,fork`;
    relays.push(spawn('ip', ['netns', 'exec', name, 'socat', listen, `unix-connect:${socket}`], { stdio: 'ignore' }));
    await waitUntil(
      () => inside('ss', '-ltn').includes(`:${port}`),
      () => 'nobody listens on the far host',
    );
  } catch (thrown) {
    run('ip', 'netns', 'delete', name);
    throw thrown;
  }
  return {
    host: `${subnet}.2`,
    port,
    async unplug() {
      inside('ip', 'link', 'set', far, 'down');
    },
    async plug() {
      inside('ip', 'link', 'set', far, 'up');
    },
    async [Symbol.asyncDispose]() {
      for (const relay of relays) relay.kill('SIGTERM');
      run('ip', 'netns', 'delete', name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
