import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type AlarmEvent, priorities } from '../../src/model/alarm.ts';
import { encodeAlarm, encodeSummary } from '../../src/uplink/payload.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { checkMessage, readSchema, schemaOf } from './contract.ts';
import { RealUplink } from './real-uplink.ts';
import { alarmEvent, gateway, summaryRecord } from './samples.ts';

const page = readFileSync('docs/mqtt.md', 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, named]) => named === language)
    .map(([, , body]) => body ?? '');
}

describe('docs/mqtt.md', () => {
  const examples = blocks('json');

  test('has an example of each kind of message', () => {
    const kinds = examples.map(example => JSON.parse(example).type).sort();
    expect(kinds).toEqual([
      'plantroom.alarm.raised',
      'plantroom.alarm.returned',
      'plantroom.status',
      'plantroom.summary',
    ]);
  });

  test.each(examples)('shows a message that the schema takes: %s', example => checkMessage(example));

  test('shows alarm and summary just as the gateway writes them, key by key', () => {
    const raised = examples.find(example => example.includes('alarm.raised')) ?? '';
    const written = encodeAlarm(
      alarmEvent(4_711, { sampledAt: Date.UTC(2026, 4, 12, 6, 0, 1), detectedAt: Date.UTC(2026, 4, 12, 6, 0, 1, 1) }),
      gateway.id,
    );
    expect(JSON.stringify(JSON.parse(raised))).toBe(written);
    const summary = examples.find(example => example.includes('plantroom.summary')) ?? '';
    const [payload] = encodeSummary(summaryRecord(0), gateway.id, 10_000);
    const keys = (json: string) =>
      JSON.stringify(JSON.parse(json), (_, value) => (Object(value) === value ? value : 0));
    expect(keys(summary)).toBe(keys(payload ?? ''));
  });

  test('shows a mosquitto configuration and an access list that mosquitto takes', async () => {
    const [config = '', acl = ''] = blocks('');
    const settings = config.split('\n').filter(line => /^(persistence true|autosave|max_queued)/.test(line));
    expect(settings).toHaveLength(4);
    await using broker = await startMosquitto({
      account: { username: gateway.id, password: 'secret' },
      acl: acl.split('\n'),
      // The fake has persistence and its queue limit already.
      config: settings.filter(line => line.startsWith('autosave')),
    });
    await using uplink = new RealUplink(broker.port, { username: gateway.id }, { password: () => 'secret' });
    uplink.addAlarms(1, 3);
    uplink.addSummaries(1, 1);
    await uplink.waitUntilEmpty();
    await using stranger = new RealUplink(
      broker.port,
      { username: gateway.id, clientId: 'stranger' },
      { password: () => 'secret', gateway: { id: 'another-room', name: 'Another room' } },
    );
    stranger.addAlarms(1, 1);
    await stranger.waitForFailure('0x87 not authorised');
  });
});

describe('the schemas', () => {
  test('know every priority, rule and transition of the model', () => {
    const schema = JSON.stringify(readSchema('alarm'));
    for (const priority of priorities) expect(schema).toContain(`"${priority}"`);
    const rules: Record<AlarmEvent['rule'], true> = {
      limit: true,
      rate: true,
      state: true,
      communication: true,
      'bus-communication': true,
    };
    for (const rule of Object.keys(rules)) expect(schema).toContain(`"${rule}"`);
    const kinds: Record<AlarmEvent['kind'], true> = { raised: true, returned: true, removed: true };
    for (const kind of Object.keys(kinds)) expect(schema).toContain(`"plantroom.alarm.${kind}"`);
  });

  test.each([
    ['no id', { id: undefined }],
    ['a time without milliseconds', { time: '2026-05-12T06:00:01Z' }],
    ['a time that is none', { time: '2026-13-40T06:00:01.000Z' }],
    ['an unknown transition', { type: 'plantroom.alarm.cleared' }],
    ['an unlisted key', { surprise: 1 }],
    ['another CloudEvents version', { specversion: '0.3' }],
  ])('refuse an alarm with %s', (_, change) => {
    const message = { ...JSON.parse(encodeAlarm(alarmEvent(1), gateway.id)), ...change };
    expect(() => checkMessage(JSON.stringify(message))).toThrow('no valid alarm');
  });

  test.each([
    ['no number', { number: undefined }],
    ['a text as its value', { value: '2.9' }],
    ['an unknown priority', { priority: 'critical' }],
    ['an unlisted key', { surprise: 1 }],
  ])('refuse an alarm whose data has %s', (_, change) => {
    const message = JSON.parse(encodeAlarm(alarmEvent(1), gateway.id));
    expect(() => checkMessage(JSON.stringify({ ...message, data: { ...message.data, ...change } }))).toThrow(
      'no valid',
    );
  });
});

test('every message that mosquitto_sub prints is valid', async () => {
  await using broker = await startMosquitto();
  await using subscriber = await startSubscriber({ port: broker.port, topic: '#' });
  const uplink = new RealUplink(broker.port);
  uplink.addAlarms(1, 4);
  uplink.addSummaries(1, 1, 200);
  await uplink.waitUntilEmpty();
  await uplink.uplink.stop();
  const received = await subscriber.waitFor(8);
  for (const { payload } of received) checkMessage(payload);
  const kinds = received.map(({ topic, payload }) => [topic, `plantroom/pump-room-1/${schemaOf(JSON.parse(payload))}`]);
  for (const [topic, expected] of kinds) expect(topic).toBe(expected);
});
