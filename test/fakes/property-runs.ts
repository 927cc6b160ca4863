import fc from 'fast-check';

/*
 * How often a property is tried. Mutation testing runs the properties some thousand times over: there PROPERTY_RUNS is
 * the most of any, each begins with the same seed, and a failure is not made smaller.
 */

const most = Number(process.env.PROPERTY_RUNS ?? Number.POSITIVE_INFINITY);
if (Number.isFinite(most)) fc.configureGlobal({ seed: 1, endOnFailure: true });

export function propertyRuns(runs: number): number {
  return Math.min(runs, most);
}
