import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../fakes/certificates.ts';
import { findFreePort, startMosquitto } from '../fakes/mosquitto.ts';
import { startScriptedBroker } from '../fakes/scripted-broker.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { RealUplink } from './real-uplink.ts';
import { idOf, numberOf } from './rig.ts';

describe('a network', () => {
  test('without a broker is said as one that refuses', async () => {
    const port = await findFreePort();
    await using uplink = new RealUplink(port);
    await uplink.waitForFailure(`nothing answers at 127.0.0.1:${port} (connection refused)`);
  });

  test('without the host is said as an unknown name', async () => {
    await using uplink = new RealUplink(1883, { urls: ['mqtt://broker.invalid:1883'] });
    await waitUntil(
      () => /not known by name|no name server answers/.test(uplink.uplink.figures().lastFailure ?? ''),
      () => JSON.stringify(uplink.uplink.figures()),
    );
    expect(uplink.uplink.figures().lastFailure).toContain('broker.invalid:1883');
  });

  test('with a server that only listens is given up by our own clock', async () => {
    await using broker = await startScriptedBroker({ onConnect: () => {} });
    const clock = new VirtualClock();
    await using uplink = new RealUplink(broker.port, {}, { clock });
    await waitUntil(
      () => broker.heard.length === 1,
      () => 'no CONNECT came',
    );
    await clock.advance(15_000);
    expect(uplink.uplink.figures().lastFailure).toContain('did not let us in within 15 s');
  });
});

