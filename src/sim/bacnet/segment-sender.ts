import type { SegmentAck } from './apdu.ts';

/** An answer on its way in segments: how far it is. */
export interface Transfer {
  readonly segmentCount: number;
  /** The first segment that is not acknowledged. */
  readonly firstOpen: number;
  /** Segments that may go out before the client has to acknowledge, 1 to 127. */
  readonly windowSize: number;
  /** The window was sent so many times again without a word. */
  readonly repeats: number;
}

export type TransferInput = { readonly kind: 'ack'; readonly ack: SegmentAck } | { readonly kind: 'timeout' };

export interface TransferStep {
  readonly transfer: Transfer;
  /** Indexes of segments to send now. */
  readonly send: readonly number[];
  /** `done` when the last one was acknowledged, `given-up` after the last repeat. */
  readonly end: 'done' | 'given-up' | undefined;
}

const mostRepeats = 3;

/** The first segment goes alone: only its acknowledgement says what window the client takes. */
export function beginTransfer(segmentCount: number, windowSize: number): TransferStep {
  const transfer: Transfer = { segmentCount, firstOpen: 0, windowSize, repeats: 0 };
  return { transfer, send: [0], end: undefined };
}

export function stepTransfer(transfer: Transfer, input: TransferInput): TransferStep {
  if (input.kind === 'timeout') {
    if (transfer.repeats >= mostRepeats) return { transfer, send: [], end: 'given-up' };
    const repeated = { ...transfer, repeats: transfer.repeats + 1 };
    return { transfer: repeated, send: openWindow(repeated), end: undefined };
  }
  const acknowledged = indexOf(transfer, input.ack.sequence);
  const isRepeated = acknowledged === transfer.firstOpen - 1 && !input.ack.isNegative;
  if (acknowledged === undefined || isRepeated) return { transfer, send: [], end: undefined };
  const windowSize = Math.min(127, Math.max(1, input.ack.windowSize));
  const next = { ...transfer, firstOpen: acknowledged + 1, windowSize, repeats: 0 };
  if (next.firstOpen >= next.segmentCount) return { transfer: next, send: [], end: 'done' };
  return { transfer: next, send: openWindow(next), end: undefined };
}

/**
 * The segment that a sequence number means: one of the open window, or the one before it, with which a client that
 * misses something says that nothing of the window came. Undefined for one that was acknowledged long ago.
 */
function indexOf({ firstOpen, segmentCount, windowSize }: Transfer, sequence: number): number | undefined {
  const last = Math.min(segmentCount, firstOpen + Math.max(1, windowSize)) - 1;
  for (let index = firstOpen - 1; index <= last; index += 1) {
    if (index >= 0 && (index & 0xff) === sequence) return index;
  }
  return undefined;
}

function openWindow({ firstOpen, segmentCount, windowSize, repeats }: Transfer): number[] {
  // Until the client has answered once, there is only the first one.
  const size = firstOpen === 0 && repeats > 0 ? 1 : windowSize;
  return Array.from({ length: Math.min(size, segmentCount - firstOpen) }, (_, offset) => firstOpen + offset);
}
