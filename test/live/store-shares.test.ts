import { expect, test } from 'vitest';
import { shareStore } from '../../src/live/store-shares.ts';
import { fileShare } from '../../src/store/history/limits.ts';
import { defaultLimits } from '../../src/store/limits.ts';

test.each([64e6, 500e6, 2e9, 1_000e9])(
  'of a store of %d bytes all files together take no more than that',
  sizeBytes => {
    const { alarmBytes, historyBytes } = shareStore(sizeBytes);
    expect(alarmBytes + fileShare * historyBytes + defaultLimits.reserveBytes).toBeLessThanOrEqual(sizeBytes);
  },
);

test.each([64e6, 2e9])(
  'of a store of %d bytes there is room for the 10,000 events that are never removed',
  sizeBytes => {
    expect(shareStore(sizeBytes).alarmBytes).toBeGreaterThan(10_000 * 600 * 2);
  },
);
