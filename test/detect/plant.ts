import type { Detector } from '../../src/detect/detector.ts';
import {
  type BandRule,
  type BusRule,
  type Change,
  type CommunicationRule,
  type CounterRateRule,
  type CrossingsRule,
  type DeviationRule,
  type DurationRule,
  type ForecastRule,
  type FrozenRule,
  type LimitRule,
  type MismatchRule,
  type MissingRule,
  plainLife,
  type RateRule,
  type SpreadRule,
  type StaleRule,
  type StateRule,
} from '../../src/model/alarm.ts';
import type { CounterTerms } from '../../src/model/counter.ts';
import type { Point, Sample, SampleBatch } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';

/** Rules, points and batches with the fields that a test does not care about filled in. */

const base = {
  device: 0,
  priority: 'high',
  message: 'look after it',
  onDelayMs: 0,
  offDelayMs: 0,
  life: plainLife,
} as const;

export function limitRule(parts: Partial<LimitRule> = {}): LimitRule {
  return {
    ...base,
    kind: 'limit',
    key: 'pump/pressure-high',
    point: 0,
    level: 'high',
    limit: 80,
    deadband: 0,
    ...parts,
  };
}

export function rateRule(parts: Partial<RateRule> = {}): RateRule {
  const terms = { direction: 'rise', ratePerS: 1, windowMs: 10_000, minChange: 0 } as const;
  return { ...base, kind: 'rate', key: 'pump/pressure-rate', point: 0, ...terms, ...parts };
}

export function stateRule(parts: Partial<StateRule> = {}): StateRule {
  return { ...base, kind: 'state', key: 'pump/tripped', point: 0, states: [2, 5], ...parts };
}

export function spreadRule(parts: Partial<SpreadRule> = {}): SpreadRule {
  const terms = { measure: 'peak-to-peak', limit: 2, deadband: 0, windowMs: 10_000 } as const;
  return { ...base, kind: 'spread', key: 'pump/hunting', point: 0, ...terms, ...parts };
}

export function staleRule(parts: Partial<StaleRule> = {}): StaleRule {
  return { ...base, kind: 'stale', key: 'pump/stale', point: 0, longestMs: 5_000, ...parts };
}

const point1 = { kind: 'point', point: 1, factor: 1, offset: 0 } as const;

/** Of point 0 from point 1, as are the next ones. */
export function deviationRule(parts: Partial<DeviationRule> = {}): DeviationRule {
  const terms = { from: point1, direction: 'both', limit: 2, deadband: 0 } as const;
  return { ...base, kind: 'deviation', key: 'pump/off-setpoint', point: 0, ...terms, ...parts };
}

export function crossingsRule(parts: Partial<CrossingsRule> = {}): CrossingsRule {
  const terms = { of: point1, most: 2, windowMs: 10_000, band: 0 } as const;
  return { ...base, kind: 'crossings', key: 'pump/oscillates', point: 0, ...terms, ...parts };
}

export function mismatchRule(parts: Partial<MismatchRule> = {}): MismatchRule {
  return {
    ...base,
    kind: 'mismatch',
    key: 'pump/does-not-follow',
    point: 0,
    command: 1,
    commandOn: undefined,
    feedbackOn: undefined,
    startMs: 5_000,
    stopMs: 30_000,
    startMessage: 'does not start',
    stopMessage: 'does not stop',
    ...parts,
  };
}

export function frozenRule(parts: Partial<FrozenRule> = {}): FrozenRule {
  const terms = { forMs: 10_000, span: 0.5, companion: { point: 1, span: 3 } };
  return { ...base, kind: 'frozen', key: 'pump/frozen', point: 0, ...terms, ...parts };
}

/** 3 starts in a minute are one too many. */
export function counterRateRule(parts: Partial<CounterRateRule> = {}): CounterRateRule {
  const counted = { kind: 'rise', terms: wholeCounter } as const;
  const terms = { counted, comparison: 'more-than', limit: 2, windowMs: 60_000 } as const;
  return { ...base, kind: 'counter-rate', key: 'pump/starts', point: 0, ...terms, ...parts };
}

