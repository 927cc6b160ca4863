import type { Standing } from '../../model/outbox.ts';
import type { PlantNow } from '../plant-now.ts';

/** What birth certificates tell of the plant. */
export interface Plant extends PlantNow {
  standing(): Standing;
}
