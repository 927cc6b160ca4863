import { describe, expect, test } from 'vitest';
import { carryOut } from '../../../src/detect/life/alarm-orders.ts';
import type { AlarmCommand } from '../../../src/model/alarm-command.ts';
import { BookRig, liWei, ruleOf } from './book-rig.ts';
import { alarm, watchedPlant } from './watched-plant.ts';

const low = ruleOf('pump/low');
const trip = ruleOf('pump/trip', { isLatching: true });
const fire = ruleOf('fire/pump', {}, { priority: 'urgent' });

function rigWithAll(): BookRig {
  const rig = new BookRig([low, trip, fire]);
  for (const rule of [low, trip, fire]) rig.detect('met', rule, 1);
  return rig;
}

function order(rig: BookRig, kind: AlarmCommand['kind'], alarms: readonly string[]) {
  const command = { kind, alarms, by: liWei, reason: 'because', lastsMs: 1_000 } as AlarmCommand;
  const { reply, happenings } = carryOut(rig.book, command, rig.now());
  rig.take(happenings);
  return { reply, told: happenings.map(({ alarm, kind: what }) => `${alarm} ${what}`) };
}

describe('an order of a person', () => {
  test('means alarms by their keys, by patterns, and all of a device; each once', () => {
    expect(order(rigWithAll(), 'acknowledge', ['pump/low', 'pump', '*/trip']).told).toEqual([
      'pump/low acknowledged',
      'pump/trip acknowledged',
    ]);
    expect(order(rigWithAll(), 'acknowledge', ['*']).reply).toEqual({ kind: 'done', message: '3 acknowledged' });
  });

  test('that names an alarm that is not there does nothing at all', () => {
    expect(order(rigWithAll(), 'acknowledge', ['pump/low', 'pump/lwo'])).toEqual({
      reply: {
        kind: 'refused',
        message: 'there is no alarm pump/lwo',
        details: ['did you mean pump/low?'],
        isUnknown: true,
      },
      told: [],
    });
  });

  test.each(['site/flood', 'site/suppression:pump-off'])('of %s says that it asks nothing of anybody', name => {
    expect(order(rigWithAll(), 'acknowledge', [name]).reply).toEqual({
      kind: 'refused',
      message: `nothing can be done with ${name}`,
      details: ['it tells of the site as a whole, asks nothing of anybody and ends by itself'],
    });
  });

  test('takes a pattern of up to 200 characters', () => {
    expect(order(rigWithAll(), 'acknowledge', ['*'.repeat(200)]).told).toHaveLength(3);
    expect(order(rigWithAll(), 'acknowledge', ['*'.repeat(201)]).reply).toMatchObject({ kind: 'refused' });
  });

  test('that is done already is no error, and nothing happens', () => {
    const rig = rigWithAll();
    order(rig, 'acknowledge', ['pump/low']);
    expect(order(rig, 'acknowledge', ['pump/low'])).toEqual({
      reply: { kind: 'done', message: 'pump/low: had nothing to acknowledge' },
      told: [],
    });
    expect(order(rig, 'unshelve', ['pump'])).toEqual({
      reply: { kind: 'done', message: '0 unshelved, 2 not shelved' },
      told: [],
    });
  });

  test('is done where it can be, and says what was refused and why', () => {
    const { reply, told } = order(rigWithAll(), 'shelve', ['*']);
    expect(told).toEqual(['pump/low shelved', 'pump/trip shelved']);
    expect(reply).toEqual({
      kind: 'done',
      message:
        '2 shelved, 1 refused (fire/pump: alarms of priority urgent may not be shelved here: mend the cause, or take it out of service while it is worked on)',
    });
  });

  test('says of each alarm that is refused why', () => {
    const rig = new BookRig([low, fire, ruleOf('fire/tank', {}, { priority: 'urgent' })]);
    const { reply } = order(rig, 'shelve', ['*']);
    expect(reply.message).toMatch(/^1 shelved, 2 refused \(fire\/pump: .*worked on; fire\/tank: .*worked on\)$/);
  });

  test('is kept with its reason, where there is one, and with its end', () => {
    const rig = rigWithAll();
    order(rig, 'acknowledge', ['pump/low']);
    expect(rig.log.at(-1)).toMatchObject({ kind: 'acknowledged', by: liWei, reason: 'because' });
    order(rig, 'shelve', ['pump/low']);
    expect(rig.log.at(-1)).toMatchObject({ kind: 'shelved', reason: 'because', until: rig.wall + 1_000 });
    order(rig, 'out-of-service', ['pump/low']);
    expect(rig.log.at(-1)).toMatchObject({ kind: 'out-of-service', reason: 'because', until: rig.wall + 1_000 });
    const silent = { kind: 'unshelve', alarms: ['pump/low'], by: liWei, reason: undefined } as const;
    rig.take(carryOut(rig.book, silent, rig.now()).happenings);
    expect(rig.log.at(-1)).toMatchObject({ kind: 'unshelved', by: liWei, reason: undefined });
  });

  test('is refused as a whole where nothing can be done', () => {
    const rig = rigWithAll();
    expect(order(rig, 'reset', ['pump/trip']).reply).toEqual({
      kind: 'refused',
      message: 'pump/trip: it is not acknowledged yet: acknowledge it, then reset it',
      details: [],
    });
    expect(order(rig, 'reset', ['pump']).reply).toMatchObject({
      kind: 'refused',
      message: 'none of 2 alarms: each is refused',
      details: [expect.stringContaining('pump/low'), expect.stringContaining('pump/trip')],
    });
    order(rig, 'acknowledge', ['*']);
    expect(order(rig, 'reset', ['pump/trip']).reply).toMatchObject({
      message: 'pump/trip: its condition still stands: it can be reset once that is gone',
    });
    rig.detect('gone', trip, 2);
    expect(order(rig, 'reset', ['pump/trip'])).toMatchObject({
      reply: { message: 'pump/trip: reset' },
      told: ['pump/trip reset'],
    });
  });

  test('takes a device out of service and puts it back; what stands is raised then', () => {
    const rig = rigWithAll();
    expect(order(rig, 'out-of-service', ['pump']).reply).toMatchObject({ message: '2 taken out of service' });
    rig.detect('gone', low, 2);
    expect(order(rig, 'in-service', ['pump']).told).toEqual([
      'pump/low in-service',
      'pump/trip in-service',
      'pump/trip raised',
    ]);
  });

  test('reports how far the work is; once each, and only what can be', () => {
    const plant = watchedPlant([alarm('pump/trip')]);
    const say = (kind: AlarmCommand['kind']) => {
      const command = { kind, alarms: ['pump/trip'], by: liWei, reason: 'fuse' } as AlarmCommand;
      const { reply, happenings } = carryOut(plant.book(), command, plant.now());
      return [reply.message, ...happenings.map(({ kind: what, reason }) => `${what} (${reason})`)];
    };
    expect(say('arrived')).toEqual([
      'pump/trip: it is normal, and nothing is known any more of the last time it was not',
    ]);
    plant.met('pump/trip');
    expect(say('arrived')).toEqual(['pump/trip: somebody is there', 'arrived (fuse)']);
    expect(say('arrived')).toEqual(['pump/trip: somebody was there already']);
    expect(say('dispatched')).toEqual(['pump/trip: somebody has arrived already']);
    expect(say('closed')).toEqual(['pump/trip: its condition still stands: it can be closed once that is gone']);
    plant.gone('pump/trip');
    expect(say('closed')).toEqual(['pump/trip: closed', 'closed (fuse)']);
    expect(say('restored')).toEqual(['pump/trip: it was closed already']);
  });
});
