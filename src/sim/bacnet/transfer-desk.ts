import type { Clock, Timer } from '../../base/clock.ts';
import { encodeSegment, type SegmentAck } from './apdu.ts';
import type { BacnetFaults } from './bacnet-fault.ts';
import type { Remote } from './remote.ts';
import { beginTransfer, stepTransfer, type Transfer, type TransferInput, type TransferStep } from './segment-sender.ts';

export interface TransferDesk {
  /** False when too many are under way. */
  begin(to: Remote, answer: SegmentedAnswer): boolean;
  acknowledge(from: Remote, ack: SegmentAck): void;
  abort(from: Remote, invokeId: number): void;
  stop(): void;
}

export interface SegmentedAnswer {
  readonly invokeId: number;
  readonly service: number;
  readonly bodies: readonly Buffer[];
  /** Proposed, 1 to 127. */
  readonly windowSize: number;
}

export interface TransferDeskOptions {
  readonly clock: Clock;
  readonly faults: () => BacnetFaults;
  readonly send: (to: Remote, apdu: Buffer) => void;
}

interface Running {
  readonly to: Remote;
  readonly answer: SegmentedAnswer;
  transfer: Transfer;
  timer: Timer | undefined;
  /** Segments that a fault has already lost once. */
  readonly lost: Set<number>;
}

/** More are refused. */
const mostTransfers = 32;
/** A window that is not acknowledged goes out again. */
const segmentTimeoutMs = 2_000;
/** Where a device that stops in the middle stops. */
const stopsAt = 2;

/** The segmented answers of one device that are under way. */
export function createTransferDesk({ clock, faults, send }: TransferDeskOptions): TransferDesk {
  const running = new Map<string, Running>();
  const end = (key: string) => {
    running.get(key)?.timer?.cancel();
    running.delete(key);
  };
  const step = (key: string, input: TransferInput) => {
    const one = running.get(key);
    if (one) take(key, one, stepTransfer(one.transfer, input));
  };
  const take = (key: string, one: Running, { transfer, send: indexes, end: isOver }: TransferStep) => {
    one.transfer = transfer;
    if (isOver !== undefined) return end(key);
    if (indexes.length === 0) return;
    for (const index of order(indexes, one, faults())) send(one.to, segmentOf(one, index));
    one.timer?.cancel();
    one.timer = clock.at(clock.monoMs() + segmentTimeoutMs, () => step(key, { kind: 'timeout' }));
  };
  return {
    begin(to, answer) {
      const key = keyOf(to, answer.invokeId);
      // The same request again: its answer begins anew.
      end(key);
      if (running.size >= mostTransfers) return false;
      const first = beginTransfer(answer.bodies.length, answer.windowSize);
      const one: Running = { to, answer, transfer: first.transfer, timer: undefined, lost: new Set() };
      running.set(key, one);
      take(key, one, first);
      return true;
    },
    acknowledge: (from, ack) => step(keyOf(from, ack.invokeId), { kind: 'ack', ack }),
    abort: (from, invokeId) => end(keyOf(from, invokeId)),
    stop() {
      for (const key of running.keys()) end(key);
    },
  };
}

function keyOf({ key }: Remote, invokeId: number): string {
  return `${key}#${invokeId}`;
}

/** The segments of a window as the faults let them out. */
function order(indexes: readonly number[], { lost }: Running, faults: BacnetFaults): number[] {
  let out = [...indexes];
  if (faults.has('segments-stop')) out = out.filter(index => index < stopsAt);
  if (faults.has('segment-lost')) {
    out = out.filter(index => index % 3 !== 1 || lost.has(index));
    for (const index of indexes) lost.add(index);
  }
  if (faults.has('segments-reordered')) out.reverse();
  return faults.has('segments-doubled') ? out.flatMap(index => [index, index]) : out;
}

function segmentOf({ answer, transfer }: Running, index: number): Buffer {
  const { invokeId, service, bodies } = answer;
  return encodeSegment({
    invokeId,
    service,
    index,
    isLast: index === bodies.length - 1,
    windowSize: transfer.windowSize,
    body: bodies[index] ?? Buffer.alloc(0),
  });
}
