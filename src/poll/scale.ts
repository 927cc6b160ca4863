import type { Reading } from '../driver.ts';
import { decimalsOf } from '../model/decimals.ts';
import type { Point, Sample } from '../model/point.ts';

/**
 * `engineering value = raw × scale + offset`, as whole numbers over one power of ten: (raw × factor + shift) / divisor. So
 * a raw 3 of a point with scale 0.1 is 0.3 and not 0.30000000000000004, which would be above a limit of 0.3.
 */
export interface Scaling {
  readonly factor: number;
  readonly shift: number;
  readonly divisor: number;
}

export function scalingOf({ scale, offset }: Pick<Point, 'scale' | 'offset'>): Scaling {
  const decimals = decimalsOf({ scale, offset });
  if (decimals === undefined) return { factor: scale, shift: offset, divisor: 1 };
  const divisor = 10 ** decimals;
  // Rounded off is only the dust that binary left on the product.
  return { factor: Math.round(scale * divisor), shift: Math.round(offset * divisor), divisor };
}

/**
 * Turns a raw reading into the sample of its point, in place. An invalid number is found before scaling, since devices
 * document it as a raw value; a value that is not finite never leaves here as good.
 */
export function scaleReading(reading: Reading, sample: Sample, scaling: Scaling): void {
  const { point } = sample;
  sample.quality = reading.quality;
  sample.text = reading.text;
  sample.value = Number.NaN;
  if (reading.quality !== 'good' || reading.text !== undefined) return;
  if (point.invalidValues.length > 0 && point.invalidValues.includes(reading.value)) {
    sample.quality = 'invalid-value';
    return;
  }
  const value = (reading.value * scaling.factor + scaling.shift) / scaling.divisor;
  if (Number.isFinite(value)) sample.value = value;
  else sample.quality = 'not-a-number';
}
