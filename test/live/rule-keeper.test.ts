import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../src/base/log.ts';
import { createRuleKeeper, keepEveryMs, mostNumbers } from '../../src/live/rule-keeper.ts';
import type { Rule } from '../../src/model/alarm.ts';
import type { Point } from '../../src/model/point.ts';
import type { RuleMemory } from '../../src/model/rule-memory.ts';
import type { ClockQuality } from '../../src/model/time.ts';
import type { StoredMemory } from '../../src/store/store.ts';
import { durationRule, missingRule, point } from '../detect/plant.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';

const site = (rules: readonly Rule[] = [missingRule()], points: readonly Point[] = [point(0)]) => ({ rules, points });

interface Settings {
  readonly boot?: string;
  readonly quality?: ClockQuality;
  readonly clock?: VirtualClock;
}

/** A keeper over a disk that takes what it is given, hangs or refuses. */
function rig(
  disk: Map<string, string>,
  { boot = 'boot', quality = 'synchronised', clock = new VirtualClock() }: Settings = {},
) {
  const told: string[] = [];
  const writes: (readonly RuleMemory[])[] = [];
  let hang: Promise<void> | undefined;
  let isBroken = false;
  const log: Log = { ...silentLog, warn: (_, text) => told.push(text ?? ''), info: (_, text) => told.push(text ?? '') };
  const keeper = createRuleKeeper({
    clock,
    log,
    stampAt: mono => ({ clock: quality, bootId: boot, bootMs: mono + clock.bootMs() - clock.monoMs() }),
    async write(memories) {
      writes.push(memories);
      await hang;
      if (isBroken) throw new Error('the disk is full');
      for (const memory of memories) disk.set(memory.rule, JSON.stringify(memory));
    },
    async forget(rules) {
      if (isBroken) throw new Error('the disk is full');
      for (const rule of rules) disk.delete(rule);
    },
  });
  return {
    keeper,
    clock,
    told,
    writes,
    hangUntil: (until: Promise<void>) => {
      hang = until;
    },
    setBroken: (is: boolean) => {
      isBroken = is;
    },
  };
}

const rowsOf = async (disk: ReadonlyMap<string, string>): Promise<StoredMemory[]> =>
  [...disk].map(([rule, body]) => ({ rule, body }));

const remember = (rule: Rule = missingRule(), state: (number | null)[] = [-5, 1, 0, null]) => [{ rule, state }];

/** Kept once, by a stop. */
async function keptOnce(disk: Map<string, string>, settings?: Settings): Promise<void> {
  const { keeper } = rig(disk, settings);
  await keeper.load(rowsOf(new Map()), site());
  keeper.start(() => remember());
  keeper.stop();
  await settle();
}

test('what a rule remembers is written every five minutes and at the stop, and is there at the next start', async () => {
  const disk = new Map<string, string>();
  const { keeper, clock, writes } = rig(disk);
  await keeper.load(rowsOf(disk), site());
  let round = 0;
  keeper.start(() => {
    round += 1;
    return remember(missingRule(), [-round]);
  });
  await clock.advance(keepEveryMs - 1);
  expect(writes.length).toBe(0);
  await clock.advance(1);
  expect(writes.length).toBe(1);
  await clock.advance(2 * keepEveryMs);
  keeper.stop();
  await settle();
  expect(writes.length).toBe(4);
  expect(clock.pending).toBe(0);
  const next = rig(disk);
  expect([...(await next.keeper.load(rowsOf(disk), site()))]).toMatchObject([['pump/no-test', { state: [-4] }]]);
});

test('nothing is written when nothing has changed', async () => {
  const { keeper, clock, writes } = rig(new Map());
  keeper.start(() => []);
  await clock.advance(10 * keepEveryMs);
  keeper.stop();
  expect(writes).toEqual([]);
});

test.each<[string, Settings, Settings, number]>([
  [
    'in the same boot the monotonic clock tells, whatever the wall clock says',
    { quality: 'unsynchronised' },
    { quality: 'unsynchronised' },
    -7_000,
  ],
  ['over a boot the wall clock tells, when both times were right', {}, { boot: 'next' }, -3_600_000],
  [
    'over a boot it counts as none when the clock was not set before',
    { quality: 'unsynchronised' },
    { boot: 'next' },
    0,
  ],
  ['over a boot it counts as none when the clock is not set now', {}, { boot: 'next', quality: 'unsynchronised' }, 0],
  ['a boot without a name is no boot to go by', { boot: 'unknown' }, { boot: 'unknown' }, -3_600_000],
])('the time the gateway was off: %s', async (_, before, after, atMono) => {
  const disk = new Map<string, string>();
  await keptOnce(disk, before);
  const clock = new VirtualClock(Date.UTC(2026, 0, 1) + 3_600_000 - 7_000);
  await clock.advance(7_000);
  const kept = await rig(disk, { ...after, clock }).keeper.load(rowsOf(disk), site());
  // The monotonic clock of the new process is at 7 s.
  expect(kept.get('pump/no-test')?.atMono).toBe(7_000 + (atMono === 0 ? 0 : atMono));
});

test('time that would have gone back counts as none', async () => {
  const disk = new Map<string, string>();
  await keptOnce(disk);
  const clock = new VirtualClock(Date.UTC(2016, 0, 1));
  const kept = await rig(disk, { boot: 'next', clock }).keeper.load(rowsOf(disk), site());
  expect(kept.get('pump/no-test')?.atMono).toBe(0);
});

