import { describe, expect, test } from 'vitest';
import type { AlarmState } from '../../src/model/alarm.ts';
import { standingState } from '../fakes/alarm-parts.ts';
import { settle } from '../fakes/virtual-clock.ts';
import { idOf, numberOf, Rig, recordIdsOf } from './rig.ts';
import { alarmEvent } from './samples.ts';
import { readMessage } from './scripted-link.ts';

const noMessage = { topic: '', payload: new Uint8Array(), contentType: undefined, qos: 1 as const, isRetained: false };

describe('a connection', () => {
  test('begins with a retained birth message and leaves a retained will', async () => {
    const rig = new Rig();
    rig.uplink.start();
    await settle();
    const [attempt] = rig.broker.attempts;
    expect(attempt).toMatchObject({ clientId: 'pump-room-1', password: 'secret' });
    expect(attempt?.will).toMatchObject({ topic: 'plantroom/pump-room-1/status', isRetained: true });
    expect(JSON.parse(readMessage(attempt?.will ?? noMessage).payload).data).toMatchObject({
      online: false,
      reason: 'lost',
    });
    rig.broker.admit();
    await settle();
    const [birth] = rig.broker.published;
    expect(birth).toMatchObject({ topic: 'plantroom/pump-room-1/status', isRetained: true });
    expect(JSON.parse(birth?.payload ?? '').data).toMatchObject({ online: true, reason: 'connected' });
    expect(rig.uplink.figures()).toMatchObject({ state: 'connected', url: 'mqtt://127.0.0.1:1883', lastFailure: null });
  });

  test('that is refused again and again is tried at most every 30 s, and logged once', async () => {
    const rig = new Rig();
    rig.uplink.start();
    const attemptsAt: number[] = [];
    for (let minute = 0; minute < 600; minute += 1) {
      await rig.clock.advance(1_000);
      if (!rig.broker.isAsked) continue;
      attemptsAt.push(rig.clock.monoMs());
      expect(rig.uplink.figures().state).toBe('connecting');
      rig.broker.turnAway();
      await settle();
      expect(rig.uplink.figures().state).toBe('waiting');
    }
    const gaps = attemptsAt.slice(1).map((at, index) => at - (attemptsAt[index] ?? 0));
    for (const [index, longestMs] of [1_000, 2_000, 4_000, 8_000, 16_000].entries()) {
      expect(gaps[index]).toBeGreaterThanOrEqual(0.75 * longestMs);
      expect(gaps[index]).toBeLessThanOrEqual(longestMs);
    }
    expect(Math.min(...gaps.slice(5))).toBeGreaterThanOrEqual(24_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    expect(rig.lines).toEqual([expect.stringContaining('nothing answers at 127.0.0.1:1883')]);
  });

  test('that is never answered is given up after 15 s, in plain words', async () => {
    const rig = new Rig();
    rig.uplink.start();
    await rig.clock.advance(15_000);
    expect(rig.uplink.figures()).toMatchObject({ state: 'waiting' });
    expect(rig.uplink.figures().lastFailure).toContain('did not let us in within 15 s');
  });

  test('that stood for a while is tried again soon, one that flaps is not', async () => {
    const rig = await Rig.connected();
    await rig.answerAll();
    await rig.clock.advance(30_000);
    rig.broker.cut();
    await rig.clock.advance(1_000);
    expect(rig.broker.isAsked).toBe(true);
    for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      rig.broker.admit();
      await settle();
      rig.broker.cut();
      await rig.clock.advance(0.75 * pauseMs);
      expect(rig.broker.isAsked).toBe(false);
      await rig.clock.advance(0.25 * pauseMs);
      expect(rig.broker.isAsked).toBe(true);
    }
  });

  test('that another client with our id took over is left alone for a while, so that the two do not fight', async () => {
    const rig = await Rig.connected();
    rig.broker.cut(0, { kind: 'disconnected', reasonCode: 0x8e });
    await rig.clock.advance(23_000);
    expect(rig.broker.isAsked).toBe(false);
    expect(rig.uplink.figures().lastFailure).toContain('another client took over the client id "pump-room-1"');
    await rig.clock.advance(7_000);
    expect(rig.broker.isAsked).toBe(true);
  });

  test('is not even tried without the password, and the reason is shown', async () => {
    const password = () => {
      throw new Error('the file /etc/plantroom/mqtt cannot be read');
    };
    const rig = new Rig({}, { password });
    rig.uplink.start();
    await settle();
    expect(rig.broker.attempts).toHaveLength(0);
    expect(rig.uplink.figures().lastFailure).toBe('the file /etc/plantroom/mqtt cannot be read');
  });
});

