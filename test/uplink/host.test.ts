import { describe, expect, test } from 'vitest';
import type { UplinkSettings } from '../../src/model/site.ts';
import type { Format, Heard, Session } from '../../src/uplink/format.ts';
import type { Message } from '../../src/uplink/link.ts';
import { settle } from '../fakes/virtual-clock.ts';
import { Rig } from './rig.ts';
import { settingsFor } from './samples.ts';

/** A format that waits for its host and counts its messages, as Sparkplug does, with words that a test can read. */
function countingFormat(): Format {
  const say = (topic: string, payload: string): Message => ({
    topic,
    payload: Buffer.from(payload),
    contentType: undefined,
    qos: 0,
    isRetained: false,
  });
  let sessions = 0;
  return {
    openSession(): Session {
      sessions += 1;
      let sequence = 0;
      return {
        will: say('death', `${sessions}`),
        subscriptions: [{ topic: 'host', wantsRetained: true }],
        waitsForHost: true,
        birth: () => [say('birth', 'node'), say('birth', 'device')],
        goodbye: () => [say('death', `${sessions}`)],
        alarm: event => [say('data', `alarm ${event.number}`)],
        standing: () => [],
        summaries: rows =>
          rows.map(row => ({ numbers: [row.number], messages: [say('data', `summary ${row.number}`)] })),
        reply: () => undefined,
        seal(message) {
          const sealed = { ...message, payload: `${message.payload} #${sequence}` };
          sequence += 1;
          return [sealed];
        },
        hear({ topic, payload }): Heard {
          const text = Buffer.from(payload).toString();
          if (topic === 'rebirth') return { kind: 'rebirth', delayMs: 0 };
          return { kind: 'host', isOnline: text === 'online' };
        },
      };
    },
  };
}

async function start(changes: Partial<UplinkSettings> = {}): Promise<Rig> {
  const rig = new Rig(changes, { format: countingFormat() });
  rig.addAlarms(2);
  rig.addSummaries(2);
  rig.uplink.start();
  await settle();
  rig.broker.admit();
  await settle();
  return rig;
}

async function hear(rig: Rig, text: string, topic = 'host'): Promise<void> {
  rig.broker.pass(topic, text);
  await settle();
}

const said = (rig: Rig) => rig.broker.published.map(({ topic, payload }) => `${topic}: ${payload}`);
const two = { urls: ['mqtt://one', 'mqtt://two'] };

describe('a format that waits for its host', () => {
  test('says nothing before the host is there, and then its birth before anything else, counted', async () => {
    const rig = await start();
    await rig.clock.advance(3_600_000);
    expect(said(rig)).toEqual([]);
    expect(rig.uplink.figures()).toMatchObject({ state: 'connected' });
    expect(rig.uplink.figures().lastFailure).toContain('the host that the data is for is not on line');
    await hear(rig, 'online');
    await rig.answerAll();
    expect(said(rig)).toEqual([
      'birth: node #0',
      'birth: device #1',
      'data: alarm 1 #2',
      'data: alarm 2 #3',
      'data: summary 1 #4',
      'data: summary 2 #5',
    ]);
    expect(rig.outbox.isEmpty).toBe(true);
    expect(rig.uplink.figures().lastFailure).toBeNull();
  });

  test('says its birth again when it is asked to', async () => {
    const rig = await start();
    await hear(rig, 'again', 'rebirth');
    expect(said(rig)).toEqual([]);
    await hear(rig, 'online');
    await rig.answerAll();
    await hear(rig, 'again', 'rebirth');
    await rig.answerAll();
    expect(said(rig).slice(-2)).toEqual(['birth: node #6', 'birth: device #7']);
  });

  test('leaves with a goodbye when the host goes, keeps what is new, and begins anew', async () => {
    const rig = await start();
    await hear(rig, 'online');
    await rig.answerAll();
    await hear(rig, 'offline');
    await rig.answerAll();
    expect(said(rig).at(-1)).toBe('death: 1 #6');
    expect(rig.broker.isConnected).toBe(false);
    expect(rig.uplink.figures().lastFailure).toContain('is not on line at 127.0.0.1:1883');
    rig.addAlarms(1);
    await rig.clock.advance(1_000);
    rig.broker.admit();
    await hear(rig, 'online');
    await rig.answerAll();
    expect(said(rig).slice(-3)).toEqual(['birth: node #0', 'birth: device #1', 'data: alarm 3 #2']);
  });

  test.each(['offline', 'nothing'])('tries the next broker when the host is not at the first (%s)', async what => {
    const rig = await start(settingsFor(0, two));
    if (what === 'offline') await hear(rig, 'offline');
    else await rig.clock.advance(30_000);
    expect(rig.broker.isConnected).toBe(false);
    await rig.clock.advance(200);
    expect(rig.broker.attempts.map(({ url }) => url)).toEqual(two.urls);
    rig.broker.admit();
    await hear(rig, 'online');
    await rig.answerAll();
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('is stopped within a second while it waits, and leaves no timer', async () => {
    const rig = await start(settingsFor(0, two));
    const stopped = rig.uplink.stop();
    await rig.clock.advance(1_000);
    await stopped;
    expect(said(rig)).toEqual([]);
    expect(rig.broker.goodbyes).toBe(1);
    expect(rig.clock.pending).toBe(0);
  });
});
