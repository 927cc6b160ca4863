import type {
  BandRule,
  CounterRateRule,
  DurationRule,
  ForecastRule,
  LongRule,
  MissingRule,
} from '../../src/model/alarm.ts';
import type { Value } from './plant.ts';

/*
 * The rules with long memories once more, slow and obvious: for each sample everything is worked out again from the whole
 * history. They share no code with the real ones, and know no delays.
 */

type Opinion = 'met' | 'gone' | 'unsure';

interface Seen {
  readonly time: number;
  /** Undefined when the sample was bad. */
  readonly value: number | undefined;
}

/** What the samples so far say of a rule, up to the last one. */
export function opinionOf(rule: LongRule, history: readonly (readonly [number, Value])[]): Opinion {
  const seen = history.map(([time, value]): Seen => ({ time, value: isNumber(value) ? value : undefined }));
  if (seen.at(-1)?.value === undefined) return 'unsure';
  switch (rule.kind) {
    case 'counter-rate':
      return ofCounterRate(rule, seen);
    case 'duration':
      return ofDuration(rule, seen);
    case 'missing':
      return ofMissing(rule, seen);
    case 'forecast':
      return ofForecast(rule, seen);
    case 'band':
      return ofBand(rule, seen);
  }
}

function isNumber(value: Value): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

interface Good {
  readonly time: number;
  readonly value: number;
  /** The sample before it was good, too. */
  readonly isNext: boolean;
}

function goodOf(seen: readonly Seen[]): Good[] {
  return seen.flatMap(({ time, value }, at) => {
    if (value === undefined) return [];
    return [{ time, value, isNext: at > 0 && seen[at - 1]?.value !== undefined }];
  });
}

interface Rise {
  readonly at: number;
  readonly spanMs: number;
  readonly amount: number;
}

/** All rises that a later value has borne out. Values that were misread are left out first, from the beginning. */
function risesOf(good: readonly Good[], range: number): Rise[] {
  const kept: Good[] = [];
  for (const one of good) {
    const [before, last] = kept.slice(-2);
    const leapt = before && last && last.value > before.value && one.value >= before.value && one.value < last.value;
    const fell = before && last && last.value < before.value && one.value >= before.value;
    if (leapt || fell) kept.pop();
    kept.push(one);
  }
  const rises: Rise[] = [];
  for (let at = 1; at + 1 < kept.length; at += 1) {
    const [from, to] = [kept[at - 1], kept[at]];
    if (from && to)
      rises.push({ at: to.time, spanMs: to.time - from.time, amount: riseBetween(from.value, to.value, range) });
  }
  return rises;
}

/** Whole numbers from 0 up to the range. */
function riseBetween(from: number, to: number, range: number): number {
  if (to >= from) return to - from;
  if (from >= 0.9 * range && to <= 0.1 * range) return range - from + to;
  return to <= from / 2 ? to : 0;
}

function ofCounterRate(rule: CounterRateRule, seen: readonly Seen[]): Opinion {
  const good = goodOf(seen);
  const now = good.at(-1)?.time ?? 0;
  const began = good[0]?.time ?? 0;
  const slotOf = (time: number) => Math.floor(((time - began) * 120) / rule.windowMs);
  const isInside = (time: number) => slotOf(time) > slotOf(now) - 120;
  const sum = total(
    countsOf(rule, good).filter(({ at }) => isInside(at)),
    ({ amount, spanMs }) => (spanMs > rule.windowMs ? Math.round((amount * rule.windowMs) / spanMs) : amount),
  );
  if (rule.comparison === 'more-than' ? sum > rule.limit : sum >= rule.limit) {
    return rule.comparison === 'more-than' ? 'met' : 'gone';
  }
  const goodMs = total(good, ({ time, isNext }, at) =>
    isNext && isInside(time) ? time - (good[at - 1]?.time ?? 0) : 0,
  );
  if (now - began < rule.windowMs || goodMs < rule.windowMs / 2) return 'unsure';
  return rule.comparison === 'more-than' ? 'gone' : 'met';
}

function countsOf({ counted }: CounterRateRule, good: readonly Good[]): Rise[] {
  if (counted.kind === 'rise') return risesOf(good, counted.terms.range ?? 0);
  const isIn = (one: Good | undefined) => one !== undefined && counted.states.includes(one.value);
  return good.flatMap((one, at) =>
    at > 0 && isIn(one) && !isIn(good[at - 1]) ? [{ at: one.time, spanMs: 0, amount: 1 }] : [],
  );
}

function ofDuration({ lasting, longestMs }: DurationRule, seen: readonly Seen[]): Opinion {
  const good = goodOf(seen);
  let isIn = false;
  const inside = good.map(({ value }) => {
    if (lasting.kind === 'state') isIn = lasting.states.includes(value);
    else {
      const limit =
        lasting.kind === 'above'
          ? lasting.limit - (isIn ? lasting.deadband : 0)
          : lasting.limit + (isIn ? lasting.deadband : 0);
      isIn = lasting.kind === 'above' ? value > limit : value < limit;
    }
    return isIn;
  });
  if (!inside.at(-1)) return 'gone';
  const began = inside.lastIndexOf(false) + 1;
  const heldMs = total(good.slice(began), (one, at) => {
    const passedMs = one.time - (good[began + at - 1]?.time ?? one.time);
    return at > 0 && (one.isNext || passedMs <= Math.min(longestMs / 10, 600_000)) ? passedMs : 0;
  });
  if (heldMs > longestMs) return 'met';
  return began === 0 ? 'unsure' : 'gone';
}

