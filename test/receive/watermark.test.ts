import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advance,
  confirmedId,
  type EventName,
  gapsOf,
  giveUpGaps,
  mostSpans,
  parseEventId,
  type Watermark,
} from '../../src/receive/watermark.ts';

/** `a1 a2 a4` → the mark after these events. */
function markAfter(events: string, from?: Watermark): Watermark {
  const mark = events.split(' ').reduce<Watermark | undefined>((before, text) => advance(before, nameOf(text)), from);
  if (mark === undefined) throw new Error('no event');
  return mark;
}

function nameOf(text: string): EventName {
  return { store: text.slice(0, 1), number: Number(text.slice(1)) };
}

describe('an id', () => {
  test.each([
    ['k3m9x2-4711', { store: 'k3m9x2', number: 4711 }],
    ['a-b-1', { store: 'a-b', number: 1 }],
    ['a-0', undefined],
    ['a-01', undefined],
    ['-1', undefined],
    ['a', undefined],
    ['a-99999999999999999', undefined],
  ])('%s', (id, name) => expect(parseEventId(id)).toEqual(name));
});

describe('what is confirmed', () => {
  test.each([
    ['the first event that is ever seen', 'a7', 'a-7', []],
    ['the last of a row', 'a7 a8 a9', 'a-9', []],
    ['nothing behind a gap', 'a7 a9 a10', 'a-7', [[8, 8]]],
    ['all once the gap is closed', 'a7 a9 a10 a8', 'a-10', []],
    ['nothing twice', 'a7 a8 a7 a8', 'a-8', []],
    ['what was overtaken', 'a7 a10 a9 a12 a8 a11', 'a-12', []],
    ['the store that goes on with the numbers', 'a7 a8 b9', 'b-9', []],
    ['nothing behind a gap between two stores', 'a7 b9', 'a-7', [[8, 8]]],
    ['a late event of the old store', 'a7 b9 a8', 'b-9', []],
    ['the new store that gives numbers again', 'a7 a8 a9 b8', 'b-8', []],
    ['the new store, though the old ones come again', 'a7 a8 b8 a8 a9 b9', 'b-9', []],
    ['the store that was begun anew', 'a4711 b1 b2', 'b-2', []],
    ['the restored store, behind what it had sent before', 'a9 a12 r8 r9', 'r-9', []],
    ['the third store', 'a1 b2 c3 a1 b2', 'c-3', []],
    ['no number of an old store that a new one has given again', 'a1 a2 a5 b4 b5', 'a-2', [[3, 3]]],
    ['the new store, once the gap is closed by the old', 'a1 a2 a5 b4 b5 a3', 'b-5', []],
  ] as const)('is %s', (_what, events, id, gaps) => {
    const mark = markAfter(events);
    expect(confirmedId(mark)).toBe(id);
    expect(gapsOf(mark).map(({ from, to }) => [from, to])).toEqual(gaps);
  });

  test('goes on over a gap that a person has given up', () => {
    expect(confirmedId(giveUpGaps(markAfter('a1 a3 a5')))).toBe('a-5');
    expect(giveUpGaps(markAfter('a1'))).toEqual(markAfter('a1'));
  });

  test('stays true where more is missing than can be remembered', () => {
    const many = Array.from({ length: mostSpans + 10 }, (_, index) => `a${2 * index + 1}`);
    const mark = markAfter(many.join(' '));
    expect(mark.ahead.length).toBe(mostSpans);
    const rest = Array.from({ length: mostSpans + 10 }, (_, index) => `a${2 * index + 2}`);
    // The last of the events did not fit: it comes again, as everything that was not confirmed.
    const all = markAfter([...rest, ...many].join(' '), mark);
    expect(confirmedId(all)).toBe(`a-${2 * (mostSpans + 10)}`);
  });
});

describe('a gateway that ends uncleanly, is restored and is begun anew', () => {
  const epochs = fc.array(fc.record({ back: fc.nat(5), count: fc.integer({ min: 1, max: 8 }) }), {
    minLength: 1,
    maxLength: 4,
  });

  /** Epochs one after the other: each goes on at most `back` numbers before the end of the one before. */
  function eventsOf(steps: readonly { readonly back: number; readonly count: number }[]): readonly EventName[] {
    let next = 1;
    return steps.flatMap(({ back, count }, index) => {
      const first = Math.max(1, next - back);
      next = first + count;
      return Array.from({ length: count }, (_, place) => ({ store: 'abcd'.charAt(index), number: first + place }));
    });
  }

  test('is never told that an event has arrived that has not', () => {
    const property = fc.property(
      epochs,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 })), { maxLength: 60 }),
      (steps, repeats) => {
        const sent = eventsOf(steps);
        // In order, with pieces of what was sent before coming again, as after broken connections.
        const arrivals: EventName[] = [];
        for (const [index, event] of sent.entries()) {
          arrivals.push(event);
          const [chance = 0, count = 0] = repeats[index] ?? [];
          const from = chance % (index + 1);
          arrivals.push(...sent.slice(from, Math.min(from + count, index + 1)));
        }
        let mark: Watermark | undefined;
        const here = new Set<string>();
        for (const event of arrivals) {
          here.add(`${event.store}-${event.number}`);
          mark = advance(mark, event);
          // What the gateway still has of numbers up to the mark: the last epoch that gave each.
          const known = sent.slice(0, sent.findIndex(one => `${one.store}-${one.number}` === confirmedIdOf(mark)) + 1);
          expect(known.length).toBeGreaterThan(0);
          expect(known.filter(one => !here.has(`${one.store}-${one.number}`))).toEqual([]);
        }
        expect(confirmedIdOf(mark)).toBe(`${sent.at(-1)?.store}-${sent.at(-1)?.number}`);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test('has all confirmed in the end, whatever order one store came in', () => {
    const order = fc.integer({ min: 2, max: 60 }).chain(count =>
      fc.tuple(
        fc.constant(count),
        fc.shuffledSubarray(
          Array.from({ length: count - 1 }, (_, index) => index + 2),
          { minLength: count - 1 },
        ),
      ),
    );
    const property = fc.property(order, ([count, numbers]) => {
      let mark = advance(undefined, { store: 'a', number: 1 });
      const here = new Set([1]);
      for (const number of numbers) {
        here.add(number);
        mark = advance(mark, { store: 'a', number });
        const missing = Array.from({ length: count }, (_, index) => index + 1).filter(one => !here.has(one));
        expect(mark.upTo).toBe((missing[0] ?? count + 1) - 1);
        const told = gapsOf(mark).flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, index) => from + index),
        );
        expect(told).toEqual(missing.filter(one => one < Math.max(...here)));
      }
    });
    fc.assert(property);
  });
});

function confirmedIdOf(mark: Watermark | undefined): string {
  return mark === undefined ? '' : confirmedId(mark);
}
