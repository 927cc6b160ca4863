import { describe, expect, test } from 'vitest';
import { settle } from '../fakes/virtual-clock.ts';
import { numberOf, Rig } from './rig.ts';
import { alarmEvent } from './samples.ts';

describe('a connection', () => {
  test('begins with a retained birth message and leaves a retained will', async () => {
    const rig = new Rig();
    rig.uplink.start();
    await settle();
    const [attempt] = rig.broker.attempts;
    expect(attempt).toMatchObject({ clientId: 'pump-room-1', password: 'secret' });
    expect(attempt?.will).toMatchObject({ topic: 'plantroom/pump-room-1/status', isRetained: true });
    expect(JSON.parse(attempt?.will.payload ?? '').data).toMatchObject({ online: false, reason: 'lost' });
    rig.broker.admit();
    await settle();
    const [birth] = rig.broker.published;
    expect(birth).toMatchObject({ topic: 'plantroom/pump-room-1/status', isRetained: true });
    expect(JSON.parse(birth?.payload ?? '').data).toMatchObject({ online: true, reason: 'connected' });
    expect(rig.uplink.figures()).toEqual({ state: 'connected', url: 'mqtt://127.0.0.1:1883', lastFailure: null });
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
    const rig = new Rig(() => {
      throw new Error('the file /etc/plantroom/mqtt cannot be read');
    });
    rig.uplink.start();
    await settle();
    expect(rig.broker.attempts).toHaveLength(0);
    expect(rig.uplink.figures().lastFailure).toBe('the file /etc/plantroom/mqtt cannot be read');
  });
});

