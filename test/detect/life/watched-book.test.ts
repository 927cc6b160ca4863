import { describe, expect, test } from 'vitest';
import { mostEnded } from '../../../src/detect/life/ended-lives.ts';
import { floodAlarm } from '../../../src/model/alarm.ts';
import { usualPolicies } from '../../../src/model/deadline.ts';
import { alarm, li, watchedPlant } from './watched-plant.ts';

const minuteMs = 60_000;
const supply = { id: 'supply', windowMs: 3_000 };
const inSupply = { life: { group: 'supply' } };

describe('deadlines', () => {
  const urgent = () => watchedPlant([alarm('lift/trapped', { priority: 'urgent' })]);

  test('an urgent alarm that nobody cares about is overdue three times, each told once', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.wait(24 * 60 * minuteMs);
    expect(plant.told).toEqual([
      'raised lift/trapped',
      'overdue lift/trapped acknowledge +0',
      'overdue lift/trapped arrive +0',
      'overdue lift/trapped restore +0',
    ]);
  });

  test('people who are in time hear nothing', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.wait(2 * minuteMs);
    plant.act('lift/trapped', { kind: 'acknowledge', by: li });
    plant.report('lift/trapped', 'dispatched');
    plant.wait(10 * minuteMs);
    plant.report('lift/trapped', 'arrived');
    plant.wait(30 * minuteMs);
    plant.report('lift/trapped', 'restored');
    plant.gone('lift/trapped');
    plant.wait(24 * 60 * minuteMs);
    expect(plant.told.filter(text => text.startsWith('overdue'))).toEqual([]);
    expect(plant.book().nextDueMono()).toBeUndefined();
  });

  test('a promise to come is no arrival', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.report('lift/trapped', 'dispatched');
    plant.wait(20 * minuteMs);
    expect(plant.told.at(-1)).toBe('overdue lift/trapped arrive +0');
  });

  test('what is owed is seen beforehand, with what has passed', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.wait(4 * minuteMs);
    const { mono } = plant.now();
    expect(plant.book().owedBy('lift/trapped')).toEqual([
      { deadline: 'acknowledge', dueMono: mono - minuteMs },
      { deadline: 'arrive', dueMono: mono + 11 * minuteMs },
      { deadline: 'restore', dueMono: mono + 56 * minuteMs },
    ]);
    expect(plant.states.get('lift/trapped')?.duty?.overdue).toEqual(['acknowledge']);
    expect(plant.book().owedBy('lift/unheard-of')).toEqual([]);
  });

  test('end with the report that the matter is closed, also over a restart', () => {
    const plant = watchedPlant([alarm('lift/trapped', { priority: 'urgent' })]);
    plant.met('lift/trapped');
    plant.gone('lift/trapped');
    plant.report('lift/trapped', 'closed');
    plant.restart();
    expect(plant.book().owedBy('lift/trapped')).toEqual([]);
    plant.wait(10 * minuteMs);
    expect(plant.told.at(-1)).toBe('closed lift/trapped');
  });

  test('that have passed claim somebody until they are met, and not before they are told', () => {
    const plant = watchedPlant([alarm('lift/trapped', { priority: 'urgent' })]);
    const overdue = () => plant.book().claimOf('lift/trapped').overdue;
    plant.met('lift/trapped');
    expect(overdue()).toEqual([]);
    plant.wait(16 * minuteMs);
    expect(overdue()).toEqual(['acknowledge', 'arrive']);
    plant.act('lift/trapped', { kind: 'acknowledge', by: li });
    expect(overdue()).toEqual(['arrive']);
    plant.restart();
    expect(overdue()).toEqual(['arrive']);
    plant.act('lift/trapped', { kind: 'take-out', by: li, reason: 'mended', lastsMs: minuteMs });
    expect(overdue()).toEqual([]);
    plant.wait(16 * minuteMs);
    expect(overdue()).toEqual(['acknowledge', 'arrive']);
    plant.report('lift/trapped', 'arrived');
    expect(overdue()).toEqual([]);
  });

  test('alarms that are due at the same moment are told in the order of their keys', () => {
    const plant = watchedPlant(['b/trip', 'a/trip', 'c/trip', 'd/trip'].map(key => alarm(key, { priority: 'urgent' })));
    plant.met(['b/trip', 'a/trip', 'd/trip']);
    plant.wait(1_000);
    plant.met('c/trip');
    const { mono, ...rest } = plant.now();
    const texts = plant
      .book()
      .expire({ ...rest, mono: mono + 3 * minuteMs })
      .map(({ kind, alarm: key }) => `${kind} ${key}`);
    expect(texts).toEqual(['overdue a/trip', 'overdue b/trip', 'overdue d/trip', 'overdue c/trip']);
  });

  test('what is hidden under a wrong clock is kept with its cause when the clock is set', () => {
    const plant = watchedPlant([alarm('main/dead', inSupply), alarm('pump/trip', inSupply)], { groups: [supply] });
    plant.setClock('unsynchronised');
    plant.met('main/dead');
    plant.met('pump/trip');
    plant.act('pump/trip', { kind: 'shelve', by: li, reason: 'known', lastsMs: minuteMs });
    plant.setClock('synchronised');
    const { stamp, wall } = plant.now();
    const fix = { bootId: stamp.bootId, bootedAt: wall - stamp.bootMs };
    expect(plant.book().correctTimes(fix, plant.now())).toMatchObject([
      { alarm: 'pump/trip', firstAlarm: 'main/dead', priority: 'high', life: { phase: 'shelved', isActive: true } },
    ]);
    expect(plant.book().correctTimes(fix, plant.now())).toEqual([]);
  });

  test('a shelved alarm owes nothing, and all its time begins when it is seen again', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    plant.met('pump/trip');
    plant.wait(5 * minuteMs);
    plant.act('pump/trip', { kind: 'shelve', by: li, reason: 'known', lastsMs: 120 * minuteMs });
    plant.wait(120 * minuteMs);
    plant.wait(14 * minuteMs);
    expect(plant.told.filter(text => text.startsWith('overdue'))).toEqual([]);
    plant.wait(minuteMs);
    expect(plant.told.at(-1)).toBe('overdue pump/trip acknowledge +0');
  });

  test('what passed while the gateway was off is told at its start, as late as it is', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.restart(20 * minuteMs);
    expect(plant.told.slice(1)).toEqual([
      `overdue lift/trapped acknowledge +${17 * minuteMs}`,
      `overdue lift/trapped arrive +${5 * minuteMs}`,
    ]);
    plant.restart();
    expect(plant.told).toHaveLength(3);
  });

  test('over a reboot the right wall clock counts the time the machine was off', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.wait(minuteMs);
    plant.reboot(minuteMs);
    plant.wait(minuteMs - 1);
    expect(plant.told).toHaveLength(1);
    plant.reboot(1);
    expect(plant.told.slice(1)).toEqual(['overdue lift/trapped acknowledge +0']);
  });

  test('what is kept says since when by this boot, and is written anew only for another one', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    const first = plant.states.get('lift/trapped');
    expect(first?.duty?.stamp.bootId).toBe('boot-1');
    plant.restart();
    expect(plant.states.get('lift/trapped')).toBe(first);
    plant.reboot(1_000);
    expect(plant.states.get('lift/trapped')?.duty?.stamp.bootId).toBe('boot-2');
    plant.setClock('unsynchronised');
    plant.reboot(1_000_000 * minuteMs);
    plant.wait(minuteMs);
    expect(plant.told).toEqual(['raised lift/trapped']);
  });

  test('over a reboot with a clock in doubt what was left at the last sign of life goes on', () => {
    const plant = watchedPlant([alarm('lift/trapped', { priority: 'urgent' }), alarm('pump/trip')]);
    plant.setClock('unsynchronised');
    plant.met('lift/trapped');
    plant.wait(minuteMs);
    plant.met('pump/trip');
    plant.reboot(1_000 * minuteMs);
    plant.wait(2 * minuteMs - 1);
    expect(plant.told).toHaveLength(2);
    plant.wait(1);
    expect(plant.told.at(-1)).toBe('overdue lift/trapped acknowledge +0');
  });

  test('a state of a version that knew no deadlines begins with the start', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    const state = plant.states.get('lift/trapped');
    if (!state) throw new Error('no state');
    const { duty: _, ...old } = state;
    (plant.states as Map<string, typeof state>).set('lift/trapped', old);
    plant.restart(60 * minuteMs);
    expect(plant.told).toHaveLength(1);
    plant.wait(3 * minuteMs);
    expect(plant.told).toHaveLength(2);
  });

  test('a reload with other times counts with them at once, and forgets alarms that are gone', () => {
    const plant = urgent();
    plant.met('lift/trapped');
    plant.setPolicies({ ...usualPolicies, urgent: { ...usualPolicies.urgent, acknowledge: minuteMs } });
    plant.replace([alarm('lift/trapped', { priority: 'urgent' })]);
    plant.wait(minuteMs);
    expect(plant.told.at(-1)).toBe('overdue lift/trapped acknowledge +0');
    plant.replace([]);
    expect(plant.told.at(-1)).toBe('removed lift/trapped');
    expect(plant.book().nextDueMono()).toBeUndefined();
    expect(plant.report('lift/trapped', 'closed').kind).toBe('refused');
  });
});

