import fc from 'fast-check';
import { anyWalk, live, tellWalk } from '../detect/life/histories.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * Random lives of an alarm against a second, naive model, with restarts and jumps of the wall clock anywhere. One run is
 * one life of up to 24 inputs.
 */

export async function torture({ runs = 100_000, seed, say }: TortureOptions): Promise<Verdict> {
  let told = 0;
  const outcome = fc.check(
    fc.property(anyWalk, walk => {
      const wanted = tellWalk(walk);
      for (const isDisturbed of [false, true]) {
        const { shown, told: heard } = live(walk, isDisturbed);
        told += heard.length;
        if (shown !== wanted.shown || heard.join() !== wanted.told.join()) {
          throw new Error(`${shown}: ${heard.join(' ')}; wanted ${wanted.shown}: ${wanted.told.join(' ')}`);
        }
      }
    }),
    { numRuns: runs, seed },
  );
  say(`${outcome.numRuns} lives`);
  const violations = outcome.failed
    ? [`${JSON.stringify(outcome.counterexample)}: ${String(outcome.errorInstance)}`]
    : [];
  return { counts: { lives: outcome.numRuns, happenings: told }, violations };
}
