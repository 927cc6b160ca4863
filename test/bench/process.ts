import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const root = join(import.meta.dirname, '..', '..');

/** CPU time that all threads of a process have had, in ms, by the scheduler's own nanosecond count. */
export function cpuMs(pid: number): number {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that ended between the two reads.
    }
  }
  return total / 1e6;
}

export function rssBytes(pid: number): number {
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(pages) * 1_024;
}

export interface Child {
  readonly pid: number;
  /** The next line on standard output that is JSON. */
  next(): Promise<Record<string, unknown>>;
  send(line: string): void;
  stop(): Promise<void>;
}

/** Starts a script on this very Node; the script talks in lines of JSON. */
export function startScript(
  script: string,
  args: readonly string[],
  options: { stderr?: 'inherit' | 'ignore' } = {},
): Child {
  const child = spawn(process.execPath, ['--max-semi-space-size=2', script, ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', options.stderr ?? 'inherit'],
  });
  return talkTo(child);
}

export function talkTo(child: ChildProcess): Child {
  const { stdin, stdout, pid } = child;
  if (!stdin || !stdout || pid === undefined) throw new Error('the child was not started');
  const waiting: ((line: Record<string, unknown>) => void)[] = [];
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: stdout }).on('line', line => {
    if (!line.startsWith('{')) return;
    const parsed = JSON.parse(line);
    const taker = waiting.shift();
    if (taker) taker(parsed);
    else lines.push(parsed);
  });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  return {
    pid,
    next: () => {
      const line = lines.shift();
      return line
        ? Promise.resolve(line)
        : Promise.race([
            new Promise<Record<string, unknown>>(resolve => waiting.push(resolve)),
            ended.then(() => Promise.reject(new Error(`${child.spawnargs.join(' ')} ended`))),
          ]);
    },
    send: line => stdin.write(`${line}\n`),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
