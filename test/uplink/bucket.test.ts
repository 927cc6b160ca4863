import fc from 'fast-check';
import { expect, test } from 'vitest';
import { debtMs, fullBucket, takeBytes } from '../../src/uplink/bucket.ts';

test('an idle bucket gives at once, and then no faster than its rate', () => {
  let bucket = fullBucket(8_000, 0);
  expect(debtMs(bucket, 0)).toBe(0);
  bucket = takeBytes(bucket, 3_000, 0);
  // 24,000 bits taken, 8,000 of them there.
  expect(debtMs(bucket, 0)).toBe(2_000);
  expect(debtMs(bucket, 1_500)).toBe(500);
  expect(debtMs(bucket, 2_000)).toBe(0);
});

test('over any time it gives out no more than its rate, a second of burst and one message', () => {
  const message = fc.record({
    bytes: fc.integer({ min: 1, max: 16_384 }),
    pauseMs: fc.integer({ min: 0, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 1e9 }), fc.array(message, { minLength: 1 }), (bitsPerS, messages) => {
      let nowMono = 0;
      let bits = 0;
      let bucket = fullBucket(bitsPerS, nowMono);
      for (const { bytes, pauseMs } of messages) {
        nowMono += Math.max(pauseMs, debtMs(bucket, nowMono));
        bucket = takeBytes(bucket, bytes, nowMono);
        bits += bytes * 8;
        const allowed = (bitsPerS * (nowMono + 1_000)) / 1_000 + 16_384 * 8;
        expect(bits).toBeLessThanOrEqual(allowed * 1.000001);
      }
    }),
  );
});
