import type { Sample } from '../model/point.ts';

/** The poller lets no number that is not finite pass as good; a wrong alarm is worth a second look here. */
export function isComparable(sample: Sample): boolean {
  return sample.quality === 'good' && Number.isFinite(sample.value);
}
