import type { Quality } from '../model/quality.ts';
import type { Site } from '../model/site.ts';

/** The plant at this moment, for formats whose birth messages describe it. Asked anew for each of them. */
export interface PlantNow {
  site(): Site;
  /** Undefined for a point that is gone. */
  pointNow(pointNumber: number): PointNow | undefined;
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