describe('the outbox', () => {
  test('is sent in order: alarms, then the alarms that stand, then summaries', async () => {
    const rig = await Rig.connected(rig => {
      rig.addSummaries(3);
      rig.addAlarms(60);
    });
    const seen: string[] = [];
    while (rig.broker.unanswered.length > 0) {
      for (const message of rig.broker.unanswered.slice(0, 1)) {
        seen.push(message.topic.endsWith('/alarm') ? `${numberOf(message)}` : (message.topic.split('/').at(-1) ?? ''));
      }
      await rig.answer();
    }
    const numbers = Array.from({ length: 60 }, (_, index) => `${index + 1}`);
    expect(seen).toEqual([...numbers, 'standing', 'summary']);
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('begins with one alarm, so that none overtakes it before its subscriber is there, and goes on with 20', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(100));
    expect(rig.alarmsInFlight).toEqual([1]);
    await rig.answer();
    expect(rig.alarmsInFlight).toHaveLength(20);
    await rig.answerAll();
    expect(rig.broker.deepest).toBe(20);
  });

  test('obeys a broker that takes one unanswered publish', async () => {
    const rig = new Rig();
    rig.broker.receiveMaximum = 1;
    rig.addAlarms(10);
    rig.addSummaries(10, 60);
    await rig.start();
    await rig.answerAll();
    expect(rig.broker.deepest).toBe(1);
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('leaves a place in the window of the broker to an alarm that comes later', async () => {
    const rig = new Rig();
    rig.broker.receiveMaximum = 3;
    await rig.start();
    await rig.answerAll();
    rig.addSummaries(200, 60);
    await settle();
    for (let round = 0; round < 20; round += 1) await rig.answer();
    expect(rig.summariesInFlight).toBe(2);
    rig.addAlarms(1);
    await settle();
    expect(rig.alarmsInFlight).toEqual([1]);
  });

  test('is settled only by an acknowledgement, and the acknowledgement is timed', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    expect(rig.outbox.settled).toEqual([]);
    await rig.clock.advance(40);
    await rig.answer();
    expect(rig.outbox.cursor).toEqual({ sent: 1, delivered: 1 });
    expect(rig.acknowledged).toEqual([{ event: alarmEvent(1), atMono: 40 }]);
  });

  test('is settled up to the first event that is not acknowledged, though later ones are', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(5));
    await rig.answer();
    const [second, third, fourth, fifth] = rig.broker.unanswered;
    for (const message of [fourth, third]) if (message) rig.broker.answerOnly(message);
    await settle();
    expect(rig.outbox.cursor.sent).toBe(1);
    if (second) rig.broker.answerOnly(second);
    await settle();
    expect(rig.outbox.cursor.sent).toBe(4);
    rig.broker.cut();
    await rig.clock.advance(1_000);
    await rig.admit();
    expect(rig.alarmsInFlight).toEqual([numberOf(fifth ?? { payload: '' })]);
  });

  test('goes on behind a gap in the numbers, which a store leaves that was broken', async () => {
    const rig = new Rig();
    for (const number of [3, 4, 9, 20]) rig.outbox.addAlarm(alarmEvent(number));
    rig.outbox.cursor = { sent: 2, delivered: 2 };
    await rig.start();
    await rig.answerAll();
    expect(rig.outbox.cursor).toEqual({ sent: 20, delivered: 20 });
    expect(rig.published('alarm').map(numberOf)).toEqual([3, 4, 9, 20]);
  });

  test('sends an alarm that comes later at once, ahead of the summaries that wait', async () => {
    const rig = await Rig.connected();
    await rig.answerAll();
    rig.addSummaries(500, 60);
    await settle();
    expect(rig.summariesInFlight).toBeGreaterThan(0);
    rig.addAlarms(1);
    await settle();
    expect(rig.alarmsInFlight).toEqual([1]);
    await rig.answerAll();
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('drops the connection when a publish is unanswered for 10 s, and sends the same again in order', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(4));
    await rig.answer();
    await rig.clock.advance(9_999);
    expect(rig.uplink.figures().state).toBe('connected');
    const before = rig.broker.unanswered;
    expect(before.map(numberOf)).toEqual([2, 3, 4]);
    await rig.clock.advance(1);
    expect(rig.broker.isConnected).toBe(false);
    expect(rig.uplink.figures().lastFailure).toContain('did not acknowledge a message on plantroom/pump-room-1/alarm');
    await rig.clock.advance(1_000);
    await rig.admit();
    await rig.answerAll();
    expect(rig.published('alarm').slice(4)).toEqual(before);
    expect(rig.outbox.cursor.sent).toBe(4);
  });

  test.each(['alarmCursor', 'readAlarms', 'lastSummary', 'readSummaries'] as const)(
    'whose %s the disk refuses is read again later, and the reason is shown',
    async name => {
      const rig = new Rig();
      rig.addAlarms(1);
      rig.addSummaries(1);
      Object.defineProperty(rig.outbox, name, {
        configurable: true,
        value: () => Promise.reject(new Error('disk I/O error')),
      });
      await rig.start();
      await rig.answerAll();
      await rig.clock.advance(900);
      expect(rig.uplink.figures().lastFailure).toBe('the outbox cannot be read: disk I/O error');
      Reflect.deleteProperty(rig.outbox, name);
      await rig.clock.advance(2_000);
      await rig.answerAll();
      expect(rig.outbox.isEmpty).toBe(true);
      expect(rig.uplink.figures().lastFailure).toBeNull();
    },
  );

  test('that the store cannot settle is sent once all the same while the process lives, and settled when it can', async () => {
    const rig = await Rig.connected(rig => {
      rig.addAlarms(3);
      rig.addSummaries(2);
    });
    const refuse = () => Promise.reject(new Error('database or disk is full'));
    Object.assign(rig.outbox, { settleAlarms: refuse, settleSummaries: refuse });
    await rig.answerAll();
    expect(rig.uplink.figures().lastFailure).toBe('the outbox cannot be settled: database or disk is full');
    rig.broker.cut();
    await rig.clock.advance(1_000);
    await rig.admit();
    await rig.answerAll();
    expect(rig.published('alarm').map(numberOf)).toEqual([1, 2, 3]);
    expect(rig.published('summary').flatMap(recordIdsOf)).toHaveLength(2);
    expect(rig.outbox.isEmpty).toBe(false);
    for (const name of ['settleAlarms', 'settleSummaries']) Reflect.deleteProperty(rig.outbox, name);
    await rig.clock.advance(30_000);
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('is settled in few transactions when the disk is slower than the broker', async () => {
    const rig = new Rig();
    const pending: (() => void)[] = [];
    const settleAlarms = rig.outbox.settleAlarms.bind(rig.outbox);
    let calls = 0;
    rig.outbox.settleAlarms = async cursor => {
      calls += 1;
      await new Promise<void>(resolve => pending.push(resolve));
      await settleAlarms(cursor);
    };
    rig.addAlarms(1_000);
    await rig.start();
    await rig.answerAll();
    // Live sending does not wait for the disk.
    expect(rig.published('alarm')).toHaveLength(1_000);
    expect(calls).toBe(1);
    for (let round = 0; round < 3; round += 1) {
      pending.shift()?.();
      await settle();
    }
    expect(rig.outbox.isEmpty).toBe(true);
    expect(calls).toBe(2);
  });

  test('waits with summaries for a disk that is far behind', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(6_000, 1));
    rig.outbox.settleSummaries = () => new Promise(() => {});
    await rig.answerAll();
    const sent = rig.published('summary').flatMap(recordIdsOf).length;
    expect(sent).toBeGreaterThanOrEqual(2_000);
    // What was in flight and read already comes on top.
    expect(sent).toBeLessThan(3_300);
  });
});

