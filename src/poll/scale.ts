import type { Reading } from '../driver.ts';
import type { Sample } from '../model/point.ts';

/**
 * Turns a raw reading into the sample of its point, in place. An invalid number is found before scaling, since devices
 * document it as a raw value; a value that is not finite never leaves here as good.
 */
export function scaleReading(reading: Reading, sample: Sample): void {
  const { point } = sample;
  sample.quality = reading.quality;
  sample.text = reading.text;
  sample.value = Number.NaN;
  if (reading.quality !== 'good' || reading.text !== undefined) return;
  if (point.invalidValues.length > 0 && point.invalidValues.includes(reading.value)) {
    sample.quality = 'invalid-value';
    return;
  }
  const value = reading.value * point.scale + point.offset;
  if (Number.isFinite(value)) sample.value = value;
  else sample.quality = 'not-a-number';
}