describe('an alarm with a re-alarm time', () => {
  const rules = [alarm('pump/trip', { priority: 'medium', life: { reAlarmMs: 30 * minuteMs } })];

  test('that was acknowledged and forgotten is announced again and again, and is to be acknowledged again', () => {
    const plant = watchedPlant(rules);
    plant.met('pump/trip');
    plant.wait(minuteMs);
    plant.act('pump/trip', { kind: 'acknowledge', by: li });
    plant.wait(30 * minuteMs);
    expect(plant.told).toEqual(['raised pump/trip', 'acknowledged pump/trip', 're-alarmed pump/trip']);
    expect(plant.states.get('pump/trip')).toMatchObject({ phase: 'unacknowledged', reAlarms: 1 });
    plant.wait(60 * minuteMs);
    expect(plant.states.get('pump/trip')?.reAlarms).toBe(3);
  });

  test('is left in peace while somebody works at it, and when it has returned', () => {
    const plant = watchedPlant(rules);
    plant.met('pump/trip');
    plant.wait(29 * minuteMs);
    plant.report('pump/trip', 'arrived');
    plant.wait(29 * minuteMs);
    plant.gone('pump/trip');
    plant.wait(600 * minuteMs);
    expect(plant.told).toEqual(['raised pump/trip', 'arrived pump/trip', 'returned pump/trip']);
  });

  test('has to be acknowledged in time after it was announced again', () => {
    const plant = watchedPlant([alarm('pump/trip', { life: { reAlarmMs: 30 * minuteMs } })]);
    plant.met('pump/trip');
    plant.act('pump/trip', { kind: 'acknowledge', by: li });
    plant.report('pump/trip', 'restored');
    plant.wait(30 * minuteMs);
    expect(plant.told.at(-1)).toBe('re-alarmed pump/trip');
  });
});

