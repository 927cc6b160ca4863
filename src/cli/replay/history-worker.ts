import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, PlantroomError } from '../../base/errors.ts';
import { copyRecords, type Records } from '../../replay/records.ts';
import { openHistoryReader } from '../../store/history/reader.ts';
import { historySource } from './history-source.ts';
import type { Found } from './source.ts';
import type { ToReplay, WantedHistory } from './thread-messages.ts';

/* Reads the history for a replay in another thread, one step for each that is asked for. */

const { folder, points, fromBy, to } = workerData as WantedHistory;
let asked = 0;
let wake: (() => void) | undefined;

parentPort?.on('message', () => {
  asked += 1;
  wake?.();
});

async function untilAsked(): Promise<void> {
  while (asked === 0)
    await new Promise<void>(resolve => {
      wake = resolve;
    });
  asked -= 1;
}

function say(message: ToReplay, moved: readonly Records[] = []): void {
  const buffers = moved.flatMap(({ place, at, value, quality }) =>
    [place, at, value, quality].map(({ buffer }) => buffer),
  );
  parentPort?.postMessage(message, buffers as ArrayBuffer[]);
}

async function read(): Promise<Found> {
  const reader = openHistoryReader(folder);
  try {
    const source = historySource(reader, points, { fromBy, to });
    for await (const { minutes, done, total } of source.steps()) {
      await untilAsked();
      // The columns are used again here; what goes over is moved, not copied once more.
      const copies = Array.from(minutes, ({ startAt, records }) => ({
        startAt,
        records: records && copyRecords(records),
      }));
      say(
        { kind: 'step', step: { minutes: copies, done, total } },
        copies.flatMap(({ records }) => records ?? []),
      );
    }
    const { recorded, otherUnit, unknown, firstAt, lastAt, values, damaged, late } = source.found;
    return { recorded, otherUnit, unknown, firstAt, lastAt, values, damaged, late };
  } finally {
    reader.close();
  }
}

read().then(
  found => {
    say({ kind: 'end', found });
    parentPort?.close();
  },
  (thrown: unknown) => {
    const isOurs = thrown instanceof PlantroomError;
    const { kind: failure, hint } = isOurs ? thrown : { kind: 'internal' as const, hint: undefined };
    say({ kind: 'failed', failure, message: messageOf(thrown), hint });
    parentPort?.close();
  },
);
