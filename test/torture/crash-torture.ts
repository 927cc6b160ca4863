import { join } from 'node:path';
import { seededRandom } from '../../src/base/random.ts';
import { compileLibraries } from '../bench/compile.ts';
import { explore } from './disk/explore.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * Power cuts, thought through: everything the real store does to its disk is recorded, and then played up to a random
 * moment. What was synced by then is there; of what was not, nothing, all, a part, or single sectors of it. The real store
 * is started on what is left. One run is one such start.
 *
 * The same is done with a store that commits with synchronous=NORMAL. It must lose events, or the run is blind.
 */

/** Enough of the careless store to see it lose events. */
const leastControlStarts = 90;

export async function torture({ runs = 20_000, seed, say }: TortureOptions): Promise<Verdict> {
  using libraries = compileLibraries('disk');
  const library = libraries.path('disk');
  const random = seededRandom(seed);
  const beganMono = performance.now();
  const full = await explore({ library, starts: runs, random, flags: [], say });
  const seconds = (performance.now() - beganMono) / 1_000;
  say(`${full.starts} starts, now the same with synchronous=NORMAL`);
  const starts = Math.max(leastControlStarts, Math.floor(runs / 10));
  const flags = ['--import', join(import.meta.dirname, 'disk/commit-carelessly.mjs')];
  const normal = await explore({ library, starts, random, flags, say });
  const violations = full.violations.slice(0, 20);
  if (normal.lostIn === 0) violations.push('a store with synchronous=NORMAL lost nothing: this run would see no loss');
  return {
    counts: {
      starts: full.starts,
      'starts that had lost an accepted event': full.lostIn,
      'starts that found something broken': full.violations.length - full.lostIn,
      'starts per second': Math.round(full.starts / seconds),
      'with synchronous=NORMAL: starts': normal.starts,
      'with synchronous=NORMAL: starts that had lost an accepted event': normal.lostIn,
      'with synchronous=NORMAL: starts that found something broken': normal.violations.length - normal.lostIn,
    },
    violations,
  };
}