describe('a report of progress', () => {
  test('is an event with who and when, and once is enough', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    plant.met('pump/trip');
    expect(plant.report('pump/trip', 'dispatched').kind).toBe('done');
    expect(plant.report('pump/trip', 'dispatched')).toEqual({ kind: 'done', happenings: [] });
    expect(plant.told).toEqual(['raised pump/trip', 'dispatched pump/trip']);
    expect(plant.states.get('pump/trip')?.progress).toEqual({ dispatched: { by: li, at: plant.now().wall } });
  });

  test.each([
    ['of an alarm that nobody knows', 'pump/other', 'arrived', 'unknown-alarm'],
    ['of an alarm that was not raised', 'pump/calm', 'arrived', 'not-raised'],
    ['that it is closed while it stands', 'pump/trip', 'closed', 'not-over'],
  ] as const)('is refused: %s', (_, key, step, why) => {
    const plant = watchedPlant([alarm('pump/trip'), alarm('pump/calm')]);
    plant.met('pump/trip');
    expect(plant.report(key, step)).toEqual({ kind: 'refused', why });
    expect(plant.told).toEqual(['raised pump/trip']);
  });

  test('is taken of the last occurrence when all is over: people write their reports afterwards', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    plant.met('pump/trip');
    plant.act('pump/trip', { kind: 'acknowledge', by: li });
    plant.report('pump/trip', 'arrived');
    plant.gone('pump/trip');
    expect(plant.states.size).toBe(0);
    expect(plant.report('pump/trip', 'arrived')).toEqual({ kind: 'done', happenings: [] });
    expect(plant.report('pump/trip', 'restored').kind).toBe('done');
    expect(plant.report('pump/trip', 'closed').kind).toBe('done');
    expect(plant.report('pump/trip', 'dispatched')).toEqual({ kind: 'refused', why: 'closed-before' });
    expect(plant.told.slice(-3)).toEqual(['returned pump/trip', 'restored pump/trip', 'closed pump/trip']);
    plant.met('pump/trip');
    expect(plant.report('pump/trip', 'dispatched').kind).toBe('done');
  });

  test('that comes afterwards is told with who and why, and begins no occurrence', () => {
    const plant = watchedPlant([alarm('pump/trip', { life: { needsAcknowledge: false } })]);
    plant.met('pump/trip');
    plant.gone('pump/trip');
    plant.act('pump/trip', { kind: 'report', by: li, step: 'restored', reason: 'fuse' });
    const told = { kind: 'restored', isFirst: false, by: li, reason: 'fuse' };
    expect(plant.happenings.at(-1)).toMatchObject(told);
    expect(plant.happenings.at(-1)?.life.progress.restored).toEqual({ by: li, at: plant.now().wall });
  });

  test('is taken afterwards also when the site was loaded anew, as long as it has the alarm', () => {
    const rule = alarm('pump/trip', { life: { needsAcknowledge: false } });
    const other = alarm('pump/low', { life: { needsAcknowledge: false } });
    const plant = watchedPlant([rule, other]);
    plant.met(['pump/trip', 'pump/low']);
    plant.gone(['pump/trip', 'pump/low']);
    plant.replace([rule]);
    expect(plant.report('pump/trip', 'restored').kind).toBe('done');
    plant.replace([rule, other]);
    expect(plant.report('pump/low', 'restored')).toEqual({ kind: 'refused', why: 'not-raised' });
  });

  test('of an occurrence long over is refused: only so many are remembered', () => {
    const keys = Array.from({ length: mostEnded + 1 }, (_, index) => `pump/trip-${index}`);
    const plant = watchedPlant(keys.map(key => alarm(key, { life: { needsAcknowledge: false } })));
    plant.met(keys);
    plant.gone(keys);
    expect(plant.report('pump/trip-0', 'closed')).toEqual({ kind: 'refused', why: 'not-raised' });
    expect(plant.report('pump/trip-1', 'closed').kind).toBe('done');
  });

  test('is due anew of an alarm that comes back: while its condition was gone nobody had to come', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    plant.met('pump/trip');
    plant.wait(16 * minuteMs);
    plant.gone('pump/trip');
    plant.wait(9 * 60 * minuteMs);
    plant.met('pump/trip');
    plant.wait(60 * minuteMs - 1);
    expect(plant.told).toEqual([
      'raised pump/trip',
      'overdue pump/trip acknowledge +0',
      'returned pump/trip',
      'raised pump/trip',
    ]);
    plant.restart();
    plant.wait(1);
    expect(plant.told.at(-1)).toBe('overdue pump/trip arrive +0');
  });

  test('is due anew in all its parts of a latched alarm that somebody had acknowledged', () => {
    const plant = watchedPlant([alarm('pump/trip', { life: { isLatching: true } })]);
    plant.met('pump/trip');
    plant.act('pump/trip', { kind: 'acknowledge', by: li });
    plant.gone('pump/trip');
    plant.wait(9 * 60 * minuteMs);
    plant.restart();
    plant.met('pump/trip');
    plant.wait(15 * minuteMs - 1);
    expect(plant.told.at(-1)).toBe('raised pump/trip');
    plant.wait(1);
    expect(plant.told.at(-1)).toBe('overdue pump/trip acknowledge +0');
  });

  test('to acknowledge gets no more time by coming and going', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    for (let time = 0; time < 15; time += 1) {
      plant.met('pump/trip');
      plant.wait(minuteMs / 2);
      plant.gone('pump/trip');
      plant.wait(minuteMs / 2);
    }
    expect(plant.told.filter(text => text.startsWith('overdue'))).toEqual(['overdue pump/trip acknowledge +0']);
  });

  test('that it is closed ends all deadlines, and a condition that comes back begins them anew', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    plant.met('pump/trip');
    plant.gone('pump/trip');
    plant.report('pump/trip', 'closed');
    plant.wait(60 * minuteMs);
    expect(plant.book().nextDueMono()).toBeUndefined();
    plant.met('pump/trip');
    plant.wait(15 * minuteMs);
    expect(plant.told.at(-1)).toBe('overdue pump/trip acknowledge +0');
    expect(plant.states.get('pump/trip')?.progress).toEqual({});
  });
});

