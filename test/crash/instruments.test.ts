import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { DiskEntry } from '../torture/disk/disk-log.ts';
import { createDiskModel } from '../torture/disk/disk-model.ts';
import { type Arrived, judgeLedger, type Stored } from '../torture/kill/ledger.ts';

/* The fault runs are only worth what their instruments see. */

const event = (number: number, id = `s-${number}`) => ({ number, id });
const stored: readonly Stored[] = [event(1), event(2), event(3)];
const accepted = new Map([[1, 's-1']]);

describe('the ledger of the kill run sees', () => {
  const cases: [string, readonly Arrived[], readonly Stored[], RegExp][] = [
    ['an event that never arrived', [event(1), event(3)], stored, /event 2 \(s-2\) never arrived/],
    ['events out of order', [event(1), event(3), event(2)], stored, /event 2 \(s-2\) arrived after event 3/],
    [
      'a number under two ids',
      [event(1), event(2), event(2, 't-2'), event(3)],
      stored,
      /event 2 \(t-2\) arrived after/,
    ],
    [
      'an event that was sent and is not stored',
      [event(1), event(2), event(3), event(4)],
      stored,
      /event 4 \(s-4\) arrived and is stored as nothing/,
    ],
    ['a gap in the database', [event(1), event(3)], [event(1), event(3)], /event 2 is not in the database/],
    [
      'an accepted event that is gone',
      [event(2), event(3)],
      [event(2), event(3)],
      /event 1 \(s-1\) was accepted and is now gone/,
    ],
  ];

  test.each(cases)('%s', (_, arrived, rows, violation) => {
    expect(judgeLedger(arrived, rows, accepted).violations.join('\n')).toMatch(violation);
  });

  test('nothing wrong with repetitions under the same id, and counts them', () => {
    const arrived = [event(1), event(2), event(1), event(2), event(3)];
    expect(judgeLedger(arrived, stored, accepted)).toEqual({ arrived: 3, duplicates: 2, violations: [] });
  });
});

describe('the disk of the crash run', () => {
  const file: DiskEntry = { kind: 'opened', opening: 1, name: 'a', isMade: true, isEmptied: false };
  const folder: DiskEntry = { kind: 'opened', opening: 2, name: '', isMade: false, isEmptied: false };
  const write = (text: string, offset = 0): DiskEntry => ({
    kind: 'written',
    opening: 1,
    offset,
    bytes: Buffer.from(text),
  });
  const sync = (opening: number): DiskEntry => ({ kind: 'synced', opening });

  /** Everything that 300 cuts at this moment leave in the file; undefined where there is none. */
  function found(entries: readonly DiskEntry[], name = 'a'): Set<string | undefined> {
    const random = seededRandom(7);
    const disk = createDiskModel(new Map(), random);
    for (const entry of entries) disk.apply(entry);
    return new Set(Array.from({ length: 300 }, () => disk.cut(random).folder.get(name)?.toString()));
  }

  test('keeps what was synced, file and name', () => {
    expect(found([file, folder, write('one'), sync(1), sync(2)])).toEqual(new Set(['one']));
  });

  test('may forget the name of a file that was synced itself', () => {
    expect(found([file, write('one'), sync(1)])).toEqual(new Set([undefined, 'one']));
  });

  test('may keep the later of two writes without the earlier one', () => {
    const all = found([file, folder, sync(2), write('one'), write('two', 3)]);
    for (const text of ['', 'one', '\0\0\0two', 'onetwo']) expect(all).toContain(text);
  });

  test('tears a write between two sectors', () => {
    const all = found([file, folder, sync(2), write('a'.repeat(1_024))]);
    expect(all).toContain('\0'.repeat(512) + 'a'.repeat(512));
  });

  test('has a renamed file under one of its names until the folder is synced', () => {
    const renamed: DiskEntry = { kind: 'renamed', from: 'a', to: 'b' };
    const before = [file, folder, write('one'), sync(1), sync(2), renamed];
    expect(found(before)).toEqual(new Set([undefined, 'one']));
    expect(found([...before, sync(2)], 'b')).toEqual(new Set(['one']));
  });

  test('may have lost for good what was written before a sync that failed, although the next one succeeds', () => {
    const outcomes = Array.from({ length: 20 }, (_, seed) => {
      const disk = createDiskModel(new Map(), seededRandom(seed));
      const failed: DiskEntry = { kind: 'sync-failed', opening: 1 };
      for (const entry of [file, folder, sync(2), write('one'), failed, sync(1)]) disk.apply(entry);
      return disk.cut(seededRandom(seed)).folder.get('a')?.toString();
    });
    expect(new Set(outcomes)).toEqual(new Set(['', 'one']));
  });
});
