import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeenIds, hasSeen, noteSeen } from '../../src/receive/seen-ids.ts';

describe('ids that were seen', () => {
  test('are known again, and no others', () => {
    const id = fc.oneof(
      fc.tuple(fc.constantFrom('a-', 'b-', 'a-r-', 'a'), fc.nat(40)).map(([head, number]) => `${head}${number}`),
      fc.constantFrom('', 'x', '7', '007', 'a-07', 'a-99999999999999999999', 'a\n-7'),
    );
    const property = fc.property(fc.array(fc.tuple(id, fc.boolean())), steps => {
      const seen = createSeenIds(1_000);
      const known = new Set<string>();
      for (const [one, isNoted] of steps) {
        expect(hasSeen(seen, one)).toBe(known.has(one));
        if (!isNoted) continue;
        noteSeen(seen, one);
        known.add(one);
      }
      for (const one of known) expect(hasSeen(seen, one)).toBe(true);
      const spans = [...seen.numbered.values()].reduce((sum, { length }) => sum + length, 0);
      expect(seen.spans).toBe(spans);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('take no room each where they are numbered in a row', () => {
    const seen = createSeenIds(10);
    for (let number = 1; number <= 100_000; number += 1) noteSeen(seen, `k3m9x2-${number}`);
    expect(seen.spans).toBe(1);
    expect(hasSeen(seen, 'k3m9x2-1')).toBe(true);
  });

  test('are forgotten, the oldest first, beyond the limit', () => {
    const seen = createSeenIds(3);
    for (const id of ['a-1', 'b-1', 'b-3', 'b-5', 'x', 'y', 'z', 'w']) noteSeen(seen, id);
    expect(['a-1', 'b-1', 'b-3', 'b-5', 'x', 'y', 'z', 'w'].filter(id => !hasSeen(seen, id))).toEqual(['a-1', 'x']);
    noteSeen(seen, 'b-7');
    expect(hasSeen(seen, 'b-1')).toBe(false);
    expect(hasSeen(seen, 'b-7')).toBe(true);
  });
});
