import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { WriteLane } from '../../src/store/write-lane.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';

const diskError = new Error('the disk refuses');
const wrongWork = new Error('cannot ever be written');

/** A lane of numbers over a disk that a test breaks and mends. Works weigh one row. */
function setUp(limitRows = 1_000, groupRows = 10) {
  const clock = new VirtualClock();
  const written: number[][] = [];
  const failures: (string | undefined)[] = [];
  const disk = { isBroken: false, tries: 0, wrong: new Set<number>() };
  const lane = new WriteLane<number>({
    clock,
    random: seededRandom(1),
    backoff: { firstMs: 100, longestMs: 1_000 },
    limitRows,
    groupRows,
    weigh: () => 1,
    async write(works) {
      disk.tries += 1;
      if (disk.isBroken) throw diskError;
      if (works.some(work => disk.wrong.has(work))) throw wrongWork;
      written.push([...works]);
    },
    onCommitted: () => {},
    isPassing: error => error === diskError,
    onFailure: failure => failures.push(failure),
  });
  return { clock, lane, disk, written, failures };
}

describe('a lane of writes', () => {
  test('writes what arrives during a write together, in groups of its limit, in order', async () => {
    const { lane, written } = setUp();
    const works = Array.from({ length: 25 }, (_, index) => index);
    await Promise.all(works.map(work => lane.add(work)));
    expect(written.map(group => group.length)).toEqual([1, 10, 10, 4]);
    expect(written.flat()).toEqual(works);
  });

  test('repeats what the disk refuses with growing waits, and resolves when it is written', async () => {
    const { clock, lane, disk, written, failures } = setUp();
    disk.isBroken = true;
    let isDone = false;
    lane.add(1)?.then(() => {
      isDone = true;
    });
    await settle();
    expect([disk.tries, lane.isFailing, failures]).toEqual([1, true, ['the disk refuses']]);
    await clock.advance(10_000);
    // 100, 200, 400, 800, then one about every second; each wait up to a fifth shorter.
    expect(disk.tries).toBeGreaterThan(10);
    expect(disk.tries).toBeLessThan(18);
    expect(isDone).toBe(false);
    disk.isBroken = false;
    await clock.advance(1_000);
    expect([isDone, lane.isFailing, failures.at(-1), written]).toEqual([true, false, undefined, [[1]]]);
    expect(clock.pending).toBe(0);
  });

  test('tries at once when it hears that the disk is back', async () => {
    const { lane, disk, written } = setUp();
    disk.isBroken = true;
    lane.add(1);
    await settle();
    disk.isBroken = false;
    lane.retryNow();
    await settle();
    expect(written).toEqual([[1]]);
  });

  test('refuses what is beyond its limit and keeps what it has', async () => {
    const { clock, lane, disk, written } = setUp(3);
    disk.isBroken = true;
    const taken = [1, 2, 3, 4, 5].map(work => lane.add(work) !== undefined);
    expect(taken).toEqual([true, true, true, false, false]);
    disk.isBroken = false;
    await clock.advance(5_000);
    expect(written.flat()).toEqual([1, 2, 3]);
    expect(lane.waitingRows).toBe(0);
    await lane.add(6);
    expect(written.flat()).toEqual([1, 2, 3, 6]);
  });

  test('rejects a work that can never be written, and only that one', async () => {
    const { lane, disk, written } = setUp();
    disk.wrong.add(5).add(7);
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8, 9].map(work => lane.add(work)));
    const rejected = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index + 1] : []));
    expect(rejected).toEqual([5, 7]);
    expect(written.flat()).toEqual([1, 2, 3, 4, 6, 8, 9]);
    expect(lane.isFailing).toBe(false);
    await Promise.all([10, 11, 12].map(work => lane.add(work)));
    expect(written.slice(-2)).toEqual([[10], [11, 12]]);
  });

  test('is closed when everything is written', async () => {
    const { lane, written } = setUp();
    for (let work = 0; work < 15; work += 1) lane.add(work);
    await lane.close();
    expect(written.flat()).toHaveLength(15);
    expect(lane.add(99)).toBeUndefined();
  });

  test('does not wait at its close for a disk that refuses: it says so to whoever waits', async () => {
    const { clock, lane, disk } = setUp();
    disk.isBroken = true;
    const outcomes = Promise.allSettled([lane.add(1), lane.add(2)]);
    await clock.advance(50);
    await lane.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(clock.pending).toBe(0);
    expect(lane.waitingRows).toBe(0);
  });
});
