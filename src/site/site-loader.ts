import { Worker } from 'node:worker_threads';
import { PlantroomError } from '../base/errors.ts';
import { siteLimits } from './limits.ts';
import type { LoadReply, LoadRequest } from './load-message.ts';
import type { LoadResult } from './load-result.ts';
import { noNumbers } from './numbering.ts';
import { shareParts } from './shared-parts.ts';

export type { LoadResult } from './load-result.ts';
export { formatProblem } from './problem.ts';
export { readSecret, systemSecretSources } from './secret.ts';

/**
 * Loads the site file of a running gateway, again and again. Each time in a thread of its own: reading ten thousand
 * points takes a good part of a second, in which no bus may wait, and what the YAML and schema libraries need of memory
 * goes with the thread.
 */
export interface SiteLoader {
  /** One load at a time. A wrong file is a result; it rejects only when the thread itself breaks. */
  load(): Promise<LoadResult>;
}

/** A site within the limits takes less than half of this; a file made to exhaust memory ends at it. */
const threadHeapMb = 512;

/** Numbers stay with their names for the life of the loader. */
export function createSiteLoader(path: string): SiteLoader {
  let given = noNumbers();
  return {
    async load() {
      const reply = await loadApart({ path, given });
      // What a refused file has numbered is forgotten, so that a person who tries again and again uses nothing up.
      if (reply.result.kind !== 'ok') return reply.result;
      if (reply.given.points.size > siteLimits.maxPointNames) return usedUp(path);
      given = reply.given;
      shareParts(reply.result.site);
      return reply.result;
    },
  };
}

/** Names are never forgotten while the process lives; a site that renames its points all day must not fill the memory. */
function usedUp(path: string): LoadResult {
  const message = `since the gateway was started ${siteLimits.maxPointNames} names of points have been used`;
  const place = { file: path, line: 1, column: 1, text: '' };
  return { kind: 'wrong', problems: [{ ...place, message, hint: 'restart the gateway', severity: 'error' }] };
}

function loadApart(request: LoadRequest): Promise<LoadReply> {
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMb },
  });
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new PlantroomError(`${request.path} could not be read to its end`, {
          kind: 'site',
          hint: 'is this the site file? a site within the limits never needs this much memory',
          cause,
        }),
      );
    worker.once('message', resolve);
    worker.once('error', fail);
    worker.once('exit', fail);
  });
}