describe('a first-out group', () => {
  const rules = [
    alarm('mains/dead', { priority: 'urgent', ...inSupply }),
    alarm('pump/trip', { priority: 'high', ...inSupply }),
    alarm('pump/low', { priority: 'high', ...inSupply }),
    alarm('lift/trapped', { priority: 'urgent', life: { group: undefined } }),
  ];

  test('is one call: the secondaries are marked, and nothing is due of them while their cause stands', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met('mains/dead');
    plant.wait(1_000);
    plant.met(['pump/trip', 'lift/trapped']);
    plant.wait(2_000);
    plant.met('pump/low');
    plant.wait(10 * 60 * minuteMs);
    expect(plant.told.filter(text => !text.startsWith('overdue'))).toEqual([
      'raised mains/dead',
      'raised pump/trip after mains/dead',
      'raised lift/trapped',
      'raised pump/low after mains/dead',
    ]);
    expect(plant.told.filter(text => text.startsWith('overdue pump'))).toEqual([]);
    const { occurrence } = plant.states.get('mains/dead') ?? {};
    expect(plant.states.get('pump/trip')?.firstOut).toBe(occurrence);
  });

  test('gives an alarm that outlives its cause its whole time from then on, over a restart as well', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.wait(50 * minuteMs);
    plant.gone('mains/dead');
    plant.wait(5 * minuteMs);
    plant.restart();
    plant.wait(10 * minuteMs - 1);
    expect(plant.told.filter(text => text.startsWith('overdue pump'))).toEqual([]);
    plant.wait(1);
    expect(plant.told.at(-1)).toBe('overdue pump/trip acknowledge +0');
  });

  test('calls for what is more urgent than its cause', () => {
    const plant = watchedPlant(
      [alarm('mains/sag', { priority: 'low', ...inSupply }), alarm('fire/pump', { priority: 'urgent', ...inSupply })],
      { groups: [supply] },
    );
    plant.met(['mains/sag', 'fire/pump']);
    plant.wait(3 * minuteMs);
    expect(plant.told).toEqual([
      'raised mains/sag',
      'raised fire/pump after mains/sag',
      'overdue fire/pump acknowledge +0',
    ]);
  });

  test('calls for the others when the cause is shelved, and no longer when it is back', () => {
    const plant = watchedPlant([alarm('mains/dead', inSupply), alarm('pump/trip', inSupply)], { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
    expect(plant.book().claimOf('pump/trip').isCovered).toBe(true);
    expect(plant.book().claimOf('mains/dead').isCovered).toBe(false);
    plant.act('mains/dead', { kind: 'shelve', by: li, reason: 'planned work', lastsMs: minuteMs });
    expect(plant.book().owedBy('pump/trip')).toHaveLength(3);
    expect(plant.book().claimOf('pump/trip').isCovered).toBe(false);
    plant.wait(minuteMs);
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
  });

  test('calls for the others when a changed site file has no such cause any more', () => {
    const [mains, trip] = [alarm('mains/dead', inSupply), alarm('pump/trip', inSupply)];
    const plant = watchedPlant([mains, trip], { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.wait(60 * minuteMs);
    plant.replace([trip]);
    plant.wait(15 * minuteMs);
    expect(plant.told.slice(-2)).toEqual(['removed mains/dead', 'overdue pump/trip acknowledge +0']);
  });

  test('calls for what a changed site file makes more urgent than its cause', () => {
    const [mains, trip] = [alarm('mains/dead', inSupply), alarm('pump/trip', inSupply)];
    const plant = watchedPlant([mains, trip], { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.replace([mains, alarm('pump/trip', { priority: 'urgent', ...inSupply })]);
    plant.wait(3 * minuteMs);
    expect(plant.told.at(-1)).toBe('overdue pump/trip acknowledge +0');
  });

  test('has the priority that a changed site file gives an alarm that stands, for all who look at what is kept', () => {
    const plant = watchedPlant([alarm('pump/trip', { priority: 'medium' }), alarm('pump/low')]);
    plant.met(['pump/trip', 'pump/low']);
    const told = plant.told.length;
    plant.replace([alarm('pump/trip', { priority: 'urgent' }), alarm('pump/low')]);
    expect(plant.states.get('pump/trip')?.priority).toBe('urgent');
    plant.setRules([alarm('pump/trip', { priority: 'low' })]);
    plant.restart();
    expect(plant.states.get('pump/trip')?.priority).toBe('low');
    expect(plant.told.slice(told)).toEqual(['removed pump/low']);
  });

  test('knows the cause by its sample though it is reported last, and what is kept says so', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met('pump/trip', 100);
    plant.met('pump/low', 50);
    plant.met('mains/dead', 500);
    expect(plant.told).toEqual(['raised pump/trip', 'raised pump/low after pump/trip', 'raised mains/dead']);
    const { occurrence } = plant.states.get('mains/dead') ?? {};
    expect(['pump/trip', 'pump/low', 'mains/dead'].map(key => plant.states.get(key)?.firstOut)).toEqual([
      occurrence,
      occurrence,
      undefined,
    ]);
    plant.restart();
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
    expect(plant.book().owedBy('mains/dead')).toHaveLength(3);
  });

  test('is taken over by a late report also where nothing was marked with it yet', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met('pump/trip', 100);
    plant.met('mains/dead', 500);
    expect(plant.states.get('pump/trip')?.firstOut).toBe(plant.states.get('mains/dead')?.occurrence);
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
  });

  test('keeps its marks when an alarm comes back, whenever that is', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.gone('pump/trip');
    plant.wait(10_000);
    plant.met('pump/trip');
    expect(plant.told.at(-1)).toBe('raised pump/trip after mains/dead');
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
  });

  test('calls once also the second time, though only the cause was acknowledged in between', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    const all = ['mains/dead', 'pump/trip', 'pump/low'];
    plant.met(all);
    plant.gone(all);
    plant.act('mains/dead', { kind: 'acknowledge', by: li });
    plant.wait(60 * minuteMs);
    plant.met(all);
    expect(plant.told.slice(-3)).toEqual([
      'raised mains/dead',
      'raised pump/trip after mains/dead',
      'raised pump/low after mains/dead',
    ]);
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
    plant.restart();
    expect(plant.book().owedBy('pump/trip')).toEqual([]);
  });

  test('is led anew by a cause that comes back before it was acknowledged', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.gone(['mains/dead', 'pump/trip']);
    plant.wait(60 * minuteMs);
    plant.met(['mains/dead', 'pump/low', 'pump/trip']);
    expect(plant.told.slice(-3)).toEqual([
      'raised mains/dead',
      'raised pump/low after mains/dead',
      'raised pump/trip after mains/dead',
    ]);
  });

  test('has no cause that was over long before an alarm came back', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.gone(['mains/dead', 'pump/trip']);
    plant.wait(60 * minuteMs);
    plant.met('pump/trip');
    expect(plant.told.at(-1)).toBe('raised pump/trip');
    expect(plant.states.get('pump/trip')?.firstOut).toBeUndefined();
  });

  test('calls for the others when a cause that was shelved in between is over', () => {
    const plant = watchedPlant([alarm('mains/dead', inSupply), alarm('pump/trip', inSupply)], { groups: [supply] });
    plant.met(['mains/dead', 'pump/trip']);
    plant.act('mains/dead', { kind: 'shelve', by: li, reason: 'planned work', lastsMs: minuteMs });
    plant.wait(minuteMs);
    expect(plant.book().claimOf('pump/trip').isCovered).toBe(true);
    plant.gone('mains/dead');
    expect(plant.book().claimOf('pump/trip').isCovered).toBe(false);
    expect(plant.book().owedBy('pump/trip')).toHaveLength(3);
  });

  test('marks an alarm that was hidden when it is seen', () => {
    const hidden = alarm('pump/trip', { life: { group: 'supply', suppressedBy: ['test'] } });
    const plant = watchedPlant([alarm('mains/dead', inSupply), hidden], { groups: [supply], suppressions: ['test'] });
    plant.suppress('test', true);
    plant.met(['pump/trip', 'mains/dead']);
    plant.suppress('test', false);
    expect(plant.told.slice(-4)).toEqual([
      'raised mains/dead',
      'suppression-ended site/suppression:test',
      'released pump/trip',
      'raised pump/trip after mains/dead',
    ]);
  });

  test('lets go of a secondary that was hidden until the window was over: it calls people, also after a restart', () => {
    const groups = [supply];
    const trip = alarm('pump/trip', { priority: 'high', life: { group: 'supply' } });
    const plant = watchedPlant([alarm('mains/dead', inSupply), trip], { groups });
    plant.met(['mains/dead', 'pump/trip']);
    plant.act('pump/trip', { kind: 'shelve', by: li, reason: 'test', lastsMs: 60_000 });
    plant.wait(60_001);
    expect(plant.states.get('pump/trip')?.firstOut).toBeUndefined();
    plant.restart();
    plant.wait(3_600_000);
    expect(plant.told.filter(text => text.startsWith('overdue pump/trip'))).not.toEqual([]);
  });

  test('has nothing to do with the alarms of another one, also after a restart', () => {
    const groups = [supply, { id: 'water', windowMs: 3_000 }];
    const leak = alarm('room/leak', { life: { group: 'water' } });
    const plant = watchedPlant([alarm('mains/dead', inSupply), leak, alarm('pump/trip', inSupply)], { groups });
    plant.met('mains/dead');
    plant.wait(1_000);
    plant.met('room/leak');
    plant.restart();
    plant.met('pump/trip');
    expect(plant.told).toEqual(['raised mains/dead', 'raised room/leak', 'raised pump/trip after mains/dead']);
  });

  test('leaves a cause that is over without secondaries, and secondaries that are over without a cause', () => {
    const life = { group: 'supply', needsAcknowledge: false };
    const all = ['mains/dead', 'pump/trip', 'pump/low'];
    const plant = watchedPlant(
      all.map(key => alarm(key, { life })),
      { groups: [supply] },
    );
    plant.met(['mains/dead', 'pump/trip']);
    plant.gone('pump/trip');
    plant.wait(60_000);
    plant.met('pump/trip');
    expect(plant.told.at(-1)).toBe('raised pump/trip');
    expect(plant.book().owedBy('pump/trip')).toHaveLength(2);
  });

  test('goes on after a restart within its window, and not after a reboot that takes longer', () => {
    const plant = watchedPlant(rules, { groups: [supply] });
    plant.met('mains/dead');
    plant.restart(1_000);
    plant.met('pump/trip');
    plant.reboot(3_000);
    plant.met('pump/low');
    expect(plant.told).toEqual(['raised mains/dead', 'raised pump/trip after mains/dead', 'raised pump/low']);
  });

  test('does not mark an alarm with itself, and a new occurrence of a cause is no cause of what stood before', () => {
    const life = { group: 'supply', needsAcknowledge: false };
    const plant = watchedPlant(
      [alarm('mains/dead', { life }), alarm('pump/trip', inSupply), alarm('pump/low', inSupply)],
      { groups: [supply] },
    );
    plant.met(['mains/dead', 'pump/trip']);
    plant.gone('mains/dead');
    plant.met('mains/dead');
    expect(plant.told.at(-1)).toBe('raised mains/dead');
    plant.wait(1_000);
    plant.met('pump/low');
    expect(plant.told.at(-1)).toBe('raised pump/low after mains/dead');
    plant.wait(15 * minuteMs - 1_000);
    expect(plant.told.at(-1)).toBe('overdue pump/trip acknowledge +0');
  });
});

