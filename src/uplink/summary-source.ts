import type { Clock } from '../base/clock.ts';
import type { NumberedSummary, Outbox } from '../model/outbox.ts';
import type { SummarySpan } from '../model/summary.ts';
import { type Bucket, debtMs, takeBytes } from './bucket.ts';
import type { Session } from './format.ts';
import type { LaneSource, Page } from './lane.ts';
import type { Message } from './link.ts';
import type { MessageSize } from './message-size.ts';
import { payloadBytes } from './packet.ts';
import type { SummarySettler } from './summary-settler.ts';

export interface SummarySourceOptions {
  readonly outbox: Outbox;
  readonly span: SummarySpan;
  readonly session: Session;
  readonly settler: SummarySettler;
  readonly size: MessageSize;
  /** Number of the newest summary when the connection began. Rejects while the store cannot say. */
  readonly mark: () => Promise<number>;
  readonly clock: Clock;
}

/** Most messages of a lane of summaries in flight; the bytes are the closer limit (pipe.ts). */
const mostInFlight = 20;

/**
 * Records read at a time, so that a page is about twice what may be in flight, and at most so many: each of their points is an
 * object for a moment, and a page that is more than the young generation of the heap goes through the old one (with 200 rows
 * the memory grew by some 10 MB more while a backlog was sent; no more were sent in a second).
 */
const mostRows = 40;
const firstRecordBytes = 4_096;

/** What was recorded since the connection began: it shows the present. */
export function createLiveSource(options: SummarySourceOptions): LaneSource {
  return createSource(options, { name: 'summaries', isHistorical: false });
}

/** What was kept while there was no connection: oldest first, no faster than the bucket gives out. */
export function createBacklogSource(options: SummarySourceOptions, bucket: Bucket): LaneSource {
  const { clock } = options;
  let left = bucket;
  return {
    ...createSource(options, { name: 'backlog', isHistorical: true }),
    notBeforeMono: () => clock.monoMs() + debtMs(left, clock.monoMs()),
    spend(bytes) {
      left = takeBytes(left, bytes, clock.monoMs());
    },
  };
}

function createSource(
  { outbox, span, session, settler, size, mark }: SummarySourceOptions,
  { name, isHistorical }: { readonly name: string; readonly isHistorical: boolean },
): LaneSource {
  let recordBytes = firstRecordBytes;

  async function read(after: number): Promise<Page> {
    await settler.room();
    const marked = await mark();
    const range = isHistorical
      ? { after, upTo: marked }
      : { after: Math.max(after, marked), upTo: Number.MAX_SAFE_INTEGER };
    const limit = Math.max(1, Math.min(mostRows, Math.round((2 * size.pipe.windowBytes) / recordBytes)));
    const rows = await outbox.readSummaries({ span, ...range, limit });
    const unsettled = rows.filter(({ number }) => !settler.owes(number));
    return {
      parcels: write(unsettled),
      end: rows.at(-1)?.number ?? range.after,
      isLast: rows.length < limit,
    };
  }

  function write(rows: readonly NumberedSummary[]) {
    const parcels = session.summaries(rows, { longestBytes: size.longestBytes(), isHistorical });
    const bytes = parcels.reduce((sum, { messages }) => sum + lengthOf(messages), 0);
    if (rows.length > 0) recordBytes = bytes / rows.length;
    return parcels.map(({ numbers, messages }) => ({ numbers, messages, event: undefined }));
  }

  return {
    name,
    mostInFlight,
    isBulk: true,
    // Nobody who is not there looks at summaries of the past: they are not kept for that (docs/mqtt.md).
    needsSubscriber: false,
    grows: !isHistorical,
    begin: () => 0,
    read,
    settle: ({ numbers }) => settler.settle(span, numbers),
    notBeforeMono: () => 0,
    spend() {},
    cutSmaller: message => size.cutSmaller(message),
  };
}

function lengthOf(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + payloadBytes(message), 0);
}
