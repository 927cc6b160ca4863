import { describe, expect, test } from 'vitest';
import { type AlarmCommandKind, readAlarmCommand } from '../../src/model/alarm-command.ts';

const shelve = { alarms: ['sump/level-high'], reason: 'float switch sticks', who: 'Li Wei' };

function read(kind: AlarmCommandKind, fields: Record<string, unknown>): unknown {
  const reading = readAlarmCommand(kind, fields, 'uplink platform');
  return reading.kind === 'command' ? reading.command : reading.reason;
}

describe('what a person wants done with alarms', () => {
  test('says who wants it and from where; without a name it is the place it came from', () => {
    expect(read('acknowledge', { alarms: ['a/b'], who: 'Li Wei' })).toEqual({
      kind: 'acknowledge',
      alarms: ['a/b'],
      by: { who: 'Li Wei', from: 'uplink platform' },
      reason: undefined,
    });
    expect(read('reset', { alarms: ['a/b'] })).toMatchObject({
      by: { who: 'uplink platform', from: 'uplink platform' },
    });
  });

  test('may mean one occurrence of one alarm', () => {
    expect(read('acknowledge', { alarms: ['a/b'], occurrence: 'k-1' })).toMatchObject({ occurrence: 'k-1' });
  });

  test('shelves for eight hours unless it says otherwise', () => {
    expect(read('shelve', shelve)).toMatchObject({ lastsMs: 8 * 3_600_000, reason: 'float switch sticks' });
    expect(read('shelve', { ...shelve, for: '30m' })).toMatchObject({ lastsMs: 1_800_000 });
  });

  test.each<[AlarmCommandKind, Record<string, unknown>, string]>([
    ['acknowledge', {}, '"alarms" must be a list of 1 to 100 alarms'],
    ['acknowledge', { alarms: [] }, '"alarms" must be a list of 1 to 100 alarms'],
    ['acknowledge', { alarms: 'a/b' }, '"alarms" must be a list of 1 to 100 alarms'],
    ['acknowledge', { alarms: ['a/b', 7] }, '"alarms" must be a list of 1 to 100 alarms'],
    ['acknowledge', { alarms: Array.from({ length: 101 }, () => 'a/b') }, '"alarms" must be a list of 1 to 100 alarms'],
    ['acknowledge', { alarms: ['x'.repeat(201)] }, '"alarms" must be a list of 1 to 100 alarms'],
    ['acknowledge', { alarms: ['a/b'], who: '' }, '"who" must be a text of 1 to 60 characters'],
    ['acknowledge', { alarms: ['a/b'], reason: 'x'.repeat(201) }, '"reason" must be a text of 1 to 200 characters'],
    ['acknowledge', { alarms: ['a/b'], occurrence: '' }, '"occurrence" must be a text of 1 to 64 characters'],
    ['acknowledge', { alarms: ['a/b'], occurrence: 7 }, '"occurrence" must be a text of 1 to 64 characters'],
    ['acknowledge', { alarms: ['a/b', 'a/c'], occurrence: 'k-1' }, '"occurrence" is of one alarm'],
    ['acknowledge', { alarms: ['a/*'], occurrence: 'k-1' }, '"occurrence" is of one alarm'],
    ['acknowledge', { alarms: ['a'], occurrence: 'k-1' }, '"occurrence" is of one alarm'],
    ['shelve', { alarms: ['a/b'] }, '"reason" is missing'],
    ['shelve', { ...shelve, reason: '  ' }, '"reason" must be a text of 1 to 200 characters'],
    ['shelve', { ...shelve, for: 'long' }, '"for" is no duration'],
    ['shelve', { ...shelve, for: '0s' }, '"for" is no duration'],
    ['shelve', { ...shelve, for: 8 }, '"for" is no duration'],
    ['shelve', { ...shelve, for: '8d' }, 'shelve lasts at most 7d'],
    ['out-of-service', shelve, '"for" is missing'],
    ['out-of-service', { ...shelve, for: '91d' }, 'out-of-service lasts at most 90d'],
  ])('%s of %j is refused', (kind, fields, reason) => {
    expect(read(kind, fields)).toBe(reason);
  });
});
