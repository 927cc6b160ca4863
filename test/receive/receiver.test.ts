import { describe, expect, test } from 'vitest';
import { PlantroomError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { type GapWatch, patienceMs, watchGaps } from '../../src/receive/gap-watch.ts';
import type { Output } from '../../src/receive/output.ts';
import { createReceiver } from '../../src/receive/receiver.ts';
import { advance, type Watermark } from '../../src/receive/watermark.ts';
import type { InboxEnd, InboxOptions, OpenedInbox } from '../../src/uplink/inbox.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { alarmMessages } from './publishing.ts';

describe('a gap', () => {
  const marks = (...numbers: number[]) => {
    const mark = numbers.reduce<Watermark | undefined>(
      (before, number) => advance(before, { store: 'a', number }),
      undefined,
    );
    return new Map(mark === undefined ? [] : [['tower-a', mark]]);
  };

  test('is told once when it stays, and once when it is closed', () => {
    let watch: GapWatch = { open: new Map() };
    const look = (nowMono: number, ...numbers: number[]) => {
      const seen = watchGaps(watch, marks(...numbers), nowMono);
      watch = seen.watch;
      return seen.news;
    };
    expect(look(0, 1, 4)).toEqual([]);
    expect(look(patienceMs - 1, 1, 4)).toEqual([]);
    expect(look(patienceMs, 1, 4, 9)).toEqual([
      {
        kind: 'stays',
        gateway: 'tower-a',
        missing: [
          { from: 2, to: 3 },
          { from: 5, to: 8 },
        ],
      },
    ]);
    expect(look(2 * patienceMs, 1, 4, 9)).toEqual([]);
    expect(look(2 * patienceMs + 1, 1, 2, 3, 4)).toEqual([{ kind: 'closed', gateway: 'tower-a' }]);
    expect(look(3 * patienceMs, 1, 3)).toEqual([]);
    expect(look(3 * patienceMs + 1, 1)).toEqual([]);
  });
});

/** A broker by script: each connection is open until `end` is called. */
function scriptedInbox(clock: VirtualClock) {
  const opened: { options: InboxOptions; end: (end: InboxEnd) => void; published: [string, string][] }[] = [];
  let isTaking = true;
  return {
    opened,
    refuseConfirmations: () => {
      isTaking = false;
    },
    open: async (options: InboxOptions): Promise<OpenedInbox> => {
      const closed = Promise.withResolvers<InboxEnd>();
      const published: [string, string][] = [];
      opened.push({ options, end: closed.resolve, published });
      const inbox = {
        closed: closed.promise,
        publish: async (topic: string, payload: string) => {
          if (isTaking) published.push([topic, payload]);
          return isTaking;
        },
        close: async () => closed.resolve({ isTakeover: false, isFinal: false, reason: 'closed' }),
        destroy() {},
      };
      await clock.advance(0);
      return { kind: 'open', inbox, hadSession: true };
    },
  };
}

function rig(output: Partial<Output> = {}) {
  const clock = new VirtualClock();
  const broker = scriptedInbox(clock);
  const marks = new Map<string, Watermark>();
  const memory: Output = {
    name: 'memory',
    marks: () => marks,
    async write({ gateway, records }) {
      for (const { id } of records) {
        const number = Number(id?.split('-').at(-1));
        marks.set(gateway, advance(marks.get(gateway), { store: 'a', number }));
      }
      return { fresh: { alarm: records.length }, duplicates: 0 };
    },
    giveUpGaps: async () => {},
    close: async () => {},
    ...output,
  };
  const receiver = createReceiver({
    broker: {
      url: 'mqtt://broker',
      clientId: 'c',
      username: undefined,
      password: undefined,
      keepaliveMs: 15_000,
      sessionExpiryMs: 1,
      tls: undefined,
    },
    openInbox: broker.open,
    prefix: 'plantroom',
    gateway: '+',
    isConfirming: true,
    output: memory,
    clock,
    random: seededRandom(1),
    log: silentLog,
  });
  const quit = new AbortController();
  const running = receiver.run(quit.signal);
  running.catch(() => {});
  const connection = (index: number) => {
    const one = broker.opened[index];
    if (one === undefined) throw new Error(`there is no connection ${index}`);
    return one;
  };
  const send = (index: number, text: string) =>
    connection(index).options.onMessage('plantroom/tower-a/alarm', Buffer.from(text));
  return { clock, broker, receiver, running, quit, connection, send };
}

const lost: InboxEnd = { isTakeover: false, isFinal: false, reason: 'the network: is gone' };

describe('a receiver', () => {
  test('confirms once a second, and at once when a hundred events wait', async () => {
    const { clock, connection, send, quit, running } = rig();
    await clock.advance(10);
    const [first = '', ...rest] = alarmMessages('a', 1, 150);
    await send(0, first);
    expect(connection(0).published).toEqual([]);
    await clock.advance(1_000);
    const topic = 'plantroom/tower-a/confirm';
    expect(connection(0).published).toEqual([[topic, '{"id":"a-1"}']]);
    for (const text of rest) await send(0, text);
    await clock.advance(0);
    expect(connection(0).published.slice(1)).toEqual([[topic, '{"id":"a-101"}']]);
    quit.abort();
    await clock.advance(0);
    await running;
    // The goodbye says the rest.
    expect(connection(0).published.at(-1)).toEqual([topic, '{"id":"a-150"}']);
  });

  test('says on the next connection what it could not say on this one', async () => {
    const { clock, broker, connection, send } = rig();
    await clock.advance(10);
    for (const text of alarmMessages('a', 1, 3)) await send(0, text);
    connection(0).end(lost);
    await clock.advance(5_000);
    expect(broker.opened).toHaveLength(2);
    expect(connection(1).published).toEqual([['plantroom/tower-a/confirm', '{"id":"a-3"}']]);
  });

  test('waits longer each time that the broker does not hold it, up to half a minute', async () => {
    const { clock, broker, connection } = rig();
    const waits: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      while (broker.opened.length <= index) {
        await clock.advance(100);
        waits[index] = (waits[index] ?? 0) + 100;
      }
      connection(index).end(lost);
    }
    expect(waits.at(-1)).toBeGreaterThan(23_000);
    expect(waits.at(-1)).toBeLessThanOrEqual(30_100);
  });

  test('acknowledges nothing after the first failure of its output, and ends with it', async () => {
    let writes = 0;
    const failure = new PlantroomError('the disk is full', { kind: 'storage' });
    const { clock, connection, send, running } = rig({
      write: async () => {
        writes += 1;
        throw failure;
      },
    });
    await clock.advance(10);
    const [one = '', two = ''] = alarmMessages('a', 1, 2);
    await expect(send(0, one)).rejects.toBe(failure);
    await expect(send(0, two)).rejects.toBe(failure);
    expect(writes).toBe(1);
    connection(0).end(lost);
    await clock.advance(0);
    await expect(running).rejects.toBe(failure);
  });

  test('does not fight with another that takes its place', async () => {
    const { clock, broker, connection, running } = rig();
    await clock.advance(10);
    connection(0).end({ isTakeover: true, isFinal: false, reason: 'another client took over: give it its own' });
    await clock.advance(60_000);
    await expect(running).rejects.toMatchObject({ kind: 'busy' });
    expect(broker.opened).toHaveLength(1);
  });
});
