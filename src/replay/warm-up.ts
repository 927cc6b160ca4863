import type { JudgedSite } from '../judge/judge.ts';
import type { Rule } from '../model/alarm.ts';
import type { Expression } from '../model/expression.ts';
import { createSourceFinder } from './sources.ts';

/*
 * Some of the record before the time asked for is replayed too and not counted: it fills windows, delays and memories, and
 * tells what stood at the beginning.
 */

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Of every point, so that what stands is known, and what came shortly before. */
const leastMs = 10 * minuteMs;

/** What is remembered for longer is not doubled: a band of two weeks does not need four. */
const mostSlackMs = dayMs;

/** How far back a rule looks beside its delay. */
export function memoryMs(rule: Rule): number {
  switch (rule.kind) {
    case 'limit':
    case 'state':
    case 'deviation':
    case 'communication':
    case 'bus-communication':
      return 0;
    case 'rate':
    case 'spread':
    case 'crossings':
    case 'counter-rate':
    case 'forecast':
      return rule.windowMs;
    case 'stale':
    case 'duration':
      return rule.longestMs;
    case 'frozen':
      return rule.forMs;
    case 'mismatch':
      return Math.max(rule.startMs, rule.stopMs);
    case 'missing':
      return rule.withinMs;
    case 'band':
      // The day under way is not one that it has learned.
      return (rule.days + 1) * dayMs;
  }
}

/** By number of a point that is read from the plant: how much of its record is needed before the time asked for. */
export function warmUps(site: JudgedSite): ReadonlyMap<number, number> {
  const finder = createSourceFinder(site);
  const needs = new Map<number, number>();
  const need = (points: Iterable<number>, ms: number) => {
    const wantedMs = leastMs + ms + Math.min(ms, mostSlackMs);
    for (const point of points) needs.set(point, Math.max(needs.get(point) ?? 0, wantedMs));
  };
  for (const rule of site.rules) {
    const { points, expressions } = finder.ofRule(rule);
    need(points, rule.onDelayMs + memoryMs(rule) + windowMs(expressions));
  }
  for (const { id } of site.suppressions) {
    const { points, expressions } = finder.ofSuppression(id);
    need(points, windowMs(expressions));
  }
  return needs;
}

/** The longest window of some expressions. */
function windowMs(expressions: Iterable<Expression>): number {
  let longest = 0;
  for (const { inputs } of expressions)
    for (const input of inputs) if ('overMs' in input) longest = Math.max(longest, input.overMs);
  return longest;
}
