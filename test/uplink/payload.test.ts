import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { limitLevels, priorities } from '../../src/model/alarm.ts';
import type { SummaryRecord } from '../../src/model/summary.ts';
import { packetBytes, payloadRoomBytes } from '../../src/uplink/packet.ts';
import { encodeAlarm, encodeStatus, encodeSummary, formatTime } from '../../src/uplink/payload.ts';
import { topicsOf } from '../../src/uplink/topic.ts';
import { checkMessage } from './contract.ts';
import { alarmEvent, gateway, summaryRecord } from './samples.ts';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 40 }));
const id = fc.stringMatching(/^[a-z0-9-]{1,40}$/);
const anyNumber = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0));
const anyTime = fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.double());
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const anyEvent: fc.Arbitrary<AlarmEvent> = fc
  .record({
    number: fc.integer({ min: 1, max: 2 ** 40 }),
    kind: fc.constantFrom('raised' as const, 'returned' as const, 'removed' as const),
    alarm: fc.tuple(id, fc.constantFrom(...limitLevels)).map(([device, level]) => `${device}/${level}`),
    occurrence: id,
    rule: fc.constantFrom('limit' as const, 'rate' as const, 'state' as const, 'communication' as const),
    priority: fc.constantFrom(...priorities),
    message: text,
    device: id,
    deviceName: text,
    point: optional(id),
    pointName: optional(text),
    value: optional(anyNumber),
    state: optional(text),
    unit: text,
    limit: optional(anyNumber),
    sampledAt: anyTime,
    detectedAt: anyTime,
    stamp: fc.constant({ clock: 'synchronised' as const, bootId: 'boot', bootMs: 1_000 }),
  })
  .map(event => ({ ...event, id: `k3m9x2-${event.number}` }));

const anyRecord: fc.Arbitrary<SummaryRecord> = fc.record({
  id: fc.constant('k3m9x2-feeder-1778565600'),
  device: id,
  windowStart: anyTime,
  windowEnd: anyTime,
  span: fc.constant('1min' as const),
  points: fc.array(
    fc.record({
      point: id,
      unit: text,
      count: fc.nat(),
      min: optional(anyNumber),
      max: optional(anyNumber),
      mean: optional(anyNumber),
      last: optional(anyNumber),
      goodShare: fc.double({ min: 0, max: 1, noNaN: true }),
      delta: optional(anyNumber),
      resets: fc.nat(),
    }),
    { maxLength: 60 },
  ),
});

describe('an alarm event', () => {
  test('always becomes a valid message, whatever its texts, values and times are', () => {
    fc.assert(fc.property(anyEvent, event => checkMessage(encodeAlarm(event, gateway.id))));
  });

  test('carries its names and numbers unchanged', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const message = JSON.parse(encodeAlarm(event, gateway.id));
        expect(message).toMatchObject({ id: event.id, subject: event.alarm, type: `plantroom.alarm.${event.kind}` });
        expect(message.data.message.toWellFormed()).toBe(event.message.toWellFormed());
        if (Number.isFinite(event.value)) expect(message.data.value === event.value).toBe(true);
        else expect(message.data.value).toBeNull();
      }),
    );
  });

  test('is the same text however often it is sent', () => {
    expect(encodeAlarm(alarmEvent(7), gateway.id)).toBe(encodeAlarm(alarmEvent(7), gateway.id));
  });

  test('with the longest texts of a site file is under 4 KiB', () => {
    const long = '↯'.repeat(200);
    const event = alarmEvent(1, { message: long, deviceName: long, pointName: long, state: long, unit: 'm³/h' });
    expect(Buffer.byteLength(encodeAlarm(event, gateway.id))).toBeLessThan(4_096);
  });
});

describe('a summary', () => {
  test('always becomes valid messages that hold each point once, in order', () => {
    fc.assert(
      fc.property(anyRecord, fc.integer({ min: 1, max: 20_000 }), (record, longestBytes) => {
        const payloads = encodeSummary(record, gateway.id, longestBytes);
        for (const payload of payloads) checkMessage(payload);
        const points = payloads.flatMap(payload => JSON.parse(payload).data.points);
        expect(points.map(({ point }) => point)).toEqual(record.points.map(({ point }) => point));
        const ids = payloads.map(payload => JSON.parse(payload).id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('is cut so that every part fits, unless that is a single point', () => {
    fc.assert(
      fc.property(anyRecord, fc.integer({ min: 1, max: 20_000 }), (record, longestBytes) => {
        for (const payload of encodeSummary(record, gateway.id, longestBytes)) {
          const isOnePoint = JSON.parse(payload).data.points.length <= 1;
          expect(isOnePoint || Buffer.byteLength(payload) <= longestBytes).toBe(true);
        }
      }),
    );
  });

  test('that fits is one message under the record’s own id, and the parts of one that does not name their points', () => {
    const record = summaryRecord(0, 4);
    const idsFor = (bytes: number) => encodeSummary(record, gateway.id, bytes).map(payload => JSON.parse(payload).id);
    expect(idsFor(10_000)).toEqual([record.id]);
    expect(idsFor(600)).toEqual([`${record.id}-p1-2`, `${record.id}-p3-4`]);
  });
});

test.each([
  ['connected', true],
  ['stopped', false],
  ['lost', false],
] as const)('a status with reason %s is valid and says online: %s', (reason, online) => {
  const payload = encodeStatus({ id: 'x', gateway, version: '0.1.0', reason, at: 0 });
  checkMessage(payload);
  expect(JSON.parse(payload).data).toMatchObject({ online, reason });
});

test.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [Date.UTC(2026, 4, 12, 6, 0, 1, 5), '2026-05-12T06:00:01.005Z'],
  [-1, '1970-01-01T00:00:00.000Z'],
  [Number.NaN, '1970-01-01T00:00:00.000Z'],
  [1e300, '9999-12-31T23:59:59.999Z'],
])('the time %d is written %s', (wallMs, written) => {
  expect(formatTime(wallMs)).toBe(written);
});

test('topics are made of the prefix, the gateway and what is sent', () => {
  expect(topicsOf('site-7/plantroom', 'pump-room-1')).toEqual({
    status: 'site-7/plantroom/pump-room-1/status',
    alarm: 'site-7/plantroom/pump-room-1/alarm',
    summary: 'site-7/plantroom/pump-room-1/summary',
  });
});

test('a payload that uses the room for it makes a packet of just the longest length', () => {
  const topic = 'plantroom/pump-room-1/summary';
  const payload = 'x'.repeat(payloadRoomBytes(1_000, topic));
  expect(packetBytes({ topic, payload, isRetained: false })).toBe(1_000);
});
