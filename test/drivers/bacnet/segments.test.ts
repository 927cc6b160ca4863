import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTransfer, lastSequence, takeSegment } from '../../../drivers/bacnet/segments.ts';
import { type Random, seededRandom } from '../../../src/base/random.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';

function contentOf(segment: number): Buffer {
  return Buffer.from([segment >> 8, segment & 0xff, 0xaa]);
}

function take(transfer: ReturnType<typeof createTransfer>, segment: number, count: number, window = 4) {
  return takeSegment(
    transfer,
    { sequence: segment & 0xff, window, moreFollows: segment < count - 1 },
    contentOf(segment),
  );
}

/** Which segments are acknowledged when they come in order. */
function acknowledged(count: number, window: number): number[] {
  const transfer = createTransfer();
  return Array.from({ length: count }, (_, segment) => take(transfer, segment, count, window)).flatMap(
    (verdict, segment) => (verdict.kind === 'acknowledge' ? [segment] : []),
  );
}

describe('segments in order', () => {
  test('are acknowledged one by one in a window of one, and else at the end of each window', () => {
    expect(acknowledged(5, 1)).toEqual([0, 1, 2, 3]);
    expect(acknowledged(14, 4)).toEqual([0, 4, 8, 12]);
  });

  test('come in windows of at most 16, and of at least one', () => {
    expect(acknowledged(40, 127)).toEqual([0, 16, 32]);
    expect(acknowledged(3, 0)).toEqual([0, 1]);
  });
});

test('a segment of nothing is wrong, and one too many is too long', () => {
  const head = { sequence: 0, window: 1, moreFollows: true };
  expect(takeSegment(createTransfer(), head, Buffer.alloc(0)).kind).toBe('wrong');
  expect(takeSegment(createTransfer(), head, Buffer.alloc(65_537)).kind).toBe('too-long');
  expect(takeSegment(createTransfer(), head, Buffer.alloc(65_536)).kind).toBe('acknowledge');
});

test('whatever is lost, doubled or late, the answer is whole and in order, and no storm follows', () => {
  const size = fc.record({ count: fc.integer({ min: 1, max: 600 }), window: fc.integer({ min: 1, max: 127 }) });
  fc.assert(
    fc.property(
      size,
      fc.nat(),
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      ({ count, window }, seed, mishapShare) => {
        const { transfer, sent } = carry(count, window, seededRandom(seed), mishapShare);
        const wanted = Buffer.concat(Array.from({ length: count }, (_, segment) => contentOf(segment)));
        expect(transfer.bytes.subarray(0, transfer.filled).equals(wanted)).toBe(true);
        expect(sent).toBeLessThan(20 * count + 200);
      },
    ),
    { numRuns: propertyRuns(100) },
  );
});

/**
 * A sender by clause 5.4 and a wire on which a share of the segments is lost, another doubled, another late, and a share of the
 * acknowledgements lost, until all is there. Tells how many segments were sent.
 */
function carry(count: number, window: number, random: Random, mishapShare: number) {
  const transfer = createTransfer();
  const happens = () => random.next() < mishapShare;
  let first = 0;
  let allowed = 1;
  let sent = 0;
  let late: number | undefined;
  let isDone = false;

  const onAck = () => {
    const ahead = (lastSequence(transfer) + 1 - first) & 0xff;
    if (happens() || ahead > allowed) return;
    first += ahead;
    allowed = transfer.window;
  };
  const arrive = (segment: number) => {
    if (isDone) return;
    const verdict = take(transfer, segment, count, window);
    expect(['nothing', 'acknowledge', 'complete']).toContain(verdict.kind);
    isDone = verdict.kind === 'complete';
    if (verdict.kind === 'acknowledge') onAck();
  };

  while (!isDone && sent < 100_000) {
    const end = Math.min(count, first + allowed);
    const before = first;
    for (let segment = first; segment < end; segment += 1) {
      sent += 1;
      const isLate = happens();
      if (!happens() && !isLate) arrive(segment);
      if (happens()) arrive(segment);
      if (late !== undefined) arrive(late);
      late = isLate ? segment : undefined;
    }
    // Nothing more comes: the receiver says once more what it has, as requests.ts does when its time is over.
    if (first === before && !isDone && transfer.ends.length > 0) {
      transfer.acknowledged = transfer.ends.length;
      onAck();
    }
  }
  return { transfer, sent };
}
