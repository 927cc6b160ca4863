import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import asyncApi from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type AlarmEvent, type AlarmState, alarmPhases, eventKinds, priorities } from '../../src/model/alarm.ts';
import type { SummaryRecord } from '../../src/model/summary.ts';
import { clockQualities } from '../../src/model/time.ts';
import { createNativeFormat } from '../../src/uplink/native-format.ts';
import { encodeAlarm, encodeReply, encodeStanding } from '../../src/uplink/payload.ts';
import { encodeSummaries } from '../../src/uplink/summary-payload.ts';
import { topicsOf } from '../../src/uplink/topic.ts';
import { standingState } from '../fakes/alarm-parts.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { checkMessage, readSchema, schemaOf } from './contract.ts';
import { RealUplink } from './real-uplink.ts';
import { alarmEvent, gateway, settingsFor, summaryRecord } from './samples.ts';

const page = readFileSync('docs/mqtt.md', 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, named]) => named === language)
    .map(([, , body]) => body ?? '');
}

interface AsyncDocument {
  readonly channels: Readonly<Record<string, { readonly address: string }>>;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly action: string;
        readonly channel: { readonly $ref: string };
        readonly bindings: { readonly mqtt: { readonly qos: number; readonly retain: boolean } };
      }
    >
  >;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly contentType: string; readonly payload: { readonly schema: { readonly $ref: string } } }>
    >;
  };
}

