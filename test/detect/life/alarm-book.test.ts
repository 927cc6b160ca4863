import { describe, expect, test } from 'vitest';
import { BookRig, liWei, ruleOf } from './book-rig.ts';

const low = ruleOf('booster/low');
const trip = ruleOf('pump/trip', { isLatching: true });
const hour = 3_600_000;
const shelve = { kind: 'shelve', by: liWei, reason: 'float switch sticks', lastsMs: hour } as const;
const takeOut = { kind: 'take-out', by: liWei, reason: 'motor is rewound', lastsMs: hour } as const;

describe('an occurrence', () => {
  test('is acknowledged by a person, who is told in the event and kept in the state', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low, 4);
    expect(rig.act('booster/low', { kind: 'acknowledge', by: liWei, reason: 'seen' })).toBe(
      'booster/low acknowledged (acknowledged)',
    );
    expect(rig.log.map(({ value }) => value)).toEqual([4, undefined]);
    expect(rig.log.at(-1)).toMatchObject({ by: liWei, reason: 'seen', until: undefined });
    expect(rig.book.lifeOf('booster/low').acknowledged).toEqual({ by: liWei, at: rig.wall });
    expect(rig.act('booster/low', { kind: 'acknowledge', by: liWei })).toBe('');
  });

  test('that is over stays until it is acknowledged, and then leaves the list', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low, 4);
    rig.detect('gone', low, 6);
    expect(rig.phase('booster/low')).toBe('returned');
    expect(rig.act('booster/low', { kind: 'acknowledge', by: liWei })).toBe('booster/low acknowledged (normal)');
    expect(rig.states.size).toBe(0);
  });

  test('that comes back before it was acknowledged is the same one, and is counted', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low);
    rig.detect('gone', low);
    rig.detect('met', low);
    expect(rig.log.map(({ kind, isFirst }) => [kind, isFirst])).toEqual([
      ['raised', true],
      ['returned', false],
      ['raised', false],
    ]);
    expect(rig.book.lifeOf('booster/low').comebacks).toBe(1);
  });

  test('that was acknowledged has to be acknowledged anew when it comes back in its latch', () => {
    const rig = new BookRig([trip]);
    rig.detect('met', trip);
    rig.act('pump/trip', { kind: 'acknowledge', by: liWei });
    rig.detect('gone', trip);
    rig.detect('met', trip);
    expect(rig.book.lifeOf('pump/trip')).toMatchObject({ phase: 'unacknowledged', acknowledged: undefined });
  });
});