/** A 16-bit counter of whole numbers. */
export const wholeCounter: CounterTerms = { divisor: 1, lowest: 0, range: 65_536 };

export function durationRule(parts: Partial<DurationRule> = {}): DurationRule {
  const lasting = { kind: 'state', states: [1] } as const;
  return { ...base, kind: 'duration', key: 'pump/runs-long', point: 0, lasting, longestMs: 60_000, ...parts };
}

export function missingRule(parts: Partial<MissingRule> = {}): MissingRule {
  const counted = { kind: 'state', states: [1] } as const;
  return { ...base, kind: 'missing', key: 'pump/no-test', point: 0, counted, withinMs: 60_000, ...parts };
}

export function bandRule(parts: Partial<BandRule> = {}): BandRule {
  const width = { kind: 'factor', value: 4 } as const;
  const terms = { slotMs: 3_600_000, days: 14, width, minChange: 1, deadband: 0, direction: 'both' } as const;
  return { ...base, kind: 'band', key: 'pump/unusual', point: 0, ...terms, ...parts };
}

export function forecastRule(parts: Partial<ForecastRule> = {}): ForecastRule {
  const terms = { limit: 0, withinMs: 60_000, windowMs: 20_000, minChange: 0.5 } as const;
  return { ...base, kind: 'forecast', key: 'pump/empty-soon', point: 0, ...terms, ...parts };
}

export function communicationRule(parts: Partial<CommunicationRule> = {}): CommunicationRule {
  return { ...base, kind: 'communication', key: 'pump/communication', ...parts };
}

export function busRule(parts: Partial<BusRule> = {}): BusRule {
  const { device: _device, ...rest } = base;
  return { ...rest, kind: 'bus-communication', key: 'bus:line/communication', bus: 'line', devices: [], ...parts };
}

export function point(number: number, parts: Partial<Point> = {}): Point {
  return {
    number,
    key: `pump/p${number}`,
    id: `p${number}`,
    name: `Point ${number}`,
    device: 0,
    unit: 'bar',
    intervalMs: 1_000,
    address: { protocol: 'self', measure: 'uptime' },
    scale: 1,
    offset: 0,
    invalidValues: [],
    states: undefined,
    isCounter: false,
    recording: undefined,
    ...parts,
  };
}

/** A good number, or why there is none. */
export type Value = number | Exclude<Quality, 'good'>;

export function sample(of: Point, value: Value): Sample {
  return typeof value === 'number'
    ? { point: of, value, text: undefined, quality: 'good' }
    : { point: of, value: Number.NaN, text: undefined, quality: value };
}

/** One read of a device. Answered unless its first value says that nothing was heard. */
export function batch(mono: number, values: readonly Value[], parts: Partial<SampleBatch> = {}): SampleBatch {
  const first = values[0];
  return {
    device: 0,
    samples: values.map((value, number) => sample(point(number), value)),
    isAnswered:
      typeof first === 'number' || first === 'refused' || first === 'invalid-value' || first === 'not-a-number',
    sampledAtMono: mono,
    sampledAt: wallAt(mono),
    ...parts,
  };
}

/** Wall time that goes with a monotonic time where a test does not make it jump. */
export function wallAt(mono: number): number {
  return Date.UTC(2026, 0, 1) + mono;
}

/** Feeds one value after the other to point 0 and tells what happened when: `met 3000`. */
export function play(detector: Detector, history: readonly (readonly [mono: number, value: Value])[]): string[] {
  return history.flatMap(([mono, value]) => detector.step(batch(mono, [value])).map(textOf));
}

export function textOf({ kind, sampledAtMono }: Change): string {
  return `${kind} ${sampledAtMono}`;
}

/** One read a second with several points in it, and what happened when. */
export function playReads(detector: Detector, reads: readonly (readonly Value[])[], fromMono = 0): string[] {
  return reads.flatMap((values, index) => detector.step(batch(fromMono + index * 1_000, values)).map(textOf));
}

/** A history with one value every `everyMs`. */
export function every(everyMs: number, values: readonly Value[], fromMono = 0): [number, Value][] {
  return values.map((value, index) => [fromMono + index * everyMs, value]);
}
