import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { compilePrograms } from '../bench/compile.ts';
import { makeLoopDisk } from '../fakes/loop-disk.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { parseAccepted, type ToldAccepted } from './disk/accepted.ts';
import { type Accepted, judgeStart } from './disk/judge.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * A real file system that is cut off from its disk while the real store commits, as a power cut would, then mounted again:
 * its own journal decides what is left. One run is one cut. Needs root and loop devices.
 *
 * Unlike a power cut, this leaves the process alive, and a sync that is under way may be answered with success although
 * its file system is gone. What was acknowledged after the cut began is therefore not asked for.
 */

const script = join(import.meta.dirname, 'disk/busy-store-process.ts');

export async function torture({ runs = 100, seed, say }: TortureOptions): Promise<Verdict> {
  const random = seededRandom(seed);
  using programs = compilePrograms('cut-file-system');
  using disk = makeLoopDisk(64);
  const store = join(disk.folder, 'store');
  const violations: string[] = [];
  let accepted = 0;
  for (let run = 1; run <= runs; run += 1) {
    const acknowledged = await commitUntilCut(store, random, () =>
      BigInt(execFileSync(programs.path('cut-file-system'), [disk.folder], { encoding: 'utf8' })),
    );
    disk.unmount();
    disk.mount();
    accepted += acknowledged.size;
    const { lost, broken } = judgeStart(store, acknowledged, { isThorough: true });
    if (lost > 0) violations.push(`cut ${run}: ${lost} of ${acknowledged.size} accepted events are lost`);
    violations.push(...broken.map(what => `cut ${run}: ${what}`));
    if (run % 10 === 0) say(`cut ${run} of ${runs} times, ${accepted} events accepted`);
  }
  return { counts: { cuts: runs, 'events accepted': accepted, violations: violations.length }, violations };
}

/** Lets a process commit to the store, cuts while it does, and tells what it had acknowledged before. */
async function commitUntilCut(store: string, random: Random, cut: () => bigint): Promise<Accepted> {
  const seed = String(Math.floor(random.next() * 2 ** 31));
  const child = spawn(process.execPath, [script, store, seed, '1e9'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  const told: ToldAccepted[] = [];
  createInterface({ input: child.stdout }).on('line', line => {
    const accepted = parseAccepted(line);
    if (accepted) told.push(accepted);
  });
  const enough = 1 + Math.floor(random.next() * 300);
  await waitUntil(
    () => told.length >= enough || child.exitCode !== null,
    () => `only ${told.length} of ${enough} events were acknowledged`,
  );
  const cutNs = cut();
  child.kill('SIGKILL');
  await exited;
  return new Map(told.filter(({ atNs }) => atNs < cutNs).map(({ number, id }) => [number, id]));
}
