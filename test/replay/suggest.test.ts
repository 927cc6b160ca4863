import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { rateYaml } from '../../src/cli/suggest/yaml.ts';
import { basisOf, deadbandFor, proposeLimits, proposeRate } from '../../src/replay/suggest/proposal.ts';
import { roundDelay, roundDown, roundSize, roundUp, stepBelow } from '../../src/replay/suggest/rounding.ts';
import { createSeriesCollector, type Series } from '../../src/replay/suggest/series.ts';
import { movesOver, noiseOf, quantile, runsOf, sigmaOf, sortedValues } from '../../src/replay/suggest/statistics.ts';
import { point } from '../history/samples.ts';

function seriesOf(values: readonly number[], intervalMs = 1_000): Series {
  const at = Float64Array.from(values, (_, index) => index * intervalMs);
  return { count: values.length, at, value: Float64Array.from(values) };
}

/** Twelve uniform ones make a normal one. */
function normal(count: number, mean: number, sigma: number): number[] {
  const random = seededRandom(3);
  const one = () => Array.from({ length: 12 }, () => random.next()).reduce((sum, value) => sum + value, -6);
  return Array.from({ length: count }, () => mean + sigma * one());
}

const pressure = point(0, { unit: 'bar' });

describe('statistics', () => {
  test('find the parameters of a normal distribution, also when a tenth of it is broken', () => {
    const values = normal(20_000, 4, 0.1).map((value, index) => (index % 10 === 0 ? 99 : value));
    const sorted = sortedValues(seriesOf(values));
    expect(quantile(sorted, 0.5)).toBeCloseTo(4, 1);
    expect(sigmaOf(sorted)).toBeGreaterThan(0.09);
    expect(sigmaOf(sorted)).toBeLessThan(0.13);
  });

  test('take noise from what moves, and none from what stands', () => {
    expect(noiseOf(seriesOf(normal(20_000, 4, 0.1)))).toBeCloseTo(0.1, 2);
    expect(noiseOf(seriesOf([1, 1, 1, 1]))).toBe(0);
  });

  test('know how long a condition stood and was gone, and nothing of unknown time', () => {
    const { met, between } = runsOf(seriesOf([0, 1, 1, 0, 0, 0, 1, 0, Number.NaN, 1, 0]), value => value > 0);
    expect(met).toEqual([2_000, 1_000, 1_000]);
    expect(between).toEqual([3_000]);
  });

  test('take a move over a window only where all of it is known', () => {
    expect([...movesOver(seriesOf([0, 1, 3, Number.NaN, 10]), 1_000)]).toEqual([0, 1, 2]);
  });

  test('are those of all values however many there are', () => {
    const collector = createSeriesCollector(100);
    for (let index = 0; index < 1_000; index += 1) collector.add(index, index);
    const { series } = collector;
    expect(series.count).toBeGreaterThan(50);
    expect(quantile(sortedValues(series), 0.5)).toBeGreaterThan(400);
    expect(quantile(sortedValues(series), 0.5)).toBeLessThan(600);
  });
});

describe('a proposal', () => {
  test('lies outside of what is ordinary, by a deadband that outlasts the noise', () => {
    const series = seriesOf(normal(50_000, 4, 0.1));
    const basis = basisOf(series, pressure);
    const [high, low] = proposeLimits(series, pressure, basis);
    const deadband = deadbandFor(basis, pressure);
    expect(deadband).toBeGreaterThanOrEqual(3 * basis.noise);
    expect(deadband).toBeGreaterThanOrEqual(0.02 * 4);
    expect(high?.limit).toBeGreaterThan(4.3);
    expect(low?.limit).toBeLessThan(3.7);
    expect(high?.onDelayMs).toBe(15_000);
  });

  test('outlasts nine in ten of the short excursions', () => {
    const values = normal(80_000, 4, 0.02).map((value, index) =>
      index % 5_000 < 2 ? 9 : index % 10_000 < 40 ? 9 : value,
    );
    const series = seriesOf(values);
    const [high] = proposeLimits(series, pressure, basisOf(series, pressure));
    expect(high?.onDelayMs).toBe(45_000);
  });

  test('has no delay that would outlast what is far out: that is what the alarm is for', () => {
    const dips = normal(50_000, 4, 0.1).map((value, index) => (index % 10_000 < 150 ? 1 : value));
    const [, low] = proposeLimits(seriesOf(dips), pressure, basisOf(seriesOf(dips), pressure));
    expect(low?.level).toBe('low');
    expect(low?.onDelayMs).toBe(15_000);
  });

  test.each([
    [8, 60_000],
    [0.17, 90_000],
    [11, 60_000],
    [0.000_013, 120_000],
  ])('of a rate is pasted as one that can be seen: %d kPa in %d ms', (change, windowMs) => {
    const [, , rate = ''] = rateYaml(pressure, { ratePerS: change / (windowMs / 1_000), windowMs, minChange: change });
    const [, written = '', per = ''] = /both: (\S+) bar\/(s|min|h)/.exec(rate) ?? [];
    const ratePerS = Number(written) / ({ s: 1, min: 60, h: 3_600 }[per] ?? 0);
    expect(ratePerS * (windowMs / 1_000)).toBeGreaterThanOrEqual(change * (1 - 1e-9));
    expect(ratePerS * (windowMs / 1_000)).toBeLessThan(change * 1.01);
  });

  test('has no low limit where a value without a sign goes to nothing', () => {
    const series = seriesOf(normal(10_000, 20, 1).map((value, index) => (index % 3 === 0 ? 0 : value)));
    const flow = point(0, { unit: 'm3/h' });
    expect(proposeLimits(series, flow, basisOf(series, flow)).map(({ level }) => level)).toEqual(['high']);
  });

  test('knows no alarm on what never moves', () => {
    const still = seriesOf(new Array(1_000).fill(0));
    const basis = basisOf(still, pressure);
    expect(proposeLimits(still, pressure, basis)).toEqual([]);
    expect(proposeRate(still, pressure, basis)).toBeUndefined();
  });

  test('of a rate is faster than the value ordinarily gets', () => {
    const series = seriesOf(Array.from({ length: 20_000 }, (_, second) => 4 + Math.sin(second / 600)));
    const rate = proposeRate(series, pressure, basisOf(series, pressure));
    expect(rate?.windowMs).toBe(60_000);
    expect(rate?.ratePerS).toBeGreaterThan(1 / 600);
    expect(rate?.ratePerS).toBeLessThan(3 / 600);
  });
});

describe('a rounded number', () => {
  const size = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

  test('is on the safe side, and short', () => {
    fc.assert(
      fc.property(size, size, (value, by) => {
        const step = stepBelow(by);
        expect(step).toBeLessThanOrEqual(by * (1 + 1e-6));
        expect(step).toBeGreaterThan(by * 0.399);
        expect(roundUp(value, step)).toBeGreaterThanOrEqual(value - step * 1e-6);
        expect(roundDown(value, step)).toBeLessThanOrEqual(value + step * 1e-6);
        expect(roundSize(value)).toBeGreaterThanOrEqual(value * (1 - 1e-6));
        expect(roundSize(value)).toBeLessThanOrEqual(value * 1.11);
        expect(String(roundSize(value)).replace(/e.*|[^1-9]/g, '').length).toBeLessThanOrEqual(2);
      }),
    );
  });

  test('of a delay is one that people write', () => {
    expect([0, 1, 11_000, 61_000, 1e9].map(roundDelay)).toEqual([1_000, 1_000, 15_000, 90_000, 3_600_000]);
  });
});
