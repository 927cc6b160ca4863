import { Worker } from 'node:worker_threads';
import { PlantroomError } from '../../base/errors.ts';
import type { Point } from '../../model/point.ts';
import { type Found, nothingFound, type Source } from './source.ts';
import type { ToReader, ToReplay, WantedHistory } from './thread-messages.ts';

/** Steps on their way while one is judged: each has some 6 MB with two thousand points at a second. */
const mostAhead = 1;

export interface HistoryRange {
  /** From when on the record of a point is wanted. */
  readonly fromOf: (point: Point) => number;
  readonly to: number;
}

/**
 * The raw history of a data folder, read and unpacked in a thread of its own: that takes as long as judging it. Steps
 * throw PlantroomError: `not-found` where there is no history, `storage` where it cannot be read.
 */
export function threadedHistory(folder: string, points: readonly Point[], { fromOf, to }: HistoryRange): Source {
  const names = points.map(({ key, unit }) => ({ key, unit }));
  const wanted: WantedHistory = { folder, points: names, fromBy: points.map(fromOf), to };
  let found: Found = nothingFound();

  return {
    get found() {
      return found;
    },
    async *steps() {
      const worker = new Worker(new URL('./history-worker.ts', import.meta.url), { workerData: wanted });
      try {
        const nextMessage = messagesOf(worker);
        const ask = () => worker.postMessage({ kind: 'more' } satisfies ToReader);
        for (let ahead = 0; ahead < mostAhead; ahead += 1) ask();
        for (;;) {
          const message = await nextMessage();
          if (message.kind === 'failed')
            throw new PlantroomError(message.message, { kind: message.failure, hint: message.hint });
          if (message.kind === 'end') {
            found = message.found;
            return;
          }
          ask();
          yield message.step;
        }
      } finally {
        await worker.terminate();
      }
    },
  };
}

/** Hands out what the thread says, in order. Rejects when the thread itself breaks. */
function messagesOf(worker: Worker): () => Promise<ToReplay> {
  const waiting: ToReplay[] = [];
  let failure: { readonly cause: unknown } | undefined;
  let wake: (() => void) | undefined;
  worker.on('message', (message: ToReplay) => {
    waiting.push(message);
    wake?.();
  });
  worker.on('error', cause => {
    failure = { cause };
    wake?.();
  });
  return async () => {
    for (;;) {
      const message = waiting.shift();
      if (message) return message;
      if (failure) throw failure.cause;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
}
