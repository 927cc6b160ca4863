import { expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { type BrokerChoice, firstChoice, nextChoice } from '../../src/uplink/broker-choice.ts';

const random = seededRandom(3);
const failed = { lastedMs: 10, isTakeover: false };

function indexesAfter(ends: readonly { lastedMs: number; isTakeover: boolean }[], brokers: number): number[] {
  let choice: BrokerChoice = firstChoice;
  return ends.map(ended => {
    choice = nextChoice(choice, ended, brokers, random).choice;
    return choice.index;
  });
}

test('brokers are tried in their order, round after round', () => {
  expect(indexesAfter(Array(7).fill(failed), 3)).toEqual([1, 2, 0, 1, 2, 0, 1]);
});

test('after a good connection it begins with the first again', () => {
  expect(indexesAfter([failed, { lastedMs: 60_000, isTakeover: false }, failed], 3)).toEqual([1, 0, 1]);
});

test('the next broker of a round is tried at once, a round in vain is followed by a pause that doubles', () => {
  let choice: BrokerChoice = firstChoice;
  const delays: number[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const next = nextChoice(choice, failed, 2, random);
    choice = next.choice;
    delays.push(next.delayMs);
  }
  const longest = [200, 1_000, 200, 2_000, 200, 4_000];
  for (const [index, delayMs] of delays.entries()) {
    expect(delayMs).toBeLessThanOrEqual(longest[index] ?? 0);
    expect(delayMs).toBeGreaterThanOrEqual(0.8 * (longest[index] ?? 0));
  }
});

test('one that took our id over is left alone for long, and not fled from to another broker', () => {
  const next = nextChoice(firstChoice, { lastedMs: 90_000, isTakeover: true }, 2, random);
  expect(next.choice.index).toBe(0);
  expect(next.delayMs).toBeGreaterThanOrEqual(24_000);
});