describe('what hides an alarm', () => {
  test('ends by itself, and a condition that stands is raised then', () => {
    const rig = new BookRig([low]);
    expect(rig.act('booster/low', shelve)).toBe('booster/low shelved (shelved)');
    expect(rig.log.at(-1)).toMatchObject({ until: rig.wall + hour, reason: 'float switch sticks' });
    rig.detect('met', low);
    expect(rig.wait(hour - 1)).toEqual([]);
    expect(rig.book.nextDueMono()).toBe(hour);
    expect(rig.wait(1).map(({ kind, by, reason }) => [kind, by?.who, reason])).toEqual([
      ['unshelved', 'gateway', 'its time is over'],
      ['raised', 'gateway', 'its time is over'],
    ]);
    expect(rig.book.nextDueMono()).toBeUndefined();
  });

  test('of two that overlap the alarm is shown behind the last one', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.act('booster/low', { ...takeOut, lastsMs: 2 * hour });
    rig.detect('met', low);
    expect(rig.wait(hour).map(({ kind, life }) => `${kind} ${life.phase}`)).toEqual(['unshelved out-of-service']);
    expect(rig.act('booster/low', { kind: 'put-back', by: liWei })).toBe(
      'booster/low in-service (unacknowledged), booster/low raised (unacknowledged)',
    );
  });

  test('begins again when an alarm is shelved again', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.wait(hour / 2);
    rig.act('booster/low', shelve);
    expect(rig.wait(hour / 2)).toEqual([]);
    expect(rig.wait(hour / 2)).toHaveLength(1);
  });

  test('ends for several alarms in the order of their ends, and of their names where they end together', () => {
    const rig = new BookRig([trip, low, ruleOf('fan/belt'), ruleOf('sump/level')]);
    rig.act('pump/trip', shelve);
    rig.act('fan/belt', { ...shelve, lastsMs: 2 * hour });
    rig.act('booster/low', shelve);
    rig.act('sump/level', shelve);
    rig.wait(hour / 2);
    rig.act('booster/low', { ...takeOut, lastsMs: hour / 2 });
    expect(rig.book.nextDueMono()).toBe(hour);
    expect(rig.wait(3 * hour).map(({ alarm, kind }) => `${alarm} ${kind}`)).toEqual([
      'booster/low in-service',
      'booster/low unshelved',
      'pump/trip unshelved',
      'sump/level unshelved',
      'fan/belt unshelved',
    ]);
  });

  test('does not end any more when the rule of the alarm was removed', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low);
    rig.act('booster/low', shelve);
    expect(rig.detect('removed', low).map(({ kind }) => kind)).toEqual(['removed']);
    expect(rig.book.nextDueMono()).toBeUndefined();
  });

  test('is nothing that a person may do to an urgent alarm, but to take it out of service', () => {
    const urgent = ruleOf('fire/pump', {}, { priority: 'urgent' });
    const rig = new BookRig([urgent]);
    expect(rig.act('fire/pump', shelve)).toBe('may-not-shelve');
    expect(rig.act('fire/pump', takeOut)).toBe('fire/pump out-of-service (out-of-service)');
    expect(rig.act('fire/pumpe', takeOut)).toBe('unknown-alarm');
  });

  test('by design are the suppressions of the site that the alarm names; it is shown when all have ended', () => {
    const rule = ruleOf('pump/flow-low', { suppressedBy: ['pump-off', 'feeder-dead'] });
    const rig = new BookRig([rule, low], ['pump-off', 'feeder-dead']);
    rig.detect('met', rule);
    expect(rig.suppress('pump-off', true)).toBe(
      'site/suppression:pump-off suppression-began (suppressed), pump/flow-low suppressed (suppressed)',
    );
    expect(rig.suppress('pump-off', true)).toBe('');
    expect(rig.suppress('feeder-dead', true)).toBe(
      'site/suppression:feeder-dead suppression-began (suppressed), pump/flow-low suppressed (suppressed)',
    );
    expect(rig.log.at(-1)?.reason).toBe('pump-off, feeder-dead');
    expect(rig.restart()).toBe('');
    expect(rig.suppress('pump-off', false)).toBe(
      'site/suppression:pump-off suppression-ended (normal), pump/flow-low suppressed (suppressed)',
    );
    expect(rig.suppress('feeder-dead', false)).toBe(
      'site/suppression:feeder-dead suppression-ended (normal), pump/flow-low released (unacknowledged), pump/flow-low raised (unacknowledged)',
    );
    const unknown = new BookRig([ruleOf('pump/flow-low', { suppressedBy: ['no-such'] })]);
    expect(unknown.suppress('no-such', true)).toBe('');
  });

  test('by design tells of itself and how many it hides, and of an alarm only when there is something to tell', () => {
    const flow = ruleOf('pump/flow-low', { suppressedBy: ['pump-off'] });
    const more = Array.from({ length: 39 }, (_, index) => ruleOf(`pump/a${index}`, { suppressedBy: ['pump-off'] }));
    const rig = new BookRig([flow, ...more], ['pump-off', 'feeder-dead']);
    expect(rig.suppress('pump-off', true)).toBe('site/suppression:pump-off suppression-began (suppressed)');
    expect(rig.log.at(-1)).toMatchObject({ value: 40, reason: 'pump-off', suppression: 'pump-off', by: undefined });
    expect([...rig.states.keys()]).toEqual(['site/suppression:pump-off']);
    expect(rig.phase('pump/a7')).toBe('suppressed');
    // To people it is normal: there is no work on it to report.
    expect(rig.act('pump/a7', { kind: 'report', by: liWei, step: 'dispatched' })).toBe('not-raised');
    // Neither forgotten nor told anew by a restart.
    expect(rig.restart()).toBe('');
    expect(rig.phase('pump/a7')).toBe('suppressed');
    rig.detect('met', flow);
    expect(rig.log.at(-1)).toMatchObject({ kind: 'hidden-raised', isFirst: true, reason: 'pump-off' });
    expect(rig.act('pump/a1', shelve)).toBe('pump/a1 shelved (suppressed)');
    expect(rig.log.at(-1)?.isFirst).toBe(true);
    rig.detect('gone', flow);
    expect(rig.suppress('pump-off', false)).toBe(
      'site/suppression:pump-off suppression-ended (normal), pump/flow-low released (normal), pump/a1 released (shelved)',
    );
    expect(rig.suppress('feeder-dead', true)).toBe('');
    expect(rig.suppress('feeder-dead', false)).toBe('');
  });

  test('by design ends with its suppression, which the site file does not know after a restart', () => {
    const flow = ruleOf('pump/flow-low', { suppressedBy: ['pump-off'] });
    const rig = new BookRig([flow], ['pump-off']);
    rig.suppress('pump-off', true);
    rig.site = { rules: [ruleOf('pump/flow-low')], suppressions: [] };
    expect(rig.restart()).toBe('site/suppression:pump-off suppression-ended (normal)');
    expect(rig.phase('pump/flow-low')).toBe('normal');
    expect(rig.states.size).toBe(0);
  });

  test('by design, kept by a version that told every alarm of it, is told as itself from now on', () => {
    const flow = ruleOf('pump/flow-low', { suppressedBy: ['pump-off'] });
    const rig = new BookRig([flow], ['pump-off']);
    rig.detect('met', flow);
    rig.suppress('pump-off', true);
    rig.states.delete('site/suppression:pump-off');
    expect(rig.restart()).toBe('site/suppression:pump-off suppression-began (suppressed)');
    expect(rig.phase('pump/flow-low')).toBe('suppressed');
  });
});