describe('a scripted broker', () => {
  test('that takes three unanswered publishes never gets a fourth', async () => {
    let deepest = 0;
    await using broker = await startScriptedBroker({
      onConnect: connection => connection.connack(0, { receiveMaximum: 3 }),
      onPublish: connection => {
        const waiting = connection.published.slice(answered);
        deepest = Math.max(deepest, waiting.length);
        // Held back until no more can be under way, so that a fourth would be seen. The birth and the first alarm come alone.
        if (waiting.length < 3 && answered >= 2 && connection.published.length < 31) return;
        setImmediate(() => {
          for (const { packetId } of waiting) connection.puback(packetId, 0);
        });
        answered += waiting.length;
      },
    });
    let answered = 0;
    await using uplink = new RealUplink(broker.port);
    uplink.addAlarms(1, 30);
    await uplink.waitUntilEmpty();
    expect(deepest).toBe(3);
  });

  test('that takes a single unanswered publish gets one at a time, and everything', async () => {
    let deepest = 0;
    let answered = 0;
    await using broker = await startScriptedBroker({
      onConnect: connection => connection.connack(0, { receiveMaximum: 1 }),
      onPublish: (connection, { packetId }) => {
        deepest = Math.max(deepest, connection.published.length - answered);
        setImmediate(() => {
          answered += 1;
          connection.puback(packetId, 0);
        });
      },
    });
    await using uplink = new RealUplink(broker.port);
    uplink.addAlarms(1, 20);
    uplink.addSummaries(1, 20, 20);
    await uplink.waitUntilEmpty();
    expect(deepest).toBe(1);
    expect(broker.published.filter(({ topic }) => topic.endsWith('/alarm')).map(numberOf)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('whose quota is exceeded is said as one, and gets the same when it takes more again', async () => {
    let isFull = true;
    await using broker = await startScriptedBroker({
      onPublish: (connection, { packetId, topic }) => {
        connection.puback(packetId, isFull && topic.endsWith('/alarm') ? 0x97 : 0);
      },
    });
    await using uplink = new RealUplink(broker.port);
    uplink.addAlarms(1, 3);
    await uplink.waitForFailure('takes no more messages on plantroom/pump-room-1/alarm for now (0x97 quota exceeded)');
    expect(uplink.uplink.figures().state).toBe('connected');
    expect(uplink.outbox.unsentAlarms).toBe(3);
    isFull = false;
    await uplink.waitUntilEmpty();
    const alarms = broker.published.filter(({ topic }) => topic.endsWith('/alarm'));
    expect([...new Set(alarms.map(numberOf))]).toEqual([1, 2, 3]);
  });

  test('that has no subscriber for alarms keeps them here, and gets them when it has', async () => {
    let hasSubscriber = false;
    await using broker = await startScriptedBroker({
      onPublish: (connection, { packetId, topic }) => {
        connection.puback(packetId, hasSubscriber || !topic.endsWith('/alarm') ? 0 : 0x10);
      },
    });
    await using uplink = new RealUplink(broker.port);
    uplink.addAlarms(1, 3);
    await uplink.waitForFailure('nobody subscribes to plantroom/pump-room-1/alarm (0x10)');
    expect(uplink.outbox.cursor.sent).toBe(0);
    hasSubscriber = true;
    await uplink.waitUntilEmpty();
  });

  test('that takes packets of 1000 bytes gets none longer', async () => {
    await using broker = await startScriptedBroker({
      onConnect: connection => connection.connack(0, { maximumPacketSize: 1_000 }),
    });
    await using uplink = new RealUplink(broker.port);
    uplink.addAlarms(1, 2);
    uplink.addSummaries(1, 1, 50);
    await uplink.waitUntilEmpty();
    expect(Math.max(...broker.published.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1_000);
  });

  test('that never acknowledges loses the connection and gets the same again, in order', async () => {
    const clock = new VirtualClock();
    let isSilent = true;
    await using broker = await startScriptedBroker({
      onPublish: (connection, { packetId, topic }) => {
        if (!isSilent || topic.endsWith('/status')) connection.puback(packetId, 0);
      },
    });
    await using uplink = new RealUplink(broker.port, {}, { clock });
    uplink.addAlarms(1, 3);
    await waitUntil(
      () => broker.published.length === 2,
      () => `${broker.published.length} publishes came`,
    );
    await clock.advance(10_000);
    await uplink.waitForFailure('did not acknowledge a message');
    expect(uplink.outbox.cursor.sent).toBe(0);
    isSilent = false;
    await clock.advance(1_000);
    await uplink.waitUntilEmpty();
    const alarms = broker.published.filter(({ topic }) => topic.endsWith('/alarm'));
    expect(alarms.map(numberOf)).toEqual([1, 1, 2, 3]);
    expect(new Set(alarms.map(idOf)).size).toBe(3);
  });

  test.each([
    [0x84, 'does not speak MQTT 5'],
    [0x85, 'does not take the client id "pump-room-1"'],
    [0x86, 'refuses the login of client "pump-room-1"'],
    [0x9a, 'keeps no retained messages'],
    [0x9b, 'does not offer QoS 1'],
    [0x89, 'refuses the connection (0x89 server busy)'],
  ])('that turns us away with reason %i is said: %s', async (reasonCode, text) => {
    await using broker = await startScriptedBroker({ onConnect: connection => connection.connack(reasonCode) });
    await using uplink = new RealUplink(broker.port);
    await uplink.waitForFailure(text);
  });

  test('of the old MQTT 3.1.1 is said as one', async () => {
    // A CONNACK of 3.1.1: unacceptable protocol version.
    const oldConnack = Buffer.from([0x20, 2, 0, 1]);
    await using broker = await startScriptedBroker({
      onConnect: connection => {
        connection.send(oldConnack);
      },
    });
    await using uplink = new RealUplink(broker.port);
    await uplink.waitForFailure('does not speak MQTT 5');
  });

  test('whose other client takes over our id is left alone for a while', async () => {
    await using broker = await startScriptedBroker({ onPublish: connection => connection.disconnect(0x8e) });
    await using uplink = new RealUplink(broker.port);
    await uplink.waitForFailure('another client took over the client id "pump-room-1" (0x8E)');
    expect(uplink.uplink.figures().state).toBe('waiting');
  });

  test('that is the first of two is tried first, the other takes its place, and it is the first again', async () => {
    const clock = new VirtualClock();
    await using first = await startScriptedBroker();
    await using second = await startScriptedBroker();
    const urls = [first, second].map(({ port }) => `mqtt://127.0.0.1:${port}`);
    await using uplink = new RealUplink(first.port, { urls }, { clock });
    uplink.addAlarms(1, 1);
    await uplink.waitUntilEmpty();
    first.connections[0]?.disconnect(0x8b);
    await uplink.waitForFailure('is shutting down (0x8B)');
    await clock.advance(200);
    await uplink.waitForConnection();
    expect(uplink.uplink.figures().url).toBe(urls[1]);
    uplink.addAlarms(2, 2);
    await uplink.waitUntilEmpty();
    // It stands for a while, so it was a good one: the next attempt begins with the first again.
    await clock.advance(30_000);
    second.connections[0]?.destroy();
    await uplink.waitForFailure('ended without a word');
    await clock.advance(1_000);
    await uplink.waitForConnection();
    expect(uplink.uplink.figures().url).toBe(urls[0]);
    uplink.addAlarms(3, 3);
    await uplink.waitUntilEmpty();
    const alarmsAt = (broker: typeof first) => broker.published.filter(({ topic }) => topic.endsWith('/alarm'));
    expect(alarmsAt(first).map(numberOf)).toEqual([1, 3]);
    expect(alarmsAt(second).map(numberOf)).toEqual([2]);
  });

  test('that shuts down says so', async () => {
    await using broker = await startScriptedBroker({ onPublish: connection => connection.disconnect(0x8b) });
    await using uplink = new RealUplink(broker.port);
    await uplink.waitForFailure('is shutting down (0x8B)');
  });

  test('that talks garbage or cuts the connection is left and tried again', async () => {
    let connects = 0;
    await using broker = await startScriptedBroker({
      onConnect: connection => {
        connects += 1;
        if (connects === 1) connection.send(Buffer.from([0x20, 0x7f, ...Array(127).fill(0xff)]));
        else if (connects === 2) connection.destroy();
        else connection.connack(0);
      },
    });
    await using uplink = new RealUplink(broker.port);
    uplink.addAlarms(1, 1);
    await uplink.waitUntilEmpty();
    expect(connects).toBe(3);
  });

  test('that sends a packet without end is cut off before it fills the memory', async () => {
    // A PUBLISH that announces 200 MB.
    const endless = Buffer.concat([Buffer.from([0x30, 0x80, 0x88, 0xaf, 0x5f]), Buffer.alloc(1_000_000)]);
    await using broker = await startScriptedBroker({
      onConnect: connection => {
        connection.connack(0);
        connection.send(endless);
      },
    });
    await using uplink = new RealUplink(broker.port);
    await uplink.waitForFailure('the broker sends a packet without end');
  });

  test('hears a goodbye when the gateway stops, and none when it must cut the connection', async () => {
    await using polite = await startScriptedBroker();
    const uplink = new RealUplink(polite.port);
    uplink.addAlarms(1, 1);
    await uplink.waitUntilEmpty();
    await uplink.uplink.stop();
    await waitUntil(
      () => polite.heard.at(-1) === 'DISCONNECT',
      () => polite.heard.join(' '),
    );
    expect(polite.published.at(-1)?.isRetained).toBe(true);

    await using silent = await startScriptedBroker({ onPublish: () => {} });
    const other = new RealUplink(silent.port);
    await waitUntil(
      () => silent.published.length === 1,
      () => 'no birth came',
    );
    await other.uplink.stop();
    expect(silent.heard).not.toContain('DISCONNECT');
  });
});

describe('TLS', () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });
  afterAll(() => certificates[Symbol.asyncDispose]());

  const connectTo = (port: number, tls: { ca?: string; cert?: string; key?: string }, host = '127.0.0.1') =>
    new RealUplink(port, {
      urls: [`mqtts://${host}:${port}`],
      tls: { ca: tls.ca, cert: tls.cert, key: tls.key },
    });

  test.each(['127.0.0.1', 'localhost'])('with the right authority reaches %s', async host => {
    await using broker = await startMosquitto({ tls: certificates.server });
    await using uplink = connectTo(broker.port, { ca: certificates.ca }, host);
    uplink.addSummaries(1, 1);
    await uplink.waitUntilEmpty();
  });

  test('with a stranger’s certificate, or none that we know, sends nothing', async () => {
    await using broker = await startMosquitto({ tls: certificates.server });
    await using stranger = connectTo(broker.port, { ca: certificates.strangerCa });
    await using system = connectTo(broker.port, {});
    await stranger.waitForFailure('comes from an authority we do not know');
    await system.waitForFailure('comes from an authority we do not know');
    expect(broker.log()).not.toContain('Received CONNECT');
  });

  test('with a certificate for another host sends nothing', async () => {
    await using broker = await startMosquitto({ tls: certificates.otherHost });
    await using uplink = connectTo(broker.port, { ca: certificates.ca });
    await uplink.waitForFailure('is made out for another name');
    expect(broker.log()).not.toContain('Received CONNECT');
  });

  test('with an expired certificate sends nothing', async () => {
    await using broker = await startMosquitto({ tls: certificates.expired });
    await using uplink = connectTo(broker.port, { ca: certificates.ca });
    await uplink.waitForFailure('has expired');
    expect(broker.log()).not.toContain('Received CONNECT');
  });

  test('to a broker that wants a client certificate needs one', async () => {
    await using broker = await startMosquitto({ tls: { ...certificates.server, clientCa: certificates.ca } });
    await using without = connectTo(broker.port, { ca: certificates.ca });
    await without.waitForFailure('does it want a client certificate');
    await using uplink = connectTo(broker.port, { ca: certificates.ca, ...certificates.client });
    await uplink.waitForConnection();
  });

  test('to a port that speaks plain MQTT fails with a hint', async () => {
    await using broker = await startMosquitto();
    await using uplink = connectTo(broker.port, { ca: certificates.ca });
    await uplink.waitForFailure('TLS');
  });

  test('files that cannot be used are named, one by one', async () => {
    const junk = join(certificates.folder, 'junk.pem');
    await writeFile(junk, 'no certificate\n');
    const port = await findFreePort();
    const cases = [
      [{ ca: '/nowhere/ca.pem' }, 'the file /nowhere/ca.pem of uplink.tls.ca cannot be read (ENOENT)'],
      [{ ca: junk }, `the file ${junk} of uplink.tls.ca holds no usable PEM certificate`],
      [{ cert: certificates.client.cert, key: junk }, `the file ${junk} of uplink.tls.key holds no usable PEM key`],
      [{ cert: certificates.client.cert, key: certificates.server.key }, 'the TLS files do not fit together'],
    ] as const;
    for (const [tls, text] of cases) {
      await using uplink = connectTo(port, tls);
      await uplink.waitForFailure(text);
    }
  });
});