describe('a disk that cannot be read', () => {
  /** As the store does it: what waits in memory is given out, and the cursor stays before what was passed over. */
  function passOver(rig: Rig, place: number, upTo: number): { isReadable: boolean } {
    const disk = { isReadable: false };
    const { outbox } = rig;
    const readAlarms = outbox.readAlarms.bind(outbox);
    const settleAlarms = outbox.settleAlarms.bind(outbox);
    let isHeld = false;
    outbox.readAlarms = async (after, limit) => {
      const events = await readAlarms(after, limit);
      if (disk.isReadable) {
        if (after <= place) isHeld = false;
        return events;
      }
      isHeld ||= after <= place;
      const waiting = events.filter(({ number }) => number > upTo);
      if (waiting.length === 0) throw new Error('disk I/O error');
      return waiting;
    };
    outbox.settleAlarms = ({ sent, delivered }) => {
      const limit = isHeld ? place : Number.POSITIVE_INFINITY;
      return settleAlarms({ sent: Math.min(sent, limit), delivered: Math.min(delivered, limit) });
    };
    return disk;
  }

  test.each(['in the same connection', 'on the next connection'])(
    'does not keep new alarms from the platform, and what was passed over follows when it can be read again: %s',
    async when => {
      const rig = await Rig.connected(rig => rig.addAlarms(3));
      await rig.answerAll();
      const disk = passOver(rig, 3, 6);
      rig.addAlarms(5);
      await rig.answerAll();
      expect(rig.published('alarm').map(numberOf)).toEqual([1, 2, 3, 7, 8]);
      expect(rig.outbox.cursor.sent).toBe(3);
      disk.isReadable = true;
      if (when === 'in the same connection') await rig.clock.advance(1_000);
      else {
        rig.broker.cut();
        await rig.clock.advance(1_000);
        await rig.admit();
      }
      await rig.answerAll();
      expect(rig.published('alarm').slice(5).map(numberOf)).toEqual([4, 5, 6, 7, 8]);
      expect(rig.outbox.cursor.sent).toBe(8);
    },
  );

  test('for long makes what it has in memory come again at most every 30 s', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(3));
    await rig.answerAll();
    const disk = passOver(rig, 3, 6);
    rig.addAlarms(5);
    await rig.answerAll();
    const wait = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        await rig.clock.advance(1_000);
        await rig.answerAll();
      }
    };
    await wait(600);
    expect(rig.published('alarm').length).toBeLessThan(5 + 2 * 30);
    expect(rig.outbox.cursor.sent).toBe(3);
    disk.isReadable = true;
    await wait(60);
    expect(rig.outbox.cursor.sent).toBe(8);
    expect(new Set(rig.published('alarm').map(numberOf))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
  });
});

