import type { Site } from '../model/site.ts';
import type { SiteProblem } from './problem.ts';

/** What came of reading a site file. */
export type LoadResult =
  | {
      readonly kind: 'ok';
      readonly site: Site;
      readonly warnings: readonly SiteProblem[];
      /** The site file and the profiles that were read. */
      readonly files: readonly string[];
    }
  /** All that is wrong at once, warnings among it. */
  | { readonly kind: 'wrong'; readonly problems: readonly SiteProblem[] };
