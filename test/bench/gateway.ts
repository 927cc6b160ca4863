import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '../../src/api/client.ts';
import type { StatusView } from '../../src/model/view.ts';
import { root } from './process.ts';

/** The real daemon on a site file, as `plantroom run` starts it, in a folder of its own. */
export interface RunningGateway {
  readonly pid: number;
  readonly folder: string;
  status(): Promise<StatusView>;
  stop(): Promise<void>;
}

export async function startGateway(siteText: string): Promise<RunningGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-bench-'));
  const site = join(folder, 'site.yaml');
  const socket = join(folder, 'plantroom.sock');
  writeFileSync(site, siteText);
  const args = ['src/bin/plantroom.mjs', 'run', '--site', site, '--data', join(folder, 'data'), '--socket', socket];
  const child = spawn(process.execPath, [...args, '--log-level', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const client = createApiClient(socket);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await client.status();
      return { pid: child.pid ?? 0, folder, status: () => client.status(), stop };
    } catch {
      await pause(100);
    }
  }
  await stop();
  throw new Error('the gateway did not answer within 10 s');
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