describe('the alarms that stand', () => {
  const standing: AlarmState = {
    ...standingState,
    alarm: 'booster/discharge-low',
    occurrence: 'k3m9x2-1',
    rule: 'limit',
    priority: 'high',
    message: 'Discharge pressure is low',
    raisedAt: 0,
    value: 2.9,
    state: undefined,
    unit: 'bar',
  };
  const dataOf = (message: { readonly payload: string } | undefined) => JSON.parse(message?.payload ?? '{}').data;

  test('are sent on each connection, behind the events that they are made of, also when there are none', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    expect(rig.published('standing')).toEqual([]);
    await rig.answerAll();
    expect(dataOf(rig.published('standing')[0])).toMatchObject({ asOf: 2, part: 1, parts: 1, alarms: [] });
    rig.outbox.standingAlarms.push(standing);
    rig.addAlarms(1);
    await rig.answerAll();
    expect(rig.published('standing')).toHaveLength(1);
    rig.broker.cut();
    await rig.clock.advance(1_000);
    await rig.admit();
    await rig.answerAll();
    const again = dataOf(rig.published('standing')[1]);
    expect(again).toMatchObject({ asOf: 3, alarms: [{ alarm: 'booster/discharge-low', occurrence: 'k3m9x2-1' }] });
  });

  test('are sent when somebody asks for it', async () => {
    const rig = await Rig.connected();
    await rig.answerAll();
    rig.uplink.refresh();
    await rig.answerAll();
    expect(rig.published('standing')).toHaveLength(2);
    const ids = rig.published('standing').map(idOf);
    expect(new Set(ids).size).toBe(2);
  });

  test('that the broker refuses are taken anew when it is tried again', async () => {
    const rig = await Rig.connected();
    await rig.answer(0x97);
    rig.outbox.standingAlarms.push(standing);
    await rig.clock.advance(1_000);
    expect(dataOf(rig.published('standing')[1]).alarms).toHaveLength(1);
    await rig.answerAll();
    expect(rig.uplink.figures().lastFailure).toBeNull();
  });
});

