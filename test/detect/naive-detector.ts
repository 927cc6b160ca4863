import type { BusRule, CommunicationRule, RateRule, Rule } from '../../src/model/alarm.ts';
import { isCommunicationLoss } from '../../src/model/quality.ts';
import type { Value } from './plant.ts';

/*
 * The detector once more, slow and obvious: it keeps the whole history and, for each sample, works everything out again
 * from the beginning. It shares no code with the real one.
 */

/** All but the alarms of buses, which are about several devices at once: bus-communication.test.ts has those. */
export type JudgedRule = Exclude<Rule, BusRule>;

/** One read of one device. */
export interface Event {
  readonly device: number;
  readonly mono: number;
  readonly wall: number;
  readonly isAnswered: boolean;
  /** The points in the read, by number. Where the read failed, all have the same reason. */
  readonly values: readonly (readonly [point: number, value: Value])[];
}

export interface Change {
  readonly event: number;
  readonly key: string;
  readonly kind: 'met' | 'gone';
}

/** What one sample says: the condition is there, it is not, or nothing. */
type Opinion = 'alarm' | 'fine' | 'none';

/** One sample as a single rule sees it. */
interface Seen {
  readonly event: number;
  readonly time: number;
  readonly isAnswered: boolean;
  readonly value: Value | undefined;
}

export interface Outcome {
  readonly changes: readonly Change[];
  readonly isActive: boolean;
  /** A delay runs at the end of the history. */
  readonly isPending: boolean;
}

/** What becomes of one rule over a whole history. */
export function judgeHistory(rule: JudgedRule, history: readonly Event[], wasActive: boolean): Outcome {
  const seen = seenBy(rule, history);
  const changes: Change[] = [];
  let isActive = wasActive;
  let sinceFlip: Opinion[] = [];
  let flipAt = 0;
  for (const [index, sample] of seen.entries()) {
    sinceFlip.push(opinionOf(rule, seen.slice(0, index + 1), isActive, wasActive));
    const wanted: Opinion = isActive ? 'fine' : 'alarm';
    const delayMs = isActive ? rule.offDelayMs : rule.kind === 'communication' ? 0 : rule.onDelayMs;
    const heldMs = held(sinceFlip, seen.slice(flipAt, index + 1), wanted);
    if (heldMs === undefined || heldMs < delayMs) continue;
    changes.push({ event: sample.event, key: rule.key, kind: isActive ? 'gone' : 'met' });
    isActive = !isActive;
    sinceFlip = [];
    flipAt = index + 1;
  }
  const lastOpinion = sinceFlip.findLast(opinion => opinion !== 'none');
  const isSilent = rule.kind === 'communication' && !isActive && seen.at(-1)?.isAnswered === false;
  return { changes, isActive, isPending: lastOpinion === (isActive ? 'fine' : 'alarm') || isSilent };
}

