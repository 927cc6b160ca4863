import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirmTopic, readArrival, topicFilters } from '../../src/receive/arrival.ts';

const alarm = {
  specversion: '1.0',
  id: 'k3m9x2-4711',
  source: 'plantroom/pump-room-1',
  type: 'plantroom.alarm.raised',
  time: '2026-05-12T06:00:01.000Z',
  data: { number: 4711 },
};

function deep(levels: number): string {
  return JSON.stringify(alarm).replace('4711}', `${'['.repeat(levels)}${']'.repeat(levels)}}`);
}

const read = (topic: string, body: unknown) =>
  readArrival('plantroom', topic, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

test('a receiver subscribes to the topics of one gateway or of all', () => {
  expect(topicFilters('site/plantroom', '+')).toEqual([
    'site/plantroom/+/status',
    'site/plantroom/+/alarm',
    'site/plantroom/+/standing',
    'site/plantroom/+/summary',
  ]);
  expect(confirmTopic('site/plantroom', 'a')).toBe('site/plantroom/a/confirm');
});

describe('a message', () => {
  test('of an alarm is kept whole, with keys that nobody knows yet', () => {
    const body = { ...alarm, more: { later: true } };
    expect(read('plantroom/pump-room-1/alarm', body)).toEqual({
      gateway: 'pump-room-1',
      records: [{ kind: 'alarm', id: alarm.id, time: alarm.time, body }],
    });
  });

  test('with many summaries is taken apart, each under its own id', () => {
    const records = [
      { id: 'k3m9x2-r-1', device: 'feeder', windowEnd: '2026-05-12T06:01:00.000Z', points: [] },
      { id: 'k3m9x2-r-2', device: 'booster', points: [] },
      { device: 'nameless' },
    ];
    const shared = { span: '15min', historical: true };
    const batch = {
      ...alarm,
      type: 'plantroom.summaries',
      data: { span: '15min', historical: true, summaries: records },
    };
    expect(read('plantroom/pump-room-1/summary', batch).records).toEqual([
      { kind: 'summary', id: 'k3m9x2-r-1', time: '2026-05-12T06:01:00.000Z', body: { ...shared, ...records[0] } },
      { kind: 'summary', id: 'k3m9x2-r-2', time: alarm.time, body: { ...shared, ...records[1] } },
      { kind: 'foreign', id: undefined, time: alarm.time, body: records[2] },
    ]);
  });

  test.each([
    ['plantroom.status', 'status'],
    ['plantroom.alarms.standing', 'standing'],
    ['plantroom.summary', 'summary'],
    ['plantroom.alarm.of-a-later-version', 'alarm'],
    ['plantroom.something', 'foreign'],
  ])('of type %s is %s', (type, kind) => {
    expect(read('plantroom/pump-room-1/x', { ...alarm, type }).records.map(one => one.kind)).toEqual([kind]);
  });

  test.each<[string, string, unknown]>([
    ['that is no JSON', 'plantroom/a/alarm', 'hello'],
    ['that is a list', 'plantroom/a/alarm', []],
    ['without an id', 'plantroom/pump-room-1/alarm', { ...alarm, id: undefined }],
    ['with an id without end', 'plantroom/pump-room-1/alarm', { ...alarm, id: 'x'.repeat(301) }],
    ['with a line end in its id', 'plantroom/pump-room-1/alarm', { ...alarm, id: 'a\n-1' }],
    ['that is deeper than a stack', 'plantroom/pump-room-1/alarm', deep(5_000)],
    ['in the name of another gateway', 'plantroom/pump-room-2/alarm', alarm],
    ['with a batch that is none', 'plantroom/pump-room-1/summary', { ...alarm, type: 'plantroom.summaries', data: 1 }],
  ])('%s is kept as foreign, cut to a bearable length', (_what, topic, body) => {
    const { records } = read(topic, body);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ kind: 'foreign', id: undefined, body: { topic } });
    const [long] = read(topic, 'x'.repeat(20_000)).records;
    expect(JSON.stringify(long?.body).length).toBeLessThan(10_100);
  });

  test('of any bytes on any topic never makes it throw', () => {
    const property = fc.property(fc.string(), fc.uint8Array(), (topic, bytes) => {
      expect(readArrival('plantroom', topic, Buffer.from(bytes)).records.length).toBe(1);
    });
    fc.assert(property);
    fc.assert(fc.property(fc.json(), text => void read('plantroom/a/b', text)));
  });
});
