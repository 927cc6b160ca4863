import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileLibraries } from '../bench/compile.ts';
import type { FailureOutcome } from './disk/failing-store-process.ts';
import { fastFolder } from './disk/record.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * A disk that fails once with EIO: at the n-th write, and at the n-th sync, for every n from the first of a store that is
 * being made. Whatever failed, nothing that was accepted may be missing, the process stays, and the store works on by
 * itself. `runs` is the highest n.
 */

const calls = ['write', 'sync'] as const;
/** Processes for each kind: they mostly wait for the store to try again. */
const processes = 2;
const script = join(import.meta.dirname, 'disk/failing-store-process.ts');

export async function torture({ runs = 300, say }: TortureOptions, step = 1): Promise<Verdict> {
  using libraries = compileLibraries('disk');
  const library = libraries.path('disk');
  const every = Array.from({ length: Math.ceil(runs / step) }, (_, index) => 1 + index * step);
  const shares = calls.flatMap(call =>
    Array.from({ length: processes }, (_, share) => ({
      call,
      list: every.filter((_, at) => at % processes === share),
    })),
  );
  let done = 0;
  const tell = () => {
    done += 1;
    if (done % 100 === 0) say(`${done} of ${calls.length * every.length} failures`);
  };
  const outcomes = (await Promise.all(shares.map(({ call, list }) => failOften(library, call, list, tell)))).flat();
  const violations = outcomes.flatMap(({ call, n, violations: own }) => own.map(text => `${call} ${n}: ${text}`));
  if (outcomes.length < calls.length * every.length) violations.push('a process ended before it was through');
  const count = (hit: FailureOutcome['hit']) => outcomes.filter(outcome => outcome.hit === hit).length;
  return {
    counts: {
      failures: outcomes.length,
      'of them while the store was opened': count('opening'),
      'of them while it committed': count('committing'),
      'that never came': count('never'),
      'events accepted': outcomes.reduce((sum, { accepted }) => sum + accepted, 0),
    },
    violations: count('never') === 0 ? violations : [...violations, 'some failures never came: nothing was tested'],
  };
}

async function failOften(
  library: string,
  call: string,
  list: readonly number[],
  tell: () => void,
): Promise<readonly FailureOutcome[]> {
  const home = fastFolder();
  const env = { ...process.env, LD_PRELOAD: library, DISK_FOLDER: home };
  const child = spawn(process.execPath, [script, home, call, ...list.map(String)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const outcomes: FailureOutcome[] = [];
  createInterface({ input: child.stdout }).on('line', line => {
    outcomes.push(JSON.parse(line));
    tell();
  });
  await once(child, 'close');
  rmSync(home, { recursive: true, force: true });
  return outcomes;
}
