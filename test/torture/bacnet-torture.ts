import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from '../../src/base/random.ts';
import { createClientStorm } from './bacnet/client-storm.ts';
import { createDriverStorm } from './bacnet/driver-storm.ts';
import { mostExamples } from './bacnet/storm.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * Hostile datagrams at the client alone, and at the whole driver: half of them each. One run is one datagram.
 */

/** Of each storm, before the heap is measured: the first requests fill what is there for good. */
const warmUpDatagrams = 5_000;
const turnDatagrams = 50_000;

export async function torture({ runs = 1_000_000, seed, say }: TortureOptions): Promise<Verdict> {
  const storms = { client: createClientStorm(seededRandom(seed)), driver: createDriverStorm(seededRandom(seed + 1)) };
  const both = Object.values(storms);
  const half = Math.ceil(runs / 2);
  for (const storm of both) await storm.attack(Math.min(half, warmUpDatagrams));
  const heapBefore = heapBytes();
  const isUnderWay = () =>
    both.some(storm => storm.datagrams() < half) && both.every(storm => storm.examples.length < mostExamples);
  while (isUnderWay()) {
    for (const storm of both) await storm.attack(Math.min(turnDatagrams, half - storm.datagrams()));
    say(`${both.reduce((sum, storm) => sum + storm.datagrams(), 0)} of ${runs} datagrams`);
  }
  const heapGrowth = heapBytes() - heapBefore;
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  for (const [name, storm] of Object.entries(storms)) {
    await storm.close();
    violations.push(...storm.examples.map(example => `${name}: ${example}`));
    for (const [what, count] of Object.entries(storm.counts())) counts[`${name}: ${what}`] = count;
  }
  if (heapGrowth > 10e6) violations.push('the heap grew by more than 10 MB');
  return { counts: { ...counts, 'heap grown by, KB': Math.round(heapGrowth / 1e3) }, violations };
}

/** The collector, also where Node was started without --expose-gc. */
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
