import type { NumberedSummary } from '../model/outbox.ts';
import type { Summary, SummaryRecord, SummarySpan } from '../model/summary.ts';
import { encloseText, formatTime } from './payload.ts';

/** Summaries over the wire: several records in one message. Pure. The contract is docs/mqtt.md. */

export interface SummaryBatch {
  readonly numbers: readonly number[];
  /** One, or several when a single record is too long for one. */
  readonly payloads: readonly string[];
}

export interface BatchOptions {
  readonly gatewayId: string;
  readonly span: SummarySpan;
  readonly isHistorical: boolean;
  readonly longestBytes: number;
}

interface Written {
  readonly number: number;
  readonly id: string;
  readonly windowEnd: number;
  readonly text: string;
  readonly bytes: number;
}

/** Batches in the order given. Each record is in exactly one of them. */
export function encodeSummaries(rows: readonly NumberedSummary[], options: BatchOptions): readonly SummaryBatch[] {
  const batches: SummaryBatch[] = [];
  let open: Written[] = [];
  let leftBytes = 0;
  const enclosureBytes = Buffer.byteLength(enclose('..', 0, '', options));
  const close = () => {
    if (open.length > 0) batches.push({ numbers: open.map(({ number }) => number), payloads: [write(open, options)] });
    open = [];
  };
  for (const { number, record } of rows) {
    const written = writeRecord(number, record, 0, record.points.length);
    // Each message names the first and the last record in its own id.
    const roomBytes = options.longestBytes - enclosureBytes - 2 * Buffer.byteLength(record.id) - partIdBytes;
    if (written.bytes > roomBytes && record.points.length > 1) {
      close();
      const parts = cut(number, record, roomBytes, 0, record.points.length);
      batches.push({ numbers: [number], payloads: parts.map(part => write([part], options)) });
      continue;
    }
    if (written.bytes + 1 > leftBytes) {
      close();
      leftBytes = roomBytes;
    }
    open.push(written);
    leftBytes -= written.bytes + 1;
  }
  close();
  return batches;
}

/** What `-p<first>-<last>` adds to an id, twice. */
const partIdBytes = 2 * '-p10000-10000'.length;

/** Halves until each part fits, so that the same record is cut the same way each time. A single point is never cut. */
function cut(number: number, record: SummaryRecord, roomBytes: number, first: number, end: number): Written[] {
  const written = writeRecord(number, record, first, end);
  if (end - first <= 1 || written.bytes <= roomBytes) return [written];
  const middle = (first + end) >>> 1;
  return [...cut(number, record, roomBytes, first, middle), ...cut(number, record, roomBytes, middle, end)];
}

/** A part of a record has an id of its own that names the points it holds: the same however often it is sent. */
function writeRecord(number: number, record: SummaryRecord, first: number, end: number): Written {
  const isWhole = first === 0 && end === record.points.length;
  const id = isWhole ? record.id : `${record.id}-p${first + 1}-${end}`;
  const text = JSON.stringify({
    id,
    device: record.device,
    windowStart: formatTime(record.windowStart),
    windowEnd: formatTime(record.windowEnd),
    clock: record.clock,
    points: record.points.slice(first, end).map(summaryFields),
  });
  return { number, id, windowEnd: record.windowEnd, text, bytes: Buffer.byteLength(text) };
}

function summaryFields(summary: Summary): Record<string, unknown> {
  return {
    point: summary.point,
    unit: summary.unit,
    count: summary.count,
    min: summary.min ?? null,
    max: summary.max ?? null,
    mean: summary.mean ?? null,
    last: summary.last ?? null,
    goodShare: summary.goodShare,
    delta: summary.delta ?? null,
    resets: summary.resets,
  };
}

function write(records: readonly Written[], options: BatchOptions): string {
  const [first, last] = [records.at(0), records.at(-1)];
  const id = records.length === 1 ? `${first?.id}` : `${first?.id}..${last?.id}`;
  return enclose(id, last?.windowEnd ?? 0, records.map(({ text }) => text).join(','), options);
}

function enclose(id: string, at: number, texts: string, { gatewayId, span, isHistorical }: BatchOptions): string {
  return encloseText(
    { id, gatewayId, type: 'plantroom.summaries', subject: gatewayId, at },
    `{"span":"${span}","historical":${isHistorical},"summaries":[${texts}]}`,
  );
}
