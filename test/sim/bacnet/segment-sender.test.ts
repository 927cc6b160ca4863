import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { beginTransfer, stepTransfer, type TransferStep } from '../../../src/sim/bacnet/segment-sender.ts';

const ack = (sequence: number, windowSize: number, isNegative = false) =>
  ({ kind: 'ack', ack: { invokeId: 1, sequence: sequence & 0xff, windowSize, isNegative } }) as const;

/** A client by the book: acknowledges the end of a window and the last segment, and says no at a gap. */
function receive(segmentCount: number, proposed: number, actual: number, loses: () => boolean) {
  const got: number[] = [];
  let step: TransferStep = beginTransfer(segmentCount, proposed);
  let inWindow = 0;
  let window = 1;
  for (let turn = 0; turn < 50 * segmentCount + 500 && step.end === undefined; turn += 1) {
    let reply: ReturnType<typeof ack> | undefined;
    let isGapTold = false;
    for (const index of step.send) {
      if (loses()) continue;
      if (index !== got.length) {
        if (index > got.length && !isGapTold) {
          isGapTold = true;
          inWindow = 0;
          if (got.length > 0) reply = ack(got.length - 1, actual, true);
        } else if (index < got.length) reply = ack(got.length - 1, actual);
        continue;
      }
      got.push(index);
      inWindow += 1;
      if (inWindow < window && index !== segmentCount - 1) continue;
      [inWindow, window] = [0, actual];
      reply = ack(index, actual);
    }
    // An acknowledgement may be lost as well.
    step = stepTransfer(step.transfer, reply && !loses() ? reply : { kind: 'timeout' });
  }
  return { got, end: step.end };
}

describe('an answer in segments', () => {
  test('arrives whole in all sizes and windows', () => {
    for (const count of [1, 2, 3, 255, 256, 257, 600]) {
      for (const window of [1, 2, 7, 127]) {
        expect(receive(count, window, window, () => false)).toEqual({
          got: Array.from({ length: count }, (_, index) => index),
          end: 'done',
        });
      }
    }
  });

  test('arrives whole, whatever window the client takes, and whatever is lost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 127 }),
        fc.integer({ min: 1, max: 127 }),
        fc.nat(1_000_000),
        (count, proposed, actual, seed) => {
          const random = seededRandom(seed);
          const { got, end } = receive(count, proposed, actual, () => random.next() < 0.1);
          // One that is given up after four silences was not whole; what came of it came in order.
          expect(got).toEqual(got.map((_, index) => index));
          if (end === 'done') expect(got.length).toBe(count);
          else expect(end).toBe('given-up');
        },
      ),
    );
  });

  test('the first segment goes alone, and is sent three times more before it is given up', () => {
    let step = beginTransfer(5, 3);
    expect(step.send).toEqual([0]);
    for (const repeat of [1, 2, 3]) {
      step = stepTransfer(step.transfer, { kind: 'timeout' });
      expect([step.send, step.transfer.repeats]).toEqual([[0], repeat]);
    }
    expect(stepTransfer(step.transfer, { kind: 'timeout' }).end).toBe('given-up');
  });

  test('an acknowledgement of long ago, or of what was never sent, moves nothing', () => {
    const begun = stepTransfer(beginTransfer(20, 4).transfer, ack(0, 4));
    expect(begun.send).toEqual([1, 2, 3, 4]);
    const next = stepTransfer(begun.transfer, ack(4, 4));
    expect(next.send).toEqual([5, 6, 7, 8]);
    for (const sequence of [0, 3, 4, 9, 255]) {
      expect(stepTransfer(next.transfer, ack(sequence, 4))).toEqual({
        transfer: next.transfer,
        send: [],
        end: undefined,
      });
    }
  });

  test('a negative one brings the window again from where it tore', () => {
    const begun = stepTransfer(beginTransfer(20, 4).transfer, ack(0, 4));
    expect(stepTransfer(begun.transfer, ack(2, 4, true)).send).toEqual([3, 4, 5, 6]);
    expect(stepTransfer(begun.transfer, ack(0, 4, true)).send).toEqual([1, 2, 3, 4]);
  });
});