describe('what the gateway notices by itself', () => {
  test('an alarm that comes three times a minute chatters; it is told once and hidden from nobody', () => {
    const plant = watchedPlant([alarm('pump/trip', { life: { needsAcknowledge: false } })]);
    for (let count = 0; count < 5; count += 1) {
      plant.met('pump/trip');
      plant.wait(5_000);
      plant.gone('pump/trip');
      plant.wait(5_000);
    }
    expect(plant.told.filter(text => text.startsWith('chattering'))).toEqual(['chattering pump/trip']);
    expect(plant.happenings.find(({ kind }) => kind === 'chattering')).toMatchObject({ isFirst: false });
    expect(plant.told.filter(text => text.startsWith('raised'))).toHaveLength(5);
    plant.replace([]);
    expect(plant.told.at(-1)).toBe('returned pump/trip');
  });

  test('what chattered is forgotten with the rule: it may chatter anew under another one', () => {
    const rule = alarm('pump/trip');
    const plant = watchedPlant([rule]);
    const flutter = () => {
      for (let count = 0; count < 3; count += 1) {
        plant.met('pump/trip');
        plant.gone('pump/trip');
      }
      return plant.told.filter(text => text.startsWith('chattering')).length;
    };
    expect(flutter()).toBe(1);
    plant.replace([]);
    plant.replace([rule]);
    expect(flutter()).toBe(2);
  });

  test('eleven alarms in ten minutes are a flood, which stands until it is over, over a restart as well', () => {
    const keys = Array.from({ length: 14 }, (_, index) => `fan/trip-${index}`);
    const plant = watchedPlant(keys.map(key => alarm(key, { priority: 'medium' })));
    for (const key of keys.slice(0, 12)) plant.met(key);
    expect(plant.told.filter(text => text.startsWith('flood'))).toEqual(['flood-began site/flood 11']);
    expect(plant.states.get(floodAlarm)).toMatchObject({ phase: 'acknowledged', isActive: true, rule: 'flood' });
    const before = plant.told.length;
    plant.restart();
    expect(plant.told.slice(before)).toEqual([]);
    plant.met('fan/trip-12');
    plant.wait(10 * minuteMs);
    expect(plant.told.slice(-2)).toEqual(['raised fan/trip-12', 'flood-ended site/flood 12']);
    expect(plant.states.has(floodAlarm)).toBe(false);
  });

  test('a flood that was kept without its count is over all the same', () => {
    const keys = Array.from({ length: 11 }, (_, index) => `fan/trip-${index}`);
    const plant = watchedPlant(keys.map(key => alarm(key, { priority: 'medium' })));
    plant.met(keys);
    const state = plant.states.get(floodAlarm);
    if (!state) throw new Error('no flood');
    (plant.states as Map<string, typeof state>).set(floodAlarm, { ...state, value: undefined });
    plant.restart();
    plant.wait(10 * minuteMs);
    expect(plant.told.at(-1)).toBe('flood-ended site/flood 0');
  });
});
