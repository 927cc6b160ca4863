import type { SegmentHead } from './apdu.ts';

/*
 * Puts an answer in segments together (clause 5.4): one Transfer per peer and invoke id. Sequence numbers count modulo
 * 256. The sender waits for an acknowledgement after each window of segments; a negative one asks for all behind the last
 * segment that came in order.
 */

/** The longest answer; a longer one is refused. BVLC lengths are 16 bits, and no property that is polled comes near. */
const mostAnswerBytes = 65_536;

/** So many segments may be under way to us: the system keeps more than that for a socket. */
const mostWindow = 16;

export interface Transfer {
  /** What came, in order, up to `filled`. */
  bytes: Buffer;
  filled: number;
  /** Where each segment that came ends within `bytes`. */
  readonly ends: number[];
  window: number;
  /** How many segments had come when we acknowledged last. */
  acknowledged: number;
  /** So many segments had come when we last said that one is missing: said once, until it comes. */
  complainedAt: number;
}

/** What is to be done about a segment. */
export type SegmentVerdict =
  | { readonly kind: 'nothing' }
  | SegmentAcknowledgement
  /** It was the last one: acknowledge it, and the answer is `transfer.bytes` up to `transfer.filled`. */
  | { readonly kind: 'complete' }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'wrong'; readonly detail: string };

export interface SegmentAcknowledgement {
  readonly kind: 'acknowledge';
  /** Some are missing. */
  readonly isNegative: boolean;
}

const nothing: SegmentVerdict = { kind: 'nothing' };
const acknowledge: SegmentVerdict = { kind: 'acknowledge', isNegative: false };
const complain: SegmentVerdict = { kind: 'acknowledge', isNegative: true };
const complete: SegmentVerdict = { kind: 'complete' };
const tooLong: SegmentVerdict = { kind: 'too-long' };

export function createTransfer(): Transfer {
  return { bytes: Buffer.alloc(0), filled: 0, ends: [], window: 1, acknowledged: 0, complainedAt: -1 };
}

/** What an acknowledgement says: the last segment that came in order, modulo 256. Only when one has come. */
export function lastSequence(transfer: Transfer): number {
  return (transfer.ends.length - 1) & 0xff;
}

/** Changes the transfer. A transfer that was told `complete`, `too-long` or `wrong` is at its end. */
export function takeSegment(transfer: Transfer, head: SegmentHead, data: Buffer): SegmentVerdict {
  const count = transfer.ends.length;
  const ahead = (head.sequence - count) & 0xff;
  if (ahead === 0) return takeNext(transfer, head, data);
  // Half of the circle lies behind us, the other half ahead.
  if (ahead >= 128) return takeDouble(transfer, count - (256 - ahead), data);
  if (count === 0 || transfer.complainedAt === count) return nothing;
  transfer.complainedAt = count;
  transfer.acknowledged = count;
  return complain;
}

function takeNext(transfer: Transfer, head: SegmentHead, data: Buffer): SegmentVerdict {
  if (data.length === 0) return { kind: 'wrong', detail: 'a segment with nothing in it' };
  if (transfer.filled + data.length > mostAnswerBytes) return tooLong;
  append(transfer, data);
  const count = transfer.ends.length;
  if (!head.moreFollows) return complete;
  // The first segment is acknowledged alone: it tells the sender our window.
  if (count === 1) transfer.window = Math.min(Math.max(1, head.window), mostWindow);
  if (count !== 1 && count - transfer.acknowledged < transfer.window) return nothing;
  transfer.acknowledged = count;
  return acknowledge;
}

/** A segment that was here before: sent again since our acknowledgement was lost, or doubled on the way. */
function takeDouble(transfer: Transfer, index: number, data: Buffer): SegmentVerdict {
  const end = transfer.ends[index];
  // Before the first: nothing that was ours.
  if (end === undefined) return nothing;
  const begin = index === 0 ? 0 : (transfer.ends[index - 1] ?? 0);
  if (transfer.bytes.compare(data, 0, data.length, begin, end) !== 0) {
    return { kind: 'wrong', detail: 'two answers in segments at once' };
  }
  // One acknowledgement for each window that is sent again, however many of its segments come: else each would start another.
  return index === transfer.acknowledged - 1 ? acknowledge : nothing;
}

function append(transfer: Transfer, data: Buffer): void {
  const end = transfer.filled + data.length;
  if (end > transfer.bytes.length) {
    const bytes = Buffer.alloc(Math.min(mostAnswerBytes, Math.max(4_096, 2 * end)));
    transfer.bytes.copy(bytes, 0, 0, transfer.filled);
    transfer.bytes = bytes;
  }
  data.copy(transfer.bytes, transfer.filled);
  transfer.filled = end;
  transfer.ends.push(end);
}