describe('summaries', () => {
  const historicalOf = (message: { readonly payload: string }) => JSON.parse(message.payload).data.historical;

  test('of before the connection are marked historical and come behind those of now', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(40, 60), { backlogRate: 64_000 });
    await rig.answerAll();
    await rig.clock.advance(200);
    await rig.answerAll();
    const before = rig.published('summary').length;
    expect(rig.published('summary').every(historicalOf)).toBe(true);
    rig.addSummaries(1);
    await rig.answerAll();
    expect(rig.published('summary').slice(before).map(historicalOf)).toEqual([false]);
    for (let second = 0; second < 60; second += 1) {
      await rig.clock.advance(1_000);
      await rig.answerAll();
    }
    expect(rig.outbox.isEmpty).toBe(true);
    const ids = rig.published('summary').filter(historicalOf).flatMap(recordIdsOf);
    expect(ids).toEqual([...ids].sort((a, b) => Number(a.split('-')[2]) - Number(b.split('-')[2])));
  });

  test('of before the connection come no faster than the site file says', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(400, 60), { backlogRate: 100_000 });
    await rig.answerAll();
    for (let second = 0; second < 30; second += 1) {
      for (let part = 0; part < 10; part += 1) {
        await rig.clock.advance(100);
        await rig.answerAll();
      }
    }
    const bytes = rig.published('summary').reduce((sum, { payload }) => sum + payload.length, 0);
    // 30 s of 100 kbit/s, one second of burst, and one message of debt.
    expect(bytes * 8).toBeLessThan(31 * 100_000 + 16_384 * 8);
    expect(bytes * 8).toBeGreaterThan(25 * 100_000);
  });

  test('are not sent where the site file does not want them', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(3), { summaries: undefined });
    await rig.answerAll();
    expect(rig.published('summary')).toEqual([]);
  });

  test('of another span than the one asked for stay where they are', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(3), { summaries: '15min' });
    await rig.answerAll();
    expect(rig.published('summary')).toEqual([]);
  });

  test('that nobody subscribes to are sent all the same', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(3));
    await rig.answerAll(0x10);
    expect(rig.outbox.isEmpty).toBe(true);
    expect(rig.uplink.figures().lastFailure).toBeNull();
  });

  test('too long for one message, cut to what the broker announced, are settled with their last part', async () => {
    const rig = new Rig();
    rig.broker.longestPacketBytes = 2_000;
    rig.addSummaries(2, 40);
    await rig.start();
    await rig.answer();
    while (rig.outbox.settledSummaries.length === 0) {
      expect(rig.summariesInFlight).toBeGreaterThan(0);
      await rig.answer();
    }
    const parts = rig.published('summary').flatMap(recordIdsOf);
    expect(parts.filter(id => id.includes('-p')).length).toBeGreaterThan(3);
    await rig.answerAll();
    expect(rig.outbox.settledSummaries).toEqual([1, 2]);
    expect(rig.lines).toEqual(['the uplink is connected']);
  });
});

