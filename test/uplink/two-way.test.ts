import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/model/command.ts';
import type { Link, Message } from '../../src/uplink/link.ts';
import { MqttLink } from '../../src/uplink/mqtt-link.ts';
import type { CommandAudit } from '../../src/uplink/uplink.ts';
import { createCommandMemory } from '../fakes/command-memory.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { checkMessage } from './contract.ts';
import { RealUplink } from './real-uplink.ts';
import { numberOf } from './rig.ts';

const run = promisify(execFile);
const base = 'plantroom/pump-room-1';

async function publish(port: number, topic: string, payload: string, ...args: readonly string[]): Promise<void> {
  await run('mosquitto_pub', [
    '-h',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-V',
    '5',
    '-q',
    '1',
    '-t',
    topic,
    '-m',
    payload,
    ...args,
  ]);
}

describe('a platform that confirms, over mosquitto', () => {
  test('is believed, and finds after a new connection only what it has not confirmed', async () => {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: `${base}/alarm`, clientId: 'platform' });
    await using uplink = new RealUplink(broker.port, { confirm: 'platform' });
    uplink.addAlarms(1, 50);
    await platform.waitFor(50);
    await publish(broker.port, `${base}/confirm`, '{"id": "k3m9x2-30"}', '-r');
    await waitUntil(
      () => uplink.outbox.cursor.delivered === 30,
      () => JSON.stringify(uplink.outbox.cursor),
    );
    // Another gateway's outbox, as it is after a crash: the broker still has the confirmation.
    await uplink.uplink.stop();
    const after = new RealUplink(broker.port, { confirm: 'platform' }, { outbox: uplink.outbox });
    await using _after = after;
    uplink.outbox.cursor = { sent: 50, delivered: 0 };
    await platform.waitFor(70);
    expect(platform.received.slice(50).map(numberOf)).toEqual(Array.from({ length: 20 }, (_, index) => index + 31));
  });
});

describe('a platform that commands, over mosquitto', () => {
  function commanded(port: number) {
    const ran: Command[] = [];
    const audited: CommandAudit[] = [];
    const uplink = new RealUplink(
      port,
      { commands: ['reload'] },
      {
        control: {
          run: async command => {
            ran.push(command);
            return { kind: 'done', message: 'well' };
          },
          memory: createCommandMemory(),
          audit: entry => audited.push(entry),
          isClockInDoubt: () => false,
        },
      },
    );
    return { uplink, ran, audited };
  }

  const command = (changes: Record<string, unknown> = {}) => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    return JSON.stringify({ id: 'c-1', kind: 'reload', expiresAt, ...changes });
  };

  test('is answered, once for each id; what is not listed does nothing and is audited', async () => {
    await using broker = await startMosquitto();
    await using replies = await startSubscriber({ port: broker.port, topic: `${base}/reply` });
    const { uplink, ran, audited } = commanded(broker.port);
    await using _uplink = uplink;
    await waitUntil(
      () => broker.log().includes(`${base}/command (QoS 0)`),
      () => 'it is not subscribed',
    );
    await publish(broker.port, `${base}/command`, command());
    await replies.waitFor(1);
    await publish(broker.port, `${base}/command`, command());
    await replies.waitFor(2);
    await publish(broker.port, `${base}/command`, command({ id: 'c-2', kind: 'refresh' }));
    const answers = (await replies.waitFor(3)).map(({ payload }) => {
      checkMessage(payload, 'reply');
      const { outcome, repeated } = JSON.parse(payload);
      return `${outcome} ${repeated}`;
    });
    expect(answers).toEqual(['done false', 'done true', 'refused false']);
    expect(ran).toEqual([{ kind: 'reload' }]);
    expect(audited.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual(['reload done', 'refresh refused']);
  });

  test('with a retained message, or one that is too long, is not heard, and the next command is', async () => {
    await using broker = await startMosquitto();
    await publish(broker.port, `${base}/command`, command({ id: 'old' }), '-r');
    await using replies = await startSubscriber({ port: broker.port, topic: `${base}/reply` });
    const { uplink, ran } = commanded(broker.port);
    await using _uplink = uplink;
    await waitUntil(
      () => broker.log().includes(`${base}/command (QoS 0)`),
      () => 'it is not subscribed',
    );
    await publish(broker.port, `${base}/command`, command({ id: 'long', more: 'x'.repeat(5_000) }));
    // mosquitto would go on waiting for an acknowledgement of each message that it dropped for its length.
    for (let index = 0; index < 25; index += 1) {
      await publish(broker.port, `${base}/command`, command({ id: 'huge', more: 'x'.repeat(100_000) }));
    }
    await publish(broker.port, `${base}/command`, command({ id: 'new' }));
    const [first] = await replies.waitFor(1);
    expect(JSON.parse(first?.payload ?? '').command).toBe('new');
    expect(ran).toHaveLength(1);
    expect(uplink.uplink.figures().ignored).toBe(1);
  });

  test('that the access list does not let us hear is said, and alarms go out all the same', async () => {
    const acl = [`topic deny ${base}/command`, 'topic readwrite plantroom/#'];
    await using broker = await startMosquitto({ acl });
    await using platform = await startSubscriber({ port: broker.port, topic: `${base}/alarm` });
    const { uplink } = commanded(broker.port);
    await using _uplink = uplink;
    uplink.addAlarms(1, 2);
    await platform.waitFor(2);
    // mosquitto grants the subscription and passes nothing on: it does not say so.
    expect(uplink.uplink.figures().state).toBe('connected');
  });
});

describe('QoS 0, for formats that want it', () => {
  const message = (index: number): Message => ({
    topic: 'data',
    payload: Buffer.from([index >> 8, index & 0xff]),
    contentType: undefined,
    qos: 0,
    isRetained: false,
  });

  async function open(port: number): Promise<Link> {
    const will = { ...message(0), topic: 'will' };
    const opened = await MqttLink.open(
      {
        url: `mqtt://127.0.0.1:${port}`,
        clientId: 'c',
        username: undefined,
        password: undefined,
        keepaliveMs: 12_000,
        tls: undefined,
        will,
        onMessage: () => {},
      },
      new AbortController().signal,
    );
    if (opened.kind !== 'open') throw new Error(JSON.stringify(opened.failure));
    return opened.link;
  }

  test('is acknowledged once the broker has it: by its answer to a ping that goes behind', async () => {
    await using broker = await startMosquitto();
    const link = await open(broker.port);
    const codes = await Promise.all(Array.from({ length: 500 }, (_, index) => link.publish(message(index))));
    expect(new Set(codes)).toEqual(new Set([0]));
    const taken = () => broker.log().match(/Received PUBLISH from c /g)?.length ?? 0;
    expect(taken()).toBe(500);
    // One ping stands for many.
    expect(broker.log().match(/Received PINGREQ from c/g)?.length).toBeLessThan(100);
    link.destroy();
    expect(await link.publish(message(1))).toBeUndefined();
  });

  test('is not acknowledged when the broker is gone before', async () => {
    await using broker = await startMosquitto();
    const link = await open(broker.port);
    await broker.kill();
    expect(await link.publish(message(1))).toBeUndefined();
  });
});