/** The samples that concern a rule, at times that never go back. */
function seenBy(rule: JudgedRule, history: readonly Event[]): Seen[] {
  const seen: Seen[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  for (const [event, { device, mono, isAnswered, values }] of history.entries()) {
    if (device !== rule.device) continue;
    latest = Math.max(latest, mono);
    if (rule.kind === 'communication') seen.push({ event, time: latest, isAnswered, value: values[0]?.[1] });
    else {
      for (const [point, value] of values) {
        if (point === rule.point) seen.push({ event, time: latest, isAnswered, value });
      }
    }
  }
  return seen;
}

/**
 * For how long the wanted opinion was held without contradiction up to the last sample, which must hold it itself. A
 * sample's opinion stands until the next sample; time after a sample that says nothing does not count.
 */
function held(opinions: readonly Opinion[], seen: readonly Seen[], wanted: Opinion): number | undefined {
  if (opinions.at(-1) !== wanted) return undefined;
  const contradiction = opinions.findLastIndex(opinion => opinion !== 'none' && opinion !== wanted);
  let sumMs = 0;
  for (let index = contradiction + 1; index + 1 < opinions.length; index += 1) {
    if (opinions[index] === wanted) sumMs += timeOf(seen, index + 1) - timeOf(seen, index);
  }
  return sumMs;
}

function opinionOf(rule: JudgedRule, seen: readonly Seen[], isActive: boolean, wasActive: boolean): Opinion {
  if (rule.kind === 'communication') return opinionOfSilence(rule, seen, wasActive);
  const value = seen.at(-1)?.value;
  if (typeof value !== 'number' || Number.isNaN(value)) return 'none';
  if (rule.kind === 'state') return rule.states.some(state => state === value) ? 'alarm' : 'fine';
  if (rule.kind === 'rate') return opinionOfSlope(rule, seen);
  if (rule.level.startsWith('high')) {
    return value > rule.limit || (isActive && value > rule.limit - rule.deadband) ? 'alarm' : 'fine';
  }
  return value < rule.limit || (isActive && value < rule.limit + rule.deadband) ? 'alarm' : 'fine';
}

/** Lost is what was silent for the on-delay since it was last heard, or was lost before and not heard since. */
function opinionOfSilence(rule: CommunicationRule, seen: readonly Seen[], wasActive: boolean): Opinion {
  const last = seen.at(-1);
  if (last?.isAnswered) return 'fine';
  if (!isSilence(last)) return 'none';
  const answered = seen.findLastIndex(sample => sample.isAnswered);
  if (answered === -1 && wasActive) return 'alarm';
  let silentMs = 0;
  for (let index = answered + 1; index < seen.length; index += 1) {
    if (isSilence(seen[index]) && silentMs >= rule.onDelayMs) return 'alarm';
    if (isSilence(seen[index]) && index + 1 < seen.length) silentMs += timeOf(seen, index + 1) - timeOf(seen, index);
  }
  return 'none';
}

function isSilence(sample: Seen | undefined): boolean {
  if (sample === undefined || sample.isAnswered) return false;
  return sample.value === undefined || (typeof sample.value === 'string' && isCommunicationLoss(sample.value));
}

/** The textbook's regression over the good samples of the window. */
function opinionOfSlope(rule: RateRule, seen: readonly Seen[]): Opinion {
  const advancing = seen.filter((sample, index) => index === 0 || sample.time > timeOf(seen, index - 1));
  const isGood = (sample: Seen) => typeof sample.value === 'number' && !Number.isNaN(sample.value);
  const newest = advancing.findLast(isGood);
  if (newest === undefined) return 'none';
  const inWindow = advancing.filter(({ time }) => time >= newest.time - rule.windowMs && time <= newest.time);
  const firstGood = inWindow.findIndex(isGood);
  let coveredMs = 0;
  for (let index = firstGood; index + 1 < inWindow.length; index += 1) {
    const sample = inWindow[index];
    if (sample && isGood(sample)) coveredMs += timeOf(inWindow, index + 1) - sample.time;
  }
  const xs = inWindow.filter(isGood).map(({ time }) => time / 1_000);
  const ys = inWindow.filter(isGood).map(({ value }) => Number(value));
  if (xs.length < 3 || coveredMs < rule.windowMs / 2) return 'none';
  const xMean = mean(xs);
  const yMean = mean(ys);
  const covariance = mean(xs.map((x, index) => (x - xMean) * ((ys[index] ?? 0) - yMean)));
  const slope = covariance / mean(xs.map(x => (x - xMean) ** 2));
  const rate = { rise: slope, fall: -slope, both: Math.abs(slope) }[rule.direction];
  const spanS = Math.max(...xs) - Math.min(...xs);
  return rate > rule.ratePerS && rate * spanS >= rule.minChange ? 'alarm' : 'fine';
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function timeOf(seen: readonly Seen[], index: number): number {
  return seen[index]?.time ?? Number.NaN;
}