describe('a broker that refuses', () => {
  test('is asked again with a growing pause and one message at a time, and nothing is lost', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(5));
    await rig.answerAll(0x87);
    expect(rig.uplink.figures()).toMatchObject({ state: 'connected' });
    expect(rig.uplink.figures().lastFailure).toContain(
      'does not allow us to publish on plantroom/pump-room-1/alarm (0x87 not authorised): check its access list',
    );
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000]) {
      await rig.clock.advance(0.75 * pauseMs);
      expect(rig.alarmsInFlight).toEqual([]);
      await rig.clock.advance(0.25 * pauseMs);
      expect(rig.alarmsInFlight).toEqual([1]);
      await rig.answer(0x87);
    }
    await rig.clock.advance(16_000);
    await rig.answer();
    expect(rig.alarmsInFlight).toEqual([2, 3, 4, 5]);
    await rig.answerAll();
    expect(rig.outbox.cursor.sent).toBe(5);
    expect(rig.uplink.figures().lastFailure).toBeNull();
    expect(rig.lines.filter(line => line.includes('in trouble'))).toHaveLength(1);
    expect(rig.lines.filter(line => line.includes('over its trouble'))).toHaveLength(1);
  });

  test('alarms gets no summaries meanwhile, one that refuses summaries still gets alarms', async () => {
    const refusesAlarms = await Rig.connected(rig => {
      rig.addAlarms(1);
      rig.addSummaries(1);
    });
    await refusesAlarms.answerAll(0x97);
    await refusesAlarms.clock.advance(500);
    expect(refusesAlarms.published('summary')).toEqual([]);
    expect(refusesAlarms.published('standing')).toEqual([]);

    const refusesSummaries = await Rig.connected(rig => rig.addSummaries(1));
    await refusesSummaries.answer();
    await refusesSummaries.answerAll(0x87);
    refusesSummaries.addAlarms(1);
    await settle();
    await refusesSummaries.answerAll();
    expect(refusesSummaries.outbox.cursor.sent).toBe(1);
    expect(refusesSummaries.uplink.figures().lastFailure).toContain('plantroom/pump-room-1/summary');
  });

  test('the birth message still gets the alarms', async () => {
    const rig = new Rig();
    rig.addAlarms(1);
    rig.uplink.start();
    await settle();
    rig.broker.admit();
    await settle();
    await rig.answer(0x87);
    await rig.answerAll();
    expect(rig.outbox.cursor.sent).toBe(1);
    expect(rig.uplink.figures().lastFailure).toContain('plantroom/pump-room-1/status');
  });

  test('a large message of summaries gets smaller ones', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(1, 25));
    await rig.answer();
    const [whole] = rig.broker.unanswered;
    await rig.answer(0x95);
    await rig.clock.advance(1_000);
    await rig.answerAll();
    expect(rig.outbox.settledSummaries).toEqual([1]);
    const parts = rig.published('summary').slice(1);
    expect(parts.length).toBeGreaterThan(1);
    const points = (message: { payload: string } | undefined) =>
      JSON.parse(message?.payload ?? '').data.summaries.flatMap(({ points }: { points: unknown[] }) => points);
    expect(parts.flatMap(points)).toEqual(points(whole));
  });

  test('packets of an alarm’s length never sees one: it waits and the reason is shown', async () => {
    const rig = new Rig();
    rig.broker.longestPacketBytes = 600;
    rig.addAlarms(1);
    await rig.start();
    await rig.answerAll();
    expect(rig.broker.published).toHaveLength(1);
    expect(rig.outbox.unsentAlarms).toBe(1);
    expect(rig.uplink.figures().lastFailure).toContain('too large for the broker');
  });

  test('a subscription is told, and gets everything all the same', async () => {
    const rig = new Rig({ confirm: 'platform' });
    rig.broker.subscribeCodes.push(0x87);
    rig.addAlarms(1);
    await rig.start();
    await rig.answerAll();
    expect(rig.outbox.cursor.sent).toBe(1);
    expect(rig.uplink.figures().lastFailure).toContain(
      'does not let us subscribe to plantroom/pump-room-1/confirm (0x87 not authorised)',
    );
  });
});

