import { describe, expect, test } from 'vitest';
import type { TransitionKind } from '../../src/model/alarm.ts';
import { compare, type Difference } from '../../src/replay/compare.ts';
import { createTally, mostWithin, type Occurrence, sumUp } from '../../src/replay/tally.ts';
import { limitRule } from '../detect/plant.ts';

const once = (from: number, to?: number, isHidden = false): Occurrence => ({ alarm: 'a/b', from, to, isHidden });

describe('a tally', () => {
  test('knows what stood before, in and at the end of a time, and nothing else', () => {
    const tally = createTally();
    const turns = [0, 50, 90, 120, 150, 180, 200] as const;
    for (const [index, at] of turns.entries())
      tally.add({ kind: index % 2 === 0 ? 'raised' : 'returned', alarm: 'a/b', at });
    expect(tally.occurrences(100, 190)).toEqual([once(90, 120), once(150, 180)]);
    expect(tally.occurrences(100, 170)).toEqual([once(90, 120), once(150, undefined)]);
    expect(tally.occurrences(190, 300)).toEqual([once(200, undefined)]);
  });

  test('is not confused by an end without a beginning, nor by two beginnings', () => {
    const tally = createTally();
    tally.add({ kind: 'returned', alarm: 'a/b', at: 1 });
    tally.add({ kind: 'raised', alarm: 'a/b', at: 2 });
    tally.add({ kind: 'raised', alarm: 'a/b', at: 3 });
    tally.add({ kind: 'returned', alarm: 'a/b', at: 4 });
    expect(tally.occurrences(0, 10)).toEqual([once(2, 4)]);
  });

  test.each<[string, readonly TransitionKind[], readonly Occurrence[]]>([
    ['comes and goes while it is hidden', ['suppressed', 'hidden-raised', 'hidden-returned'], [once(2, 3, true)]],
    ['is hidden while it stands', ['raised', 'shelved', 'hidden-returned'], [once(1, 2), once(2, 3, true)]],
    ['is shown while it stands', ['hidden-raised', 'released', 'raised', 'returned'], [once(1, 3, true), once(3, 4)]],
    ['is hidden twice', ['hidden-raised', 'shelved', 'out-of-service'], [once(1, undefined, true)]],
    ['is handled by people', ['raised', 'acknowledged', 'overdue', 'returned', 'reset'], [once(1, 4)]],
    ['loses its rule', ['raised', 'removed'], [once(1, 2)]],
  ])('of an alarm that %s tells what people were told apart from the rest', (_what, kinds, expected) => {
    const tally = createTally();
    for (const [index, kind] of kinds.entries()) tally.add({ kind, alarm: 'a/b', at: index + 1 });
    expect(tally.occurrences(0, 10)).toEqual(expected);
  });

  test('of a flood is one occurrence', () => {
    const tally = createTally();
    tally.add({ kind: 'flood-began', alarm: 'site/flood', at: 1 });
    tally.add({ kind: 'flood-ended', alarm: 'site/flood', at: 4 });
    expect(tally.occurrences(0, 10)).toEqual([{ ...once(1, 4), alarm: 'site/flood' }]);
  });

  test('counts only the part within the time', () => {
    expect(sumUp([once(90, 120), once(150, undefined)], 100, 200)).toEqual({
      ...{ count: 2, hidden: 0, totalMs: 70, longestMs: 50, firstAt: 90, lastAt: 150, isStanding: true },
    });
  });
});

test('the most alarms in a window are those of its worst moment', () => {
  expect(mostWithin([], 10)).toBe(0);
  expect(
    mostWithin(
      [0, 5, 9, 10, 30, 31].map(at => once(at, at)),
      10,
    ),
  ).toBe(3);
});

test.each<[Difference, readonly Occurrence[], readonly Occurrence[] | undefined]>([
  ['quiet', [], []],
  ['new', [once(0, 10)], []],
  ['gone', [], [once(0, 10)]],
  ['more', [once(0, 10), once(20, 30)], [once(0, 10)]],
  ['fewer', [once(0, 10)], [once(0, 10), once(20, 30)]],
  ['longer', [once(0, 50)], [once(0, 10)]],
  ['shorter', [once(0, 10)], [once(0, 50)]],
  ['same', [once(0, 50)], [once(1, 50)]],
  ['same', [once(0, 50, true)], [once(1, 50, true)]],
  ['hidden', [once(0, 50), once(60, 70, true)], [once(1, 50)]],
  ['hidden', [], [once(0, 50, true)]],
  ['hidden', [once(0, 50, true)], undefined],
  ['gone', [once(0, 50, true)], [once(0, 50)]],
  ['new', [once(0, 50)], undefined],
])('an alarm is called %s', (difference, would, came) => {
  const rules = [limitRule({ key: 'a/b' })];
  const [row] = compare({ rules, would, came, from: 0, to: 100, canTell: () => true });
  expect(row).toMatchObject({ alarm: 'a/b', difference });
  expect(compare({ rules, would, came, from: 0, to: 100, canTell: () => false })[0]?.difference).toBe('untold');
});
