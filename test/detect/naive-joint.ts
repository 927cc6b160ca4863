import {
  type CrossingsRule,
  type DeviationRule,
  type FrozenRule,
  type MismatchRule,
  otherPointOf,
  type Reference,
  type SpreadRule,
  type StaleRule,
} from '../../src/model/alarm.ts';
import { type Event, type Opinion, type Outcome, takeThroughDelays } from './naive-detector.ts';
import type { Value } from './plant.ts';

/*
 * Rules that compare points or have a window, judged once more, slow and obvious: everything is worked out again from the
 * whole history at each moment. Shares no code with the real ones.
 */

export type NaiveRule = DeviationRule | CrossingsRule | MismatchRule | FrozenRule | SpreadRule | StaleRule;

/** A read that brought news for a rule: what its points were then. Undefined is bad. */
interface Moment {
  readonly event: number;
  readonly time: number;
  readonly value: number | undefined;
  readonly other: number | undefined;
}

type Opine<R extends NaiveRule> = (rule: R, moments: readonly Moment[], isActive: boolean) => Opinion;

export function judgeNaively(rule: NaiveRule, history: readonly Event[], wasActive: boolean): Outcome {
  const moments = momentsOf(rule, history);
  return takeThroughDelays(rule, moments, wasActive, (index, isActive) =>
    opinionOf(rule, moments.slice(0, index + 1), isActive),
  );
}

function momentsOf(rule: NaiveRule, history: readonly Event[]): Moment[] {
  const moments: Moment[] = [];
  const deviceTimes = new Map<number, number>();
  let [time, value, other]: [number, number | undefined, number | undefined] = [-Infinity, undefined, undefined];
  for (const [event, { device, mono, values }] of history.entries()) {
    const deviceTime = Math.max(mono, deviceTimes.get(device) ?? -Infinity);
    deviceTimes.set(device, deviceTime);
    let isNews = false;
    for (const [point, sampled] of values) {
      if (point === rule.point) [value, isNews] = [goodOf(sampled), true];
      if (point === otherPointOf(rule)) [other, isNews] = [goodOf(sampled), true];
    }
    if (!isNews) continue;
    time = Math.max(time, deviceTime);
    moments.push({ event, time, value, other });
  }
  return moments;
}

function goodOf(value: Value): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function opinionOf(rule: NaiveRule, moments: readonly Moment[], isActive: boolean): Opinion {
  const now = moments.at(-1);
  if (rule.kind === 'stale') return stale(rule, moments, isActive);
  if (now?.value === undefined || (otherPointOf(rule) !== undefined && now.other === undefined)) return 'none';
  switch (rule.kind) {
    case 'deviation':
      return deviation(rule, moments, isActive);
    case 'spread':
      return spread(rule, moments, isActive);
    case 'crossings':
      return crossings(rule, moments, isActive);
    case 'mismatch':
      return mismatch(rule, moments, isActive);
    case 'frozen':
      return frozen(rule, moments, isActive);
  }
}

const stale: Opine<StaleRule> = ({ longestMs }, moments) => {
  const now = moments.at(-1);
  if (now?.value !== undefined) return 'fine';
  const since = moments.findLast(({ value }) => value !== undefined) ?? moments[0];
  return (now?.time ?? 0) - (since?.time ?? 0) > longestMs ? 'alarm' : 'none';
};

const deviation: Opine<DeviationRule> = ({ from, direction, limit, deadband }, moments, isActive) => {
  const difference = distanceFrom(from, moments.at(-1));
  if (difference === undefined) return 'none';
  const distance = { above: difference, below: -difference, both: Math.abs(difference) }[direction];
  return distance > limit || (isActive && distance > limit - deadband) ? 'alarm' : 'fine';
};

