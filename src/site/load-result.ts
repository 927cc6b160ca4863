import type { Site } from '../model/site.ts';
import type { Place, SiteProblem } from './problem.ts';

/** What came of reading a site file. */
export type LoadResult =
  | {
      readonly kind: 'ok';
      readonly site: Site;
      readonly warnings: readonly SiteProblem[];
      /** The site file and the profiles that were read. */
      readonly files: readonly string[];
      /** Where each bus is written, by its id; the gateway's own is not. */
      readonly busPlaces: ReadonlyMap<string, Place>;
    }
  /** All that is wrong at once, warnings among it. */
  | { readonly kind: 'wrong'; readonly problems: readonly SiteProblem[] };