function ofMissing({ counted, withinMs }: MissingRule, seen: readonly Seen[]): Opinion {
  const good = goodOf(seen);
  const now = good.at(-1)?.time ?? 0;
  const happened =
    counted.kind === 'state'
      ? good.filter(({ value }) => counted.states.includes(value)).map(({ time }) => time)
      : risesOf(good, counted.terms.range ?? 0)
          .filter(({ amount }) => amount > 0)
          .map(({ at }) => at);
  const last = happened.at(-1);
  const since = last ?? good[0]?.time ?? 0;
  if (now - since <= withinMs) return last === undefined ? 'unsure' : 'gone';
  const isKnown = (one: Good) => one.time > since && (counted.kind === 'rise' || one.isNext);
  const knownMs = total(good, (one, at) =>
    isKnown(one) ? one.time - Math.max(since, good[at - 1]?.time ?? since) : 0,
  );
  return knownMs >= withinMs / 2 ? 'met' : 'unsure';
}

/** The textbook's regression over the good samples of the window, at each time anew from the first sample on. */
function ofForecast(rule: ForecastRule, seen: readonly Seen[]): Opinion {
  let heading = 0;
  let opinion: Opinion = 'unsure';
  for (let at = 1; at <= seen.length; at += 1) {
    const value = seen[at - 1]?.value;
    if (value === undefined) continue;
    const distance = rule.limit - value;
    if (heading !== 0 && heading * distance <= 0) {
      opinion = 'met';
      continue;
    }
    const trend = trendOf(rule, seen.slice(0, at));
    if (trend === undefined) {
      opinion = 'unsure';
      continue;
    }
    const leftMs = (distance / trend.perS) * 1_000;
    const isSoon = trend.perS !== 0 && trend.change >= rule.minChange && leftMs >= 0 && leftMs < rule.withinMs;
    heading = isSoon ? Math.sign(trend.perS) : 0;
    opinion = isSoon ? 'met' : 'gone';
  }
  return opinion;
}

function trendOf(rule: ForecastRule, seen: readonly Seen[]): { perS: number; change: number } | undefined {
  const advancing = seen.filter(
    ({ time }, at) => at === 0 || time > Math.max(...seen.slice(0, at).map(one => one.time)),
  );
  const good = advancing.filter(({ value }) => value !== undefined);
  const newest = good.at(-1)?.time ?? 0;
  const inside = good.filter(({ time }) => time >= newest - rule.windowMs);
  const first = inside[0]?.time ?? 0;
  const coveredMs = total(advancing, ({ time, value }, at) => {
    const next = advancing[at + 1]?.time ?? time;
    return value !== undefined && time >= first && next <= newest ? next - time : 0;
  });
  if (inside.length < 3 || coveredMs < rule.windowMs / 2) return undefined;
  const xs = inside.map(({ time }) => time / 1_000);
  const ys = inside.map(({ value }) => value ?? 0);
  const [xMean, yMean] = [total(xs, x => x) / xs.length, total(ys, y => y) / ys.length];
  const perS = total(xs, (x, at) => (x - xMean) * ((ys[at] ?? 0) - yMean)) / total(xs, x => (x - xMean) ** 2);
  return { perS, change: Math.abs(perS) * ((newest - first) / 1_000) };
}

const hourMs = 3_600_000;

/** Only for a band that was never left, on days that begin with the history: nothing is left out of the learning. */
function ofBand(rule: BandRule, seen: readonly Seen[]): Opinion {
  const good = goodOf(seen);
  const now = good.at(-1);
  if (!now) return 'unsure';
  const dayOf = (time: number) => Math.floor(time / (24 * hourMs));
  const slotOf = (time: number) => Math.floor((time % (24 * hourMs)) / rule.slotMs);
  const partOf = (time: number) => Math.floor((time % rule.slotMs) / (rule.slotMs === hourMs ? 900_000 : 450_000));
  const firsts = new Map<string, number>();
  for (const { time, value } of good) {
    if (slotOf(time) !== slotOf(now.time) || dayOf(time) === dayOf(now.time)) continue;
    const place = `${dayOf(time)} ${partOf(time)}`;
    if (!firsts.has(place)) firsts.set(place, Number(value.toPrecision(5)));
  }
  const days = [...new Set([...firsts.keys()].map(place => Number(place.split(' ')[0])))].sort((a, b) => a - b);
  if (days.length < 3) return 'unsure';
  const counted = days.slice(-rule.days).map(String);
  const values = [...firsts].filter(([place]) => counted.includes(place.split(' ')[0] ?? '')).map(([, value]) => value);
  const median = middle(values);
  const deviation = middle(values.map(value => Math.abs(value - median)));
  const spread = rule.width.value * (rule.width.kind === 'factor' ? deviation : Math.abs(median));
  const allowed = Math.max(rule.minChange, spread);
  const isAbove = now.value > median + allowed && rule.direction !== 'below';
  const isBelow = now.value < median - allowed && rule.direction !== 'above';
  return isAbove || isBelow ? 'met' : 'gone';
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}

function total<Item>(items: readonly Item[], of: (item: Item, at: number) => number): number {
  return items.reduce((sum, item, at) => sum + of(item, at), 0);
}
