import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffDelayMs } from '../../src/base/backoff.ts';
import { BoundedQueue } from '../../src/base/bounded-queue.ts';
import { codeOf, messageOf, PlantroomError } from '../../src/base/errors.ts';
import { randomId, seededRandom } from '../../src/base/random.ts';

test('a back-off doubles up to its longest wait and never takes off more than a fifth', () => {
  const backoff = { firstMs: 1_000, longestMs: 30_000 };
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(), (attempt, seed) => {
      const full = Math.min(30_000, 1_000 * 2 ** attempt);
      const delay = backoffDelayMs(backoff, attempt, seededRandom(seed));
      expect(delay).toBeLessThanOrEqual(full);
      expect(delay).toBeGreaterThan(0.8 * full - 1e-9);
    }),
  );
});

test('a bounded queue is a queue that refuses what does not fit and counts it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.option(fc.nat())), (limit, steps) => {
      const queue = new BoundedQueue<number>(limit);
      const model: number[] = [];
      let refused = 0;
      for (const step of steps) {
        if (step === null) expect(queue.shift()).toBe(model.shift());
        else if (queue.push(step)) model.push(step);
        else refused += 1;
        expect(queue.length).toBe(model.length);
        expect(model.length).toBeLessThanOrEqual(limit);
      }
      expect(queue.refused).toBe(refused);
    }),
  );
});

test('a bounded queue gives its memory back although it is never empty', () => {
  const queue = new BoundedQueue<number>(10);
  for (let item = 0; item < 100_000; item += 1) {
    queue.push(item);
    if (queue.length > 5) expect(queue.shift()).toBe(item - 5);
  }
});

test('a seeded random number generator repeats itself, stays in its range and fills it', () => {
  const [one, other] = [seededRandom(42), seededRandom(42)];
  const values = Array.from({ length: 10_000 }, () => one.next());
  expect(values).toEqual(values.map(() => other.next()));
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
});

test('random ids do not repeat and go into a topic as they are', () => {
  const ids = Array.from({ length: 1_000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z2-9]{12}$/);
});

test.each([
  ['an error', new Error('broken'), 'broken'],
  ['an error without words', new TypeError(), 'TypeError'],
  ['a bare object with a message, as libraries throw', { message: 'Timed out' }, 'Timed out'],
  ['a string', 'no', 'no'],
  ['nothing', undefined, 'undefined'],
])('the text of %s can be told', (_what, thrown, text) => expect(messageOf(thrown)).toBe(text));

test('the system code of an error is found where there is one', () => {
  expect(codeOf(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(codeOf(Object.assign(new Error('x'), { code: 5 }))).toBeUndefined();
  expect(codeOf('ENOENT')).toBeUndefined();
});

test('an error of ours keeps its cause and says what to do', () => {
  const cause = new Error('EACCES');
  const error = new PlantroomError('cannot open the store', { kind: 'storage', hint: 'chown it', cause });
  expect(error).toMatchObject({ kind: 'storage', hint: 'chown it', cause, message: 'cannot open the store' });
});
