import type { Detector } from '../../src/detect/detector.ts';
import {
  type BusRule,
  type Change,
  type CommunicationRule,
  type LimitRule,
  plainLife,
  type RateRule,
  type StateRule,
} from '../../src/model/alarm.ts';
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

/** A history with one value every `everyMs`. */
export function every(everyMs: number, values: readonly Value[], fromMono = 0): [number, Value][] {
  return values.map((value, index) => [fromMono + index * everyMs, value]);
}
