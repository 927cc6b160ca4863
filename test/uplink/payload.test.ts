import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlarmEvent, AlarmState } from '../../src/model/alarm.ts';
import { alarmPhases, deadlines, eventKinds, limitLevels, priorities } from '../../src/model/alarm.ts';
import type { NumberedSummary } from '../../src/model/outbox.ts';
import type { Summary, SummaryRecord } from '../../src/model/summary.ts';
import { clockQualities } from '../../src/model/time.ts';
import { packetBytes, payloadRoomBytes } from '../../src/uplink/packet.ts';
import { encodeAlarm, encodeReply, encodeStanding, encodeStatus, formatTime } from '../../src/uplink/payload.ts';
import { encodeSummaries } from '../../src/uplink/summary-payload.ts';
import { topicsOf } from '../../src/uplink/topic.ts';
import { standingState } from '../fakes/alarm-parts.ts';
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
    kind: fc.constantFrom(...eventKinds),
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
    phase: fc.constantFrom(...alarmPhases),
    by: optional(fc.record({ who: text, from: text })),
    reason: optional(text),
    until: optional(anyTime),
    firstOut: optional(id),
    overdue: optional(fc.constantFrom(...deadlines)),
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
  clock: fc.constantFrom(...clockQualities),
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

describe('summaries', () => {
  const rows = fc
    .array(anyRecord, { minLength: 1, maxLength: 12 })
    .map(records => records.map((record, index) => ({ number: index + 1, record: { ...record, id: `r-${index}` } })));
  const write = (given: readonly NumberedSummary[], longestBytes: number) =>
    encodeSummaries(given, { gatewayId: gateway.id, span: '1min', isHistorical: true, longestBytes });
  const recordsIn = (payloads: readonly string[]) => payloads.flatMap(payload => JSON.parse(payload).data.summaries);

  test('always become valid messages that hold each record and each point once, in order', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20_000 }), (given, longestBytes) => {
        const batches = write(given, longestBytes);
        expect(batches.flatMap(({ numbers }) => numbers)).toEqual(given.map(({ number }) => number));
        for (const { numbers, payloads } of batches) {
          for (const payload of payloads) checkMessage(payload);
          const held = given.filter(({ number }) => numbers.includes(number)).map(({ record }) => record);
          const points = recordsIn(payloads).flatMap(({ points }) => points.map(({ point }: Summary) => point));
          expect(points).toEqual(held.flatMap(record => record.points.map(({ point }) => point)));
        }
        const ids = recordsIn(batches.flatMap(({ payloads }) => payloads)).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('fit into what was asked, unless that is a single point', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20_000 }), (given, longestBytes) => {
        for (const payload of write(given, longestBytes).flatMap(({ payloads }) => payloads)) {
          const points = recordsIn([payload]).flatMap(record => record.points);
          expect(points.length <= 1 || Buffer.byteLength(payload) <= longestBytes).toBe(true);
        }
      }),
    );
  });

  test('are put together as long as they fit, and named by the first and the last of them', () => {
    const given = [1, 2, 3, 4].map(number => ({ number, record: summaryRecord(number, 4) }));
    const ids = given.map(({ record }) => record.id);
    const [whole, ...more] = write(given, 16_384);
    expect(more).toEqual([]);
    expect(JSON.parse(whole?.payloads[0] ?? '').id).toBe(`${ids[0]}..${ids[3]}`);
    expect(write(given, 2_100).map(({ numbers }) => numbers)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('too long for one message come in parts whose ids name their points', () => {
    const record = summaryRecord(0, 4);
    const idsFor = (bytes: number) => {
      const [batch] = write([{ number: 1, record }], bytes);
      return recordsIn(batch?.payloads ?? []).map(({ id }) => id);
    };
    expect(idsFor(10_000)).toEqual([record.id]);
    expect(idsFor(900)).toEqual([`${record.id}-p1-2`, `${record.id}-p3-4`]);
  });
});

describe('the alarms that stand', () => {
  const state = (number: number): AlarmState => ({
    ...standingState,
    alarm: `booster/alarm-${number}`,
    occurrence: `k3m9x2-${number}`,
    rule: 'limit',
    priority: 'high',
    message: 'Discharge pressure is low',
    raisedAt: Date.UTC(2026, 4, 12),
    value: 2.9,
    state: undefined,
    unit: 'bar',
  });
  const write = (count: number, longestBytes: number) =>
    encodeStanding(
      { refresh: 'r1', asOf: 7, alarms: Array.from({ length: count }, (_, index) => state(index)), at: 0 },
      gateway.id,
      longestBytes,
    );

  test('are told in parts that fit, each of which says how many there are', () => {
    const parts = write(100, 2_000);
    for (const part of parts) {
      checkMessage(part);
      expect(Buffer.byteLength(part)).toBeLessThanOrEqual(2_000);
    }
    const data = parts.map(part => JSON.parse(part).data);
    expect(data.map(({ part }) => part)).toEqual(data.map((_, index) => index + 1));
    expect(new Set(data.map(({ refresh, asOf, parts: count }) => `${refresh} ${asOf} ${count}`))).toEqual(
      new Set([`r1 7 ${parts.length}`]),
    );
    const alarms = data.flatMap(({ alarms }) => alarms.map(({ alarm }: AlarmState) => alarm));
    expect(alarms).toEqual(Array.from({ length: 100 }, (_, index) => `booster/alarm-${index}`));
  });

  test('are told also when none does', () => {
    const [only = '', ...more] = write(0, 2_000);
    checkMessage(only);
    expect(more).toEqual([]);
    expect(JSON.parse(only).data).toMatchObject({ part: 1, parts: 1, alarms: [] });
  });
});

test.each([
  { kind: 'done' as const, message: '44 points' },
  { kind: 'refused' as const, message: 'no', details: ['because'] },
])('a reply is valid: $kind', reply => {
  checkMessage(encodeReply({ command: 'c1', kind: 'reload', reply, isRepeated: false }), 'reply');
  checkMessage(encodeReply({ command: null, kind: null, reply, isRepeated: false }), 'reply');
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
  expect(topicsOf('site-7/plantroom', 'pump-room-1')).toMatchObject({
    status: 'site-7/plantroom/pump-room-1/status',
    alarm: 'site-7/plantroom/pump-room-1/alarm',
    command: 'site-7/plantroom/pump-room-1/command',
  });
});

test('a payload that uses the room for it makes a packet of just the longest length', () => {
  const envelope = { topic: 'plantroom/pump-room-1/summary', contentType: 'application/cloudevents+json' };
  const payload = Buffer.alloc(payloadRoomBytes(1_000, envelope));
  expect(packetBytes({ ...envelope, payload, qos: 1, isRetained: false })).toBe(1_000);
});