describe('a changed site file', () => {
  test('removes the alarms whose rule is gone, or about something else now, hidden ones included', () => {
    const rig = new BookRig([low, trip]);
    rig.detect('met', low);
    rig.detect('gone', low);
    rig.act('pump/trip', shelve);
    expect(rig.reload([{ ...low, level: 'low' } as typeof low])).toBe(
      'booster/low removed (normal), pump/trip removed (normal)',
    );
    expect(rig.states.size).toBe(0);
    expect(rig.book.nextDueMono()).toBeUndefined();
  });

  test('does not want to hear of a rule that it has no more', () => {
    const rig = new BookRig([low]);
    expect(rig.detect('gone', trip)).toEqual([]);
  });

  test('keeps those whose rule only says something else', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low);
    expect(rig.reload([{ ...low, message: 'new' }])).toBe('');
    expect(rig.phase('booster/low')).toBe('unacknowledged');
  });

  test('hides an alarm at once by a suppression that it names now, and shows it when that is gone', () => {
    const named = { ...low, life: { ...low.life, suppressedBy: ['pump-off'] } };
    const other = ruleOf('pump/flow-low', { suppressedBy: ['pump-off'] });
    const rig = new BookRig([low, other], ['pump-off']);
    rig.suppress('pump-off', true);
    rig.detect('met', low);
    expect(rig.reload([named, other])).toBe('booster/low suppressed (suppressed)');
    expect(rig.reload([named, other], [])).toBe(
      'site/suppression:pump-off suppression-ended (normal), booster/low released (unacknowledged), booster/low raised (unacknowledged)',
    );
  });

  test('that came while the gateway was down removes what has no rule any more', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low);
    rig.site = { rules: [], suppressions: [] };
    expect(rig.restart()).toBe('booster/low removed (normal)');
  });
});

describe('what people report of their work', () => {
  test('is kept with the alarm and told once', () => {
    const rig = new BookRig([low]);
    expect(rig.act('booster/low', { kind: 'report', by: liWei, step: 'dispatched' })).toBe('not-raised');
    rig.detect('met', low);
    expect(rig.act('booster/low', { kind: 'report', by: liWei, step: 'dispatched' })).toBe(
      'booster/low dispatched (unacknowledged)',
    );
    expect(rig.log.at(-1)).toMatchObject({ by: liWei, isFirst: false, value: undefined });
    expect(rig.act('booster/low', { kind: 'report', by: liWei, step: 'dispatched' })).toBe('');
    expect(rig.book.lifeOf('booster/low').progress.dispatched).toEqual({ by: liWei, at: rig.wall });
  });
});

