import type { Standing } from '../../model/outbox.ts';
import type { Quality } from '../../model/quality.ts';
import type { Site } from '../../model/site.ts';

/** What birth certificates tell of the plant. Asked anew for each of them. */
export interface Plant {
  /** The same object for as long as nothing was reloaded. */
  site(): Site;
  /** Undefined for a point that is gone. */
  pointNow(pointNumber: number): PointNow | undefined;
  standing(): Standing;
}

/** What a point said last. */
export interface PointNow {
  /** The last good value; NaN for a text, and while there was none. */
  readonly value: number;
  readonly text: string | undefined;
  /** Of the last sample. */
  readonly quality: Quality;
  /** Wall time of the last sample; NaN before the first. */
  readonly sampledAt: number;
}