describe('alarms that nobody subscribes to', () => {
  test('are kept, said, and tried again with a growing pause, while summaries pass', async () => {
    const rig = await Rig.connected(rig => {
      rig.addAlarms(3);
      rig.addSummaries(1);
    });
    await rig.answer(0x10);
    expect(rig.uplink.figures().lastFailure).toContain(
      'nobody subscribes to plantroom/pump-room-1/alarm (0x10): they are kept until somebody does',
    );
    expect(rig.outbox.cursor.sent).toBe(0);
    await rig.answerAll();
    expect(rig.outbox.settledSummaries).toEqual([1]);
    for (const pauseMs of [1_000, 2_000, 4_000]) {
      await rig.clock.advance(0.75 * pauseMs);
      expect(rig.alarmsInFlight).toEqual([]);
      await rig.clock.advance(0.25 * pauseMs);
      expect(rig.alarmsInFlight).toEqual([1]);
      await rig.answer(0x10);
    }
    expect(rig.lines.filter(line => line.includes('nobody subscribes'))).toHaveLength(1);
    expect(rig.acknowledged).toEqual([]);
    await rig.clock.advance(8_000);
    await rig.answerAll();
    expect(rig.outbox.cursor.sent).toBe(3);
    expect(rig.uplink.figures().lastFailure).toBeNull();
  });

  test('hold nothing back, but alarms that the broker refuses do', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(1));
    await rig.answer(0x10);
    await rig.answerAll();
    await rig.clock.advance(1_000);
    await rig.answer(0x87);
    rig.addSummaries(1);
    await settle();
    expect(rig.summariesInFlight).toBe(0);
  });
});

describe('stop', () => {
  test('waits for what is in flight, leaves a retained offline message and says goodbye', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    await rig.answer();
    const stopped = rig.uplink.stop();
    await settle();
    rig.addAlarms(5);
    await rig.answerAll();
    await stopped;
    const last = rig.broker.delivered.at(-1);
    expect(last).toMatchObject({ topic: 'plantroom/pump-room-1/status', isRetained: true });
    expect(JSON.parse(last?.payload ?? '').data).toMatchObject({ online: false, reason: 'stopped' });
    expect(rig.outbox.cursor.sent).toBe(2);
    expect(rig.broker.goodbyes).toBe(1);
    expect(rig.clock.pending).toBe(0);
  });

  test('is over within a second although the broker is silent', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    let isStopped = false;
    const stopped = rig.uplink.stop().then(() => {
      isStopped = true;
    });
    await rig.clock.advance(1_000);
    expect(isStopped).toBe(true);
    await stopped;
    expect(rig.broker.isConnected).toBe(false);
    expect(rig.outbox.unsentAlarms).toBe(2);
    expect(rig.clock.pending).toBe(0);
  });

  test('is over within a second although the store hangs', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(1));
    rig.outbox.settleAlarms = () => new Promise(() => {});
    await rig.answer();
    rig.broker.cut();
    await settle();
    let isStopped = false;
    rig.uplink.stop().then(() => {
      isStopped = true;
    });
    await rig.clock.advance(1_000);
    expect(isStopped).toBe(true);
  });

  test.each(['waiting', 'connecting'] as const)('is immediate while %s, and leaves no timer', async state => {
    const rig = new Rig();
    rig.uplink.start();
    await settle();
    if (state === 'waiting') rig.broker.turnAway();
    await settle();
    expect(rig.uplink.figures().state).toBe(state);
    await rig.uplink.stop();
    expect(rig.clock.pending).toBe(0);
    await rig.clock.advance(60_000);
    expect(rig.broker.attempts).toHaveLength(1);
  });

  test('before start is nothing', async () => {
    const rig = new Rig();
    await rig.uplink.stop();
    expect(rig.clock.pending).toBe(0);
  });
});