describe('what ends by itself', () => {
  test('that was done before the clock was set shows the right times afterwards, and ends when it would have', () => {
    const rig = new BookRig([low, trip]);
    const bootedAt = rig.wall - rig.bootedMs;
    rig.clock = 'unsynchronised';
    rig.wall = 50_000;
    rig.act('pump/trip', shelve);
    rig.act('booster/low', takeOut);
    rig.wall = bootedAt + rig.bootedMs;
    rig.clock = 'synchronised';
    const due = rig.book.nextDueMono();
    const renewed = rig.book.correctTimes({ bootId: 'boot-1', bootedAt });
    expect(renewed.map(({ alarm, life: { masks } }) => [alarm, (masks.shelved ?? masks.outOfService)?.expiry])).toEqual(
      [
        [
          'pump/trip',
          { lastsMs: shelve.lastsMs, since: rig.wall, stamp: { clock: 'corrected', bootId: 'boot-1', bootMs: 1_000 } },
        ],
        [
          'booster/low',
          { lastsMs: takeOut.lastsMs, since: rig.wall, stamp: { clock: 'corrected', bootId: 'boot-1', bootMs: 1_000 } },
        ],
      ],
    );
    expect(rig.book.nextDueMono()).toBe(due);
    expect(rig.book.lifeOf('pump/trip')).toEqual(renewed[0]?.life);
    // Once; and what another boot has begun is not touched.
    expect(rig.book.correctTimes({ bootId: 'boot-1', bootedAt: 0 })).toEqual([]);
    rig.clock = 'unsynchronised';
    rig.act('pump/trip', shelve);
    expect(rig.book.correctTimes({ bootId: 'another', bootedAt })).toEqual([]);
  });

  test('goes on over a restart in the same boot, whatever the wall clock says', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.wait(hour / 2);
    rig.wall += 10 * 365 * 24 * hour;
    expect(rig.restart()).toBe('');
    expect(rig.renewed).toEqual([]);
    rig.wall -= 20 * 365 * 24 * hour;
    expect(rig.restart()).toBe('');
    expect(rig.wait(hour / 2 - 1)).toEqual([]);
    expect(rig.wait(1)).toHaveLength(1);
  });

  test('has gone on while the machine was off, where the clock was right before and after', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.wait(hour / 4);
    expect(rig.reboot(hour / 4)).toBe('');
    expect(rig.book.nextDueMono()).toBe(5 + hour / 2);
    expect(rig.reboot(hour)).toBe('booster/low unshelved (normal)');
  });

  test('goes on with what was left at the last sign of life where the clock is not right', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.lastBootMs = rig.bootedMs + hour / 4;
    expect(rig.reboot(5 * hour, 'unsynchronised', -50 * 365 * 24 * hour)).toBe('');
    expect(rig.book.nextDueMono()).toBe(5 + (hour * 3) / 4);
  });

  test('is over when the site protects the priority of the alarm, after a reload or a restart', () => {
    const rig = new BookRig([low]);
    rig.detect('met', low, 2);
    rig.act('booster/low', shelve);
    const urgent = ruleOf('booster/low', {}, { priority: 'urgent' });
    expect(rig.reload([urgent])).toBe('booster/low unshelved (unacknowledged), booster/low raised (unacknowledged)');
    expect(rig.log.at(-2)).toMatchObject({ reason: 'urgent alarms may not be shelved', by: { from: 'gateway' } });
    expect(rig.book.nextDueMono()).toBeUndefined();

    const other = new BookRig([low]);
    other.act('booster/low', shelve);
    other.site = { ...other.site, rules: [urgent] };
    expect(other.restart()).toBe('booster/low unshelved (normal)');
  });

  test('has gone on at least as long as the machine was seen to run, also where the clock was set back', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.lastBootMs = rig.bootedMs + hour / 4;
    expect(rig.reboot(hour, 'synchronised', -10 * 365 * 24 * hour)).toBe('');
    expect(rig.book.nextDueMono()).toBe(5 + (hour * 3) / 4);
  });

  test('begins anew where nothing is known of how far the boot came in which it was done', () => {
    const rig = new BookRig([low]);
    rig.act('booster/low', shelve);
    rig.lastBootMs = rig.bootedMs + hour / 4;
    rig.reboot(hour, 'unsynchronised');
    expect(rig.book.nextDueMono()).toBe(5 + (hour * 3) / 4);
    expect(rig.renewed).toEqual(['booster/low']);
    rig.wait(hour / 2);
    rig.lastBootMs = rig.bootedMs + hour / 2;
    // The last sign of life is of the boot before.
    rig.reboot(hour, 'unsynchronised');
    expect(rig.book.nextDueMono()).toBe(5 + (hour * 3) / 4);
  });
});