describe('docs/mqtt.md', () => {
  const examples = blocks('json');
  const exampleOf = (type: string) => examples.find(example => JSON.parse(example).type === type) ?? '';
  /** The keys in their order, without the values. */
  const keys = (json: string) => JSON.stringify(JSON.parse(json), (_, value) => (Object(value) === value ? value : 0));

  test('has an example of each kind of message', () => {
    const kinds = examples.map(example => JSON.parse(example).type).sort();
    expect(kinds).toEqual([
      'plantroom.alarm.raised',
      'plantroom.alarm.returned',
      'plantroom.alarms.standing',
      'plantroom.status',
      'plantroom.summaries',
    ]);
  });

  test.each(examples)('shows a message that the schema takes: %s', example => checkMessage(example));

  test.each(['confirm', 'command', 'reply'] as const)('shows a %s that the schema takes', name => {
    const [example = ''] = blocks(`json ${name}`);
    checkMessage(example, name);
  });

  test('shows an alarm just as the gateway writes it, to the last character', () => {
    const at = Date.UTC(2026, 4, 12, 6, 0, 1);
    const stamp = {
      clock: 'synchronised' as const,
      bootId: '7c2f2a0e-5f0c-4d1c-9d4d-2f2f5f3d8a11',
      bootMs: 86_400_001.4,
    };
    const event = alarmEvent(4_711, { sampledAt: at, detectedAt: at + 1, stamp });
    expect(JSON.stringify(JSON.parse(exampleOf('plantroom.alarm.raised')))).toBe(encodeAlarm(event, gateway.id));
  });

  test('shows summaries, standing alarms and replies key by key as the gateway writes them', () => {
    const example = JSON.parse(exampleOf('plantroom.summaries'));
    const rows = example.data.summaries.map((record: SummaryRecord, index: number) => {
      const { windowStart, windowEnd } = record;
      const window = { windowStart: Date.parse(`${windowStart}`), windowEnd: Date.parse(`${windowEnd}`) };
      return { number: index, record: { ...record, ...window, span: '1min' as const } };
    });
    const how = { gatewayId: gateway.id, span: '1min' as const, isHistorical: false, longestBytes: 16_384 };
    expect(JSON.stringify(example)).toBe(encodeSummaries(rows, how)[0]?.payloads[0]);
    const standing = JSON.parse(exampleOf('plantroom.alarms.standing'));
    const alarms = standing.data.alarms.map((state: AlarmState) => ({
      ...standingState,
      ...state,
      raisedAt: Date.parse(`${state.raisedAt}`),
      acknowledged: undefined,
      progress: {},
    }));
    const written = encodeStanding({ ...standing.data, alarms, at: Date.parse(standing.time) }, gateway.id, 16_384);
    expect([JSON.stringify(standing)]).toEqual(written);
    const [reply = ''] = blocks('json reply');
    const refused = { kind: 'refused' as const, message: 'no', details: ['because'] };
    const answer = encodeReply({ command: 'c', kind: 'reload', reply: refused, isRepeated: false });
    expect(keys(reply)).toBe(keys(answer));
  });

  test('shows a mosquitto configuration and an access list that mosquitto takes', async () => {
    const [config = '', acl = ''] = blocks('');
    const lines = config.split('\n').filter(line => /^(persistence true|autosave|max_queued|set_tcp)/.test(line));
    expect(lines).toHaveLength(5);
    await using broker = await startMosquitto({
      account: [gateway.id, 'platform'].map(username => ({ username, password: 'secret' })),
      acl: acl.split('\n'),
      // The fake has persistence and its queue limit already.
      config: lines.filter(line => /^(autosave|set_tcp)/.test(line)),
    });
    const account = ['-u', 'platform', '-P', 'secret'];
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/+/alarm', args: account });
    const settings = { username: gateway.id, confirm: 'platform', commands: ['reload'] } as const;
    await using uplink = new RealUplink(broker.port, settings, { password: () => 'secret' });
    uplink.addAlarms(1, 3);
    uplink.addSummaries(1, 1);
    await platform.waitFor(3);
    const [confirmation = ''] = blocks('json confirm');
    const confirmed = confirmation.replace(/-\d+/, '-3');
    const topic = `plantroom/${gateway.id}/confirm`;
    spawnSync('mosquitto_pub', ['-p', `${broker.port}`, ...account, '-V', '5', '-t', topic, '-m', confirmed]);
    await waitUntil(
      () => uplink.outbox.cursor.delivered === 3 && uplink.outbox.isEmpty,
      () => `${JSON.stringify(uplink.uplink.figures())}\n${broker.log()}`,
    );
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
  test('know every priority, clock quality, rule and transition of the model', () => {
    const schema = JSON.stringify(readSchema('alarm'));
    for (const known of [...priorities, ...clockQualities]) expect(schema).toContain(`"${known}"`);
    const rules: Record<AlarmEvent['rule'], true> = {
      limit: true,
      rate: true,
      state: true,
      spread: true,
      stale: true,
      deviation: true,
      crossings: true,
      mismatch: true,
      frozen: true,
      communication: true,
      'counter-rate': true,
      duration: true,
      missing: true,
      band: true,
      forecast: true,
      'bus-communication': true,
      flood: true,
      suppression: true,
    };
    for (const rule of Object.keys(rules)) expect(schema).toContain(`"${rule}"`);
    for (const phase of alarmPhases) expect(schema).toContain(`"${phase}"`);
    for (const kind of eventKinds) expect(schema).toContain(`"plantroom.alarm.${kind}"`);
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
  // Birth, alarms, standing alarms, summaries in several parts, goodbye.
  const received = await subscriber.waitFor(9);
  for (const { payload } of received) checkMessage(payload);
  for (const { topic, payload } of received) {
    expect(topic).toBe(`plantroom/pump-room-1/${schemaOf(JSON.parse(payload)).replace('summaries', 'summary')}`);
  }
});

describe('docs/asyncapi.yaml', () => {
  const document: AsyncDocument = parse(readFileSync('docs/asyncapi.yaml', 'utf8'));

  test('is a valid AsyncAPI 3.0 document', () => {
    // The document brings the schema of schemas along.
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false });
    const validate = ajv.compile(asyncApi.schemas['3.0.0']);
    const isValid = validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(isValid).toBe(true);
    const broken = { ...document, operations: { sendAlarm: { action: 'shout' } } };
    expect(validate(broken)).toBe(false);
  });

  test('has the channels of the code, and the schemas that are there', () => {
    const addresses = Object.values(document.channels).map(({ address }) => address);
    expect(addresses.sort()).toEqual(Object.values(topicsOf('{prefix}', '{gateway}')).sort());
    const schemas = Object.values(document.components.messages).map(({ payload }) => payload.schema.$ref);
    const files = readdirSync('docs/schemas').map(file => `schemas/${file}`);
    expect(schemas.sort()).toEqual(files.sort());
  });

  test('says of each message what the gateway does: who sends it, with which content type, and whether it is retained', () => {
    const settings = settingsFor(1883, { confirm: 'platform', commands: ['reload'] });
    const wallMs = () => 0;
    const session = createNativeFormat({ settings, gateway, version: '0.1.0', wallMs, newId: () => 'x' }).openSession();
    const rows = [{ number: 1, record: summaryRecord(1) }];
    const [summaries] = session.summaries(rows, { longestBytes: 16_384, isHistorical: false });
    const sent = [
      ...session.birth(),
      ...session.alarm(alarmEvent(1)),
      ...session.standing({ asOf: 1, alarms: [] }, 16_384),
      ...(summaries?.messages ?? []),
      session.reply('{}'),
    ].flatMap(message => (message ? [message] : []));
    const told = sent.map(({ topic, contentType, qos, isRetained }) =>
      [topic.split('/').at(-1), 'send', contentType, qos, isRetained].join(' '),
    );
    const written = Object.values(document.operations).map(({ action, channel, bindings }) => {
      const name = channel.$ref.split('/').at(-1) ?? '';
      const type = document.components.messages[name]?.contentType;
      return [name, action, type, bindings.mqtt.qos, bindings.mqtt.retain].join(' ');
    });
    expect(written.filter(line => line.includes(' send ')).sort()).toEqual(told.sort());
    const heard = session.subscriptions.map(({ topic }) => topic.split('/').at(-1));
    expect(written.filter(line => line.includes(' receive ')).map(line => line.split(' ')[0])).toEqual(heard);
  });
});
