import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Chattering,
  chatteringCalmMs,
  chatteringRaises,
  chatteringWithinMs,
  isChattering,
  stepChattering,
} from '../../../src/detect/life/chattering.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';

function raise(times: readonly number[]): { begun: number[]; last: Chattering | undefined } {
  let last: Chattering | undefined;
  const begun: number[] = [];
  for (const mono of times) {
    const step = stepChattering(last, mono);
    last = step.chattering;
    if (step.hasBegun) begun.push(mono);
  }
  return { begun, last };
}

test.each([
  ['two raises are none', [0, 1_000], []],
  ['three within a minute are', [0, 30_000, 60_000], [60_000]],
  ['three in a little more are not', [0, 30_000, 60_001], []],
  ['it is told once, however long it goes on', [0, 10, 20, 30, 60_000, 120_000, 300_000], [20]],
  ['slower than three a minute it goes on while it is not calm', [0, 10, 20, 200_000, 400_000, 400_001, 400_002], [20]],
  ['after five calm minutes it is told again', [0, 10, 20, 300_020, 300_030, 300_040], [20, 300_040]],
  ['a sample of an earlier time is taken as one of now', [50_000, 100, 200], [200]],
])('chattering: %s', (_, times, begun) => {
  expect(raise(times).begun).toEqual(begun);
});

test('chattering ends by itself when it is calm', () => {
  const { last } = raise([0, 10, 20]);
  expect(last && isChattering(last, 20 + chatteringCalmMs - 1)).toBe(true);
  expect(last && isChattering(last, 20 + chatteringCalmMs)).toBe(false);
  const single = raise([0]).last;
  expect(single && isChattering(single, 0)).toBe(false);
});

test('as a model that remembers every raise says, and with no more than three of them in memory', () => {
  const gap = fc.oneof(
    fc.integer({ min: 0, max: 40_000 }),
    fc.constantFrom(chatteringWithinMs / 2, chatteringCalmMs - 1, chatteringCalmMs),
  );
  fc.assert(
    fc.property(fc.array(gap, { maxLength: 60 }), gaps => {
      let mono = 0;
      const times = gaps.map(ms => {
        mono += ms;
        return mono;
      });
      const told: number[] = [];
      let isOn = false;
      for (const [index, time] of times.entries()) {
        const before = times[index - 1];
        if (before !== undefined && time - before >= chatteringCalmMs) isOn = false;
        const within = times.slice(0, index + 1).filter(one => time - one <= chatteringWithinMs);
        if (within.length < chatteringRaises || isOn) continue;
        isOn = true;
        told.push(time);
      }
      const { begun, last } = raise(times);
      expect(begun).toEqual(told);
      expect(last?.raisedMono.length ?? 0).toBeLessThanOrEqual(chatteringRaises);
    }),
    { numRuns: propertyRuns(100) },
  );
});

test('a sample that comes late does not turn time back', () => {
  let chattering = stepChattering(undefined, 5).chattering;
  expect(chattering).toEqual({ raisedMono: [5], isChattering: false });
  for (const mono of [100_000, 200_000]) chattering = stepChattering(chattering, mono).chattering;
  expect(stepChattering(chattering, 150_000)).toEqual({
    chattering: { raisedMono: [100_000, 200_000, 200_000], isChattering: false },
    hasBegun: false,
  });
});