test.each<[string, ReturnType<typeof site>]>([
  ['that left the site', site([])],
  ['that waits for something else', site([missingRule({ counted: { kind: 'state', states: [1, 9] } })])],
  ['that is of another kind', site([durationRule({ key: 'pump/no-test' })])],
  ['whose point is another', site([missingRule()], [point(0, { key: 'pump/other' })])],
  ['whose point has another scale', site([missingRule()], [point(0, { scale: 0.1 })])],
])('what a rule remembered %s is dropped, told and removed', async (_, now) => {
  const disk = new Map<string, string>();
  await keptOnce(disk);
  const { keeper, told } = rig(disk);
  expect((await keeper.load(rowsOf(disk), now)).size).toBe(0);
  expect(told.length).toBe(1);
  keeper.start(() => []);
  await settle();
  expect(disk.size).toBe(0);
});

test('a rule with other texts, delays, numbers and another limit is still the same', async () => {
  const disk = new Map<string, string>();
  await keptOnce(disk);
  const terms = { message: 'x', priority: 'low', onDelayMs: 9, offDelayMs: 9, withinMs: 5 } as const;
  const same = missingRule({ ...terms, device: 4, point: 17 });
  const kept = await rig(disk).keeper.load(rowsOf(disk), site([same], [point(17, { key: 'pump/p0' })]));
  expect(kept.size).toBe(1);
});

test('after a reload only what still holds stays', async () => {
  const disk = new Map<string, string>();
  const { keeper, clock } = rig(disk);
  const [one, other] = [missingRule(), durationRule()];
  await keeper.load(rowsOf(disk), site([one, other]));
  keeper.start(() => [...remember(one), ...remember(other)]);
  await clock.advance(keepEveryMs);
  expect(disk.size).toBe(2);
  keeper.replaceSite(site([one]));
  await settle();
  expect([...disk.keys()]).toEqual([one.key]);
  await clock.advance(keepEveryMs);
  expect([...disk.keys()]).toEqual([one.key]);
});

test.each([
  ['no JSON', '{'],
  ['nothing', 'null'],
  [
    'a record of another rule',
    JSON.stringify({
      rule: 'else',
      signature: '',
      savedAt: 0,
      stamp: { clock: 'synchronised', bootId: '', bootMs: 0 },
      state: [],
    }),
  ],
  ['a record without its parts', JSON.stringify({ rule: 'pump/no-test' })],
  [
    'a record with wrong parts',
    JSON.stringify({ rule: 'pump/no-test', signature: '', savedAt: 'x', stamp: {}, state: 5 }),
  ],
])('%s in the store is dropped with a line in the log, and removed', async (_, body) => {
  const disk = new Map([['pump/no-test', body]]);
  const { keeper, told } = rig(disk);
  expect((await keeper.load(rowsOf(disk), site())).size).toBe(0);
  expect(told).toEqual(['what rules remembered cannot be read: they begin anew']);
  keeper.start(() => []);
  await settle();
  expect(disk.size).toBe(0);
});

test('a store that cannot be read costs nothing but what was learned', async () => {
  const { keeper, told } = rig(new Map());
  expect((await keeper.load(Promise.reject(new Error('the disk fails')), site())).size).toBe(0);
  expect(told).toEqual(['what rules remembered cannot be read: they begin anew']);
});

test('a disk that hangs piles nothing up: then only the newest is written', async () => {
  const disk = new Map<string, string>();
  const { keeper, clock, writes, hangUntil } = rig(disk);
  const { promise, resolve } = Promise.withResolvers<void>();
  hangUntil(promise);
  await keeper.load(rowsOf(disk), site());
  let round = 0;
  keeper.start(() => {
    round += 1;
    return remember(missingRule(), [-round]);
  });
  await clock.advance(50 * keepEveryMs);
  expect(writes.length).toBe(1);
  resolve();
  await clock.advance(keepEveryMs);
  expect(writes.length).toBe(2);
  expect(disk.get('pump/no-test')).toContain('"state":[-51]');
});

test('what the disk refuses is told and written the next time, although nothing is new', async () => {
  const disk = new Map<string, string>();
  const { keeper, clock, told, setBroken } = rig(disk);
  await keeper.load(rowsOf(disk), site());
  setBroken(true);
  let fresh = remember();
  keeper.start(() => {
    const now = fresh;
    fresh = [];
    return now;
  });
  await clock.advance(keepEveryMs);
  expect(told).toEqual(['what rules remember was not stored']);
  setBroken(false);
  await clock.advance(keepEveryMs);
  expect(disk.size).toBe(1);
  setBroken(true);
  keeper.replaceSite(site([]));
  await settle();
  expect(told.at(-1)).toBe('what rules remembered was not removed');
});

test('what is longer than any rule needs is told and not kept', async () => {
  const disk = new Map<string, string>();
  const { keeper, told } = rig(disk);
  await keeper.load(rowsOf(disk), site());
  keeper.start(() => remember(missingRule(), Array<number>(mostNumbers + 1).fill(0)));
  keeper.stop();
  await settle();
  expect(disk.size).toBe(0);
  expect(told).toEqual(['too much to be kept of a rule']);
});