const spread: Opine<SpreadRule> = ({ measure, limit, deadband, windowMs }, moments, isActive) => {
  const known = moments.map(({ time, value }) => ({ time, value }));
  if (!isTelling(known, windowMs)) return 'none';
  const values = goodWithin(known, windowMs);
  const mean = sum(values) / values.length;
  const found =
    measure === 'deviation'
      ? Math.sqrt(sum(values.map(value => (value - mean) ** 2)) / values.length)
      : Math.max(...values) - Math.min(...values);
  return found > limit || (isActive && found > limit - deadband) ? 'alarm' : 'fine';
};

const crossings: Opine<CrossingsRule> = ({ of, most, windowMs, band }, moments) => {
  const distances = moments.map(moment => ({ time: moment.time, value: distanceFrom(of, moment) }));
  const clear = distances.filter(({ value }) => value !== undefined && Math.abs(value) > band);
  const now = moments.at(-1)?.time ?? 0;
  const crossed = clear.filter(
    ({ time, value }, index) =>
      index > 0 && Math.sign(value ?? 0) !== Math.sign(clear[index - 1]?.value ?? 0) && time >= now - windowMs,
  );
  if (crossed.length > most) return 'alarm';
  return isTelling(distances, windowMs) ? 'fine' : 'none';
};

const mismatch: Opine<MismatchRule> = (rule, moments) => {
  const isOn = (value: number, on: readonly number[] | undefined) => (on ? on.some(one => one === value) : value !== 0);
  const owes = moments.map(({ value, other }) => {
    if (value === undefined || other === undefined) return undefined;
    const [runs, should] = [isOn(value, rule.feedbackOn), isOn(other, rule.commandOn)];
    return runs === should ? 'nothing' : should ? 'start' : 'stop';
  });
  const now = owes.at(-1);
  if (now === 'nothing') return 'fine';
  const before = owes.findLastIndex(one => one !== undefined && one !== now);
  let owingMs = 0;
  for (let index = before + 1; index + 1 < moments.length; index += 1) {
    if (owes[index] === now) owingMs += (moments[index + 1]?.time ?? 0) - (moments[index]?.time ?? 0);
  }
  return owingMs >= (now === 'start' ? rule.startMs : rule.stopMs) ? 'alarm' : 'none';
};

const frozen: Opine<FrozenRule> = ({ forMs, span, companion }, moments) => {
  const own = moments.map(({ time, value }) => ({ time, value }));
  const movedBy = (list: readonly Known[]) => {
    const values = goodWithin(list, forMs);
    return Math.max(...values) - Math.min(...values);
  };
  if (movedBy(own) > span) return 'fine';
  if (coveredMs(own, forMs) < 0.9 * forMs) return 'none';
  if (companion && movedBy(moments.map(({ time, other }) => ({ time, value: other }))) <= companion.span) return 'none';
  return 'alarm';
};

interface Known {
  readonly time: number;
  readonly value: number | undefined;
}

function within(known: readonly Known[], windowMs: number): readonly Known[] {
  const now = known.at(-1)?.time ?? 0;
  return known.filter(({ time }) => time >= now - windowMs);
}

function goodWithin(known: readonly Known[], windowMs: number): number[] {
  return within(known, windowMs).flatMap(({ value }) => (value === undefined ? [] : [value]));
}

/** Time within the window, from its first good sample on, in which the latest sample was good. */
function coveredMs(known: readonly Known[], windowMs: number): number {
  const inWindow = within(known, windowMs);
  return sum(
    inWindow.slice(0, -1).map(({ time, value }, index) => {
      return value === undefined ? 0 : (inWindow[index + 1]?.time ?? 0) - time;
    }),
  );
}

function isTelling(known: readonly Known[], windowMs: number): boolean {
  return goodWithin(known, windowMs).length >= 3 && coveredMs(known, windowMs) >= windowMs / 2;
}

function distanceFrom(reference: Reference, moment: Moment | undefined): number | undefined {
  if (moment?.value === undefined) return undefined;
  if (reference.kind === 'constant') return moment.value - reference.value;
  return moment.other === undefined ? undefined : moment.value - (moment.other * reference.factor + reference.offset);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
