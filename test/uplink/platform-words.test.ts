import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/model/command.ts';
import { createCommandMemory } from '../fakes/command-memory.ts';
import { settle } from '../fakes/virtual-clock.ts';
import { numberOf, Rig } from './rig.ts';

const confirmTopic = 'plantroom/pump-room-1/confirm';
const commandTopic = 'plantroom/pump-room-1/command';

async function confirm(rig: Rig, number: number): Promise<void> {
  rig.broker.pass(confirmTopic, JSON.stringify({ id: `k3m9x2-${number}` }));
  await settle();
}

async function comeBack(rig: Rig): Promise<void> {
  rig.broker.cut();
  await rig.clock.advance(1_000);
  await rig.admit();
}

describe('a platform that confirms', () => {
  test('moves what is delivered, and nothing else does', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(5), { confirm: 'platform' });
    await rig.answerAll();
    expect(rig.outbox.cursor).toEqual({ sent: 5, delivered: 0 });
    await confirm(rig, 3);
    expect(rig.outbox.cursor).toEqual({ sent: 5, delivered: 3 });
    expect(rig.uplink.figures().cursor).toEqual({ sent: 5, delivered: 3 });
    await confirm(rig, 2);
    expect(rig.outbox.cursor.delivered).toBe(3);
  });

  test('gets on the next connection what it has not confirmed, and then what is new', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(5), { confirm: 'platform' });
    await rig.answerAll();
    await confirm(rig, 3);
    rig.addAlarms(1);
    await comeBack(rig);
    await rig.answerAll();
    expect(rig.published('alarm').slice(5).map(numberOf)).toEqual([4, 5, 6]);
  });

  test('may leave its confirmation at the broker, and is spared what it has', async () => {
    const rig = new Rig({ confirm: 'platform' });
    rig.outbox.cursor = { sent: 9, delivered: 2 };
    rig.addAlarms(10);
    const payload = Buffer.from(JSON.stringify({ id: 'k3m9x2-7' }));
    rig.broker.retained.push({ topic: confirmTopic, payload, isRetained: true });
    await rig.start();
    await rig.answerAll();
    expect(rig.published('alarm').map(numberOf)).toEqual([8, 9, 10]);
    expect(rig.outbox.cursor).toEqual({ sent: 10, delivered: 7 });
  });

  test('and then says nothing for 30 s is sent the oldest again, with growing pauses, and it is told', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2), { confirm: 'platform' });
    await rig.answerAll();
    for (const pauseMs of [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
      const before = rig.published('alarm').length;
      await rig.clock.advance(pauseMs - 1);
      expect(rig.published('alarm')).toHaveLength(before);
      await rig.clock.advance(1);
      await rig.answerAll();
      expect(rig.published('alarm').slice(before).map(numberOf)).toEqual([1, 2]);
    }
    expect(rig.uplink.figures().lastFailure).toContain('the platform does not confirm the alarm events it was sent');
    expect(rig.lines.filter(line => line.includes('does not confirm'))).toHaveLength(1);
    await confirm(rig, 2);
    expect(rig.uplink.figures().lastFailure).toBeNull();
    const before = rig.published('alarm').length;
    await rig.clock.advance(3_600_000);
    expect(rig.published('alarm')).toHaveLength(before);
  });

  test('is sent at most a hundred again at a time, and new alarms behind them', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(500), { confirm: 'platform' });
    await rig.answerAll();
    await rig.clock.advance(30_000);
    rig.addAlarms(1);
    await rig.answerAll();
    const again = rig.published('alarm').slice(500).map(numberOf);
    expect(again).toEqual([...Array.from({ length: 100 }, (_, index) => index + 1), 501]);
    expect(rig.outbox.cursor).toEqual({ sent: 501, delivered: 0 });
  });

  test.each([
    ['another gateway’s event', JSON.stringify({ id: 'other-2' })],
    ['an event of the future', JSON.stringify({ id: 'k3m9x2-99' })],
    ['a number that no event has', JSON.stringify({ id: 'k3m9x2-0' })],
    ['no id', '{"number": 2}'],
    ['no JSON', 'k3m9x2-2'],
    ['nothing', ''],
    ['far too much', JSON.stringify({ id: 'k3m9x2-2', more: 'x'.repeat(600) })],
  ])('with %s changes nothing, is counted, and said once', async (_, payload) => {
    const rig = await Rig.connected(rig => rig.addAlarms(3), { confirm: 'platform' });
    await rig.answerAll();
    for (let round = 0; round < 3; round += 1) {
      rig.broker.pass(confirmTopic, payload);
      await settle();
    }
    expect(rig.outbox.cursor.delivered).toBe(0);
    expect(rig.uplink.figures().ignored).toBe(3);
    expect(rig.lines.filter(line => line.includes('was ignored'))).toHaveLength(1);
  });

  test('of an event that the store cannot look up now is heard the next time', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(3), { confirm: 'platform' });
    await rig.answerAll();
    rig.outbox.readAlarms = () => Promise.reject(new Error('disk I/O error'));
    await confirm(rig, 3);
    expect(rig.outbox.cursor.delivered).toBe(0);
    Reflect.deleteProperty(rig.outbox, 'readAlarms');
    await confirm(rig, 3);
    expect(rig.outbox.cursor.delivered).toBe(3);
  });

  test('is not listened to where the broker’s word is enough', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(1));
    expect(rig.broker.subscriptions).toEqual([]);
  });
});

describe('a platform that commands', () => {
  async function commanded() {
    const ran: Command[] = [];
    const rig = new Rig(
      { commands: ['refresh', 'reload'] },
      {
        control: {
          run: async command => {
            ran.push(command);
            if (command.kind === 'refresh') rig.uplink.refresh();
            return { kind: 'done', message: 'well' };
          },
          memory: createCommandMemory(),
          audit: () => {},
          isClockInDoubt: () => false,
        },
      },
    );
    await rig.start();
    await rig.answerAll();
    const send = async (changes: Record<string, unknown> = {}, isRetained = false) => {
      const expiresAt = new Date(rig.clock.wallMs() + 60_000).toISOString();
      rig.broker.pass(commandTopic, JSON.stringify({ id: 'c-1', kind: 'refresh', expiresAt, ...changes }), isRetained);
      await settle();
    };
    return { rig, ran, send };
  }

  test('is heard on the command topic and answered on the reply topic, before anything else that waits', async () => {
    const { rig, ran, send } = await commanded();
    expect(rig.broker.subscriptions).toEqual([{ topic: commandTopic, wantsRetained: false }]);
    rig.addAlarms(3);
    await settle();
    await send();
    expect(ran).toEqual([{ kind: 'refresh' }]);
    const [reply] = rig.published('reply');
    expect(JSON.parse(reply?.payload ?? '')).toMatchObject({ command: 'c-1', outcome: 'done' });
    await rig.answerAll();
    expect(rig.published('standing')).toHaveLength(2);
  });

  test('with a retained message is not heard: it would come again at each connection', async () => {
    const { rig, ran, send } = await commanded();
    await send({}, true);
    expect(ran).toEqual([]);
    expect(rig.published('reply')).toEqual([]);
    expect(rig.lines.join()).toContain('a command was retained at the broker');
  });

  test('with more than 4 KiB is not heard', async () => {
    const { rig, ran, send } = await commanded();
    await send({ more: 'x'.repeat(4_096) });
    expect(ran).toEqual([]);
    expect(rig.lines.join()).toContain('longer than 4096 bytes');
  });
});