describe('the outbox', () => {
  test('is sent in order, alarms before summaries', async () => {
    const rig = await Rig.connected(rig => {
      rig.addSummaries(3);
      rig.addAlarms(60);
    });
    const seen: string[] = [];
    while (rig.broker.unanswered.length > 0) {
      for (const message of rig.broker.unanswered.slice(0, 1)) {
        seen.push(message.topic.endsWith('/alarm') ? `${numberOf(message)}` : 'summary');
      }
      await rig.answer();
    }
    expect(seen).toEqual([...Array.from({ length: 60 }, (_, index) => `${index + 1}`), ...Array(3).fill('summary')]);
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('keeps at most 20 alarms and 4 summaries in flight', async () => {
    const rig = await Rig.connected(rig => {
      rig.addAlarms(100);
      rig.addSummaries(30);
    });
    expect(rig.alarmsInFlight).toHaveLength(20);
    while (rig.alarmsInFlight.length > 0) await rig.answer();
    expect(rig.summariesInFlight).toBe(4);
    expect(rig.broker.deepest).toBe(20);
  });

  test('obeys a broker that takes two unanswered publishes, the birth message included', async () => {
    const rig = new Rig();
    rig.broker.receiveMaximum = 2;
    rig.addAlarms(10);
    rig.uplink.start();
    await settle();
    rig.broker.admit();
    await settle();
    await rig.answerAll();
    expect(rig.broker.deepest).toBe(2);
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('is settled only by an acknowledgement, and the acknowledgement is timed', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    expect(rig.outbox.settledAlarms).toEqual([]);
    await rig.clock.advance(40);
    await rig.answer();
    expect(rig.outbox.settledAlarms).toEqual([1]);
    expect(rig.acknowledged).toEqual([{ event: alarmEvent(1), atMono: 40 }]);
  });

  test('sends an alarm that comes later at once, ahead of the summaries that wait', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(50));
    expect(rig.summariesInFlight).toBe(4);
    rig.addAlarms(1);
    await settle();
    expect(rig.alarmsInFlight).toEqual([1]);
    await rig.answerAll();
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('drops the connection when a publish is unanswered for 10 s, and sends the same again in order', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(3));
    await rig.answer();
    await rig.clock.advance(9_999);
    expect(rig.uplink.figures().state).toBe('connected');
    const before = rig.broker.unanswered;
    await rig.clock.advance(1);
    expect(rig.broker.isConnected).toBe(false);
    expect(rig.uplink.figures().lastFailure).toContain('did not acknowledge a message on plantroom/pump-room-1/alarm');
    await rig.clock.advance(1_000);
    rig.broker.admit();
    await settle();
    await rig.answer();
    expect(rig.broker.unanswered).toEqual(before);
    await rig.answerAll();
    expect(rig.outbox.settledAlarms).toEqual([1, 2, 3]);
  });

  test('that the store cannot read is read again later, and the reason is shown', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(1));
    await rig.answerAll();
    const read = rig.outbox.readAlarmOutbox.bind(rig.outbox);
    rig.outbox.readAlarmOutbox = () => Promise.reject(new Error('disk I/O error'));
    rig.addAlarms(2);
    await settle();
    expect(rig.uplink.figures().lastFailure).toBe('the outbox cannot be read: disk I/O error');
    rig.outbox.readAlarmOutbox = read;
    await rig.clock.advance(1_000);
    await rig.answerAll();
    expect(rig.outbox.settledAlarms).toEqual([1, 2, 3]);
    expect(rig.uplink.figures().lastFailure).toBeNull();
  });

  test('that the store cannot settle is sent again under the same ids: a duplicate, never a loss', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(1));
    const settleAlarms = rig.outbox.settleAlarms.bind(rig.outbox);
    rig.outbox.settleAlarms = () => Promise.reject(new Error('database or disk is full'));
    const [first] = rig.broker.unanswered;
    await rig.answer();
    expect(rig.uplink.figures().lastFailure).toBe('the outbox cannot be settled: database or disk is full');
    rig.outbox.settleAlarms = settleAlarms;
    await rig.clock.advance(1_000);
    expect(rig.broker.unanswered).toEqual([first]);
    await rig.answer();
    expect(rig.outbox.isEmpty).toBe(true);
  });

  test('settles in few transactions when the disk is slower than the broker, and then waits for it', async () => {
    const rig = new Rig();
    const pending: (() => void)[] = [];
    const sizes: number[] = [];
    const settleAlarms = rig.outbox.settleAlarms.bind(rig.outbox);
    rig.outbox.settleAlarms = async numbers => {
      sizes.push(numbers.length);
      await new Promise<void>(resolve => pending.push(resolve));
      await settleAlarms(numbers);
    };
    rig.addAlarms(1_000);
    rig.uplink.start();
    await settle();
    rig.broker.admit();
    await settle();
    await rig.answerAll();
    // One is being settled; the rest of what the broker took waits, up to the limit and the window that was under way.
    expect(sizes).toEqual([1]);
    expect(rig.broker.delivered.length - 1).toBeLessThanOrEqual(221);
    while (pending.length > 0) {
      pending.shift()?.();
      await settle();
      await rig.answerAll();
    }
    expect(rig.outbox.isEmpty).toBe(true);
    expect(sizes.length).toBeLessThan(30);
  });
});

describe('a store that is slow', () => {
  /** Holds every settle back until the test lets it go on. */
  function holdSettles(rig: Rig): (() => void)[] {
    const held: (() => void)[] = [];
    const settleAlarms = rig.outbox.settleAlarms.bind(rig.outbox);
    rig.outbox.settleAlarms = async numbers => {
      await new Promise<void>(resolve => held.push(resolve));
      await settleAlarms(numbers);
    };
    return held;
  }

  test('is waited for before the next connection, so that nothing acknowledged is sent twice', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    const held = holdSettles(rig);
    await rig.answer();
    rig.broker.cut();
    await rig.clock.advance(60_000);
    expect(rig.broker.isAsked).toBe(false);
    held.shift()?.();
    await rig.clock.advance(1_000);
    rig.broker.admit();
    await settle();
    expect(rig.alarmsInFlight).toEqual([2]);
  });

  test('is waited for before a refused event is tried again', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    const held = holdSettles(rig);
    await rig.answer();
    await rig.answer(0x97);
    await rig.clock.advance(60_000);
    expect(rig.alarmsInFlight).toEqual([]);
    held.shift()?.();
    await rig.clock.advance(1_000);
    expect(rig.alarmsInFlight).toEqual([2]);
  });
});

