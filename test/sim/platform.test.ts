import { describe, expect, test } from 'vitest';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { createPlatform } from '../../src/sim/platform.ts';
import { encodeAlarm, encodeStatus } from '../../src/uplink/payload.ts';
import { encodeSummaries } from '../../src/uplink/summary-payload.ts';
import { phaseAfter, plainEvent } from '../fakes/alarm-parts.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const startMs = Date.UTC(2026, 0, 1);

function alarmEvent(parts: Partial<AlarmEvent> = {}): AlarmEvent {
  return {
    number: 1,
    id: 'store-1',
    kind: 'raised',
    alarm: 'booster/pipe-burst',
    occurrence: 'store-1',
    rule: 'rate',
    priority: 'urgent',
    message: 'a pipe may have burst',
    device: 'booster',
    deviceName: 'Booster set',
    point: 'outlet-pressure',
    pointName: 'Outlet pressure',
    value: 2.5,
    state: undefined,
    unit: 'bar/s',
    limit: 0.2,
    ...plainEvent,
    phase: phaseAfter(parts.kind ?? 'raised'),
    sampledAt: startMs,
    detectedAt: startMs,
    stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
    ...parts,
  };
}

const send = (parts: Partial<AlarmEvent> = {}) => Buffer.from(encodeAlarm(alarmEvent(parts), 'demo'));

describe('the platform of the demo', () => {
  test('reads what the uplink writes, and measures from the sample to the arrival', () => {
    const platform = createPlatform(new VirtualClock(startMs + 42), 10);
    expect(platform.receive('plantroom/demo/alarm', send())).toEqual({
      id: 'store-1',
      kind: 'raised',
      alarm: 'booster/pipe-burst',
      priority: 'urgent',
      message: 'a pipe may have burst',
      value: 2.5,
      state: undefined,
      unit: 'bar/s',
      receivedAt: startMs + 42,
      latencyMs: 42,
    });
  });

  test('shows an event once, however often it comes', () => {
    const platform = createPlatform(new VirtualClock(), 10);
    for (const payload of [send(), send(), send({ id: 'store-2', kind: 'returned' }), send()])
      platform.receive('t', payload);
    expect(platform.alarms.map(alarm => alarm.kind)).toEqual(['raised', 'returned']);
    expect(platform.counts).toEqual({ alarms: 2, summaries: 0, duplicates: 2, foreign: 0 });
  });

  test('keeps the newest, and counts all', () => {
    const platform = createPlatform(new VirtualClock(), 3);
    for (let number = 0; number < 30_000; number += 1) platform.receive('t', send({ id: `store-${number}` }));
    expect(platform.alarms.map(alarm => alarm.id)).toEqual(['store-29997', 'store-29998', 'store-29999']);
    expect(platform.counts.alarms).toBe(30_000);
  });

  test('counts summaries, and knows whether the gateway is there', () => {
    const platform = createPlatform(new VirtualClock(), 3);
    const gateway = { id: 'demo', name: 'Demo' };
    const status = (reason: 'connected' | 'lost') =>
      Buffer.from(encodeStatus({ id: 'birth', gateway, version: '1', reason, at: startMs }));
    const window = {
      span: '1min' as const,
      windowStart: startMs,
      windowEnd: startMs + 60_000,
      clock: 'synchronised' as const,
    };
    expect(platform.isGatewayOnline).toBeUndefined();
    platform.receive('s', status('connected'));
    expect(platform.isGatewayOnline).toBe(true);
    const rows = [1, 2, 3].map(number => ({
      number,
      record: { id: `s-${number}`, device: 'booster', ...window, points: [] },
    }));
    const how = { gatewayId: 'demo', span: '1min' as const, isHistorical: false, longestBytes: 1_000 };
    for (const { payloads } of encodeSummaries(rows, how)) {
      for (const text of payloads) platform.receive('s', Buffer.from(text));
    }
    platform.receive('s', status('lost'));
    expect(platform.isGatewayOnline).toBe(false);
    expect(platform.counts).toEqual({ alarms: 0, summaries: 3, duplicates: 0, foreign: 0 });
  });

  test.each([
    '',
    'hello',
    'null',
    '[]',
    '{"id":1,"type":"plantroom.alarm.raised","data":{}}',
    '{"id":"a","type":"plantroom.alarm.raised","data":{}}',
    '{"id":"a","type":"plantroom.alarm.exploded","data":{"alarm":"x","priority":"low","sampledAt":"2026-01-01"}}',
    '{"id":"a","type":"somebody.else","data":{}}',
  ])('counts %s as foreign, and shows nothing', text => {
    const platform = createPlatform(new VirtualClock(), 3);
    expect(platform.receive('t', Buffer.from(text))).toBeUndefined();
    expect(platform.counts.foreign).toBe(1);
  });
});
