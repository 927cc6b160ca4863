import type { Push } from '../driver.ts';
import type { Point } from '../model/point.ts';
import { type PlannedRead, planRead } from './batch.ts';
import type { Delivery } from './delivery.ts';

/** Turns what devices tell by themselves into batches of one sample, scaled as what is read. */
export function createPushDesk(delivery: Delivery): (push: Push) => void {
  /** Made with the first value of each point, and used again. */
  const planned = new Map<Point, PlannedRead>();
  return ({ device, point, reading, atMono }) => {
    const known = planned.get(point);
    const own = known ?? planRead({ device, label: point.key, points: [point], readings: [{ ...reading }], wireMs: 0 });
    if (!known) planned.set(point, own);
    const [kept] = own.read.readings;
    if (kept) Object.assign(kept, reading);
    delivery.push(own, atMono);
  };
}