test('a summary in parts, cut to what the broker announced, is settled with its last part', async () => {
  const rig = new Rig();
  rig.broker.longestPacketBytes = 2_000;
  rig.addSummaries(2, 40);
  rig.uplink.start();
  await settle();
  rig.broker.admit();
  await settle();
  await rig.answer();
  const parts = rig.summariesInFlight;
  expect(parts).toBe(4);
  for (let answered = 1; answered < parts; answered += 1) {
    await rig.answer();
    expect(rig.outbox.settledSummaries).toEqual([]);
  }
  await rig.answerAll();
  expect(rig.outbox.settledSummaries).toEqual([1, 2]);
  expect(rig.lines).toEqual(['the uplink is connected']);
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
    expect(rig.outbox.settledAlarms).toEqual([1, 2, 3, 4, 5]);
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
    expect(refusesAlarms.broker.published.some(({ topic }) => topic.endsWith('/summary'))).toBe(false);

    const refusesSummaries = await Rig.connected(rig => rig.addSummaries(1));
    await refusesSummaries.answerAll(0x87);
    refusesSummaries.addAlarms(1);
    await settle();
    await refusesSummaries.answerAll();
    expect(refusesSummaries.outbox.settledAlarms).toEqual([1]);
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
    expect(rig.outbox.settledAlarms).toEqual([1]);
    expect(rig.uplink.figures().lastFailure).toContain('plantroom/pump-room-1/status');
  });

  test('a large summary gets it in smaller parts', async () => {
    const rig = await Rig.connected(rig => rig.addSummaries(1, 60));
    expect(rig.summariesInFlight).toBe(1);
    const [whole] = rig.broker.unanswered;
    await rig.answer(0x95);
    await rig.clock.advance(1_000);
    await rig.answerAll();
    expect(rig.outbox.settledSummaries).toEqual([1]);
    const parts = rig.broker.published.filter(({ topic }) => topic.endsWith('/summary')).slice(1);
    expect(parts.length).toBeGreaterThan(1);
    const points = (message: { payload: string } | undefined) => JSON.parse(message?.payload ?? '').data.points;
    expect(parts.flatMap(points)).toEqual(points(whole));
  });

  test('packets of an alarm’s length never sees one: it waits and the reason is shown', async () => {
    const rig = new Rig();
    rig.broker.longestPacketBytes = 600;
    rig.addAlarms(1);
    rig.uplink.start();
    await settle();
    rig.broker.admit();
    await settle();
    await rig.answerAll();
    expect(rig.broker.published).toHaveLength(1);
    expect(rig.outbox.alarms.size).toBe(1);
    expect(rig.uplink.figures().lastFailure).toContain('too large for the broker');
  });
});

test('an alarm that nobody subscribes to is settled, but said', async () => {
  const rig = await Rig.connected(rig => rig.addAlarms(3));
  await rig.answerAll(0x10);
  expect(rig.outbox.isEmpty).toBe(true);
  expect(rig.uplink.figures().lastFailure).toBe(
    'the broker takes alarms, but nobody subscribes to plantroom/pump-room-1/alarm (0x10)',
  );
  expect(rig.lines.filter(line => line.includes('nobody subscribes'))).toHaveLength(1);
  rig.addAlarms(1);
  await settle();
  await rig.answerAll(0);
  expect(rig.uplink.figures().lastFailure).toBeNull();
});

describe('stop', () => {
  test('waits for what is in flight, leaves a retained offline message and says goodbye', async () => {
    const rig = await Rig.connected(rig => rig.addAlarms(2));
    const stopped = rig.uplink.stop();
    await settle();
    rig.addAlarms(5);
    await rig.answerAll();
    await stopped;
    const last = rig.broker.delivered.at(-1);
    expect(last).toMatchObject({ topic: 'plantroom/pump-room-1/status', isRetained: true });
    expect(JSON.parse(last?.payload ?? '').data).toMatchObject({ online: false, reason: 'stopped' });
    expect(rig.outbox.settledAlarms).toEqual([1, 2]);
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
    expect(rig.outbox.alarms.size).toBe(2);
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
