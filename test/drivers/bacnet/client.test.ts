import { beforeEach, describe, expect, test } from 'vitest';
import type { BacnetClient } from '../../../drivers/bacnet/client.ts';
import { encodeWhoIs } from '../../../drivers/bacnet/codec.ts';
import type { Peer } from '../../../drivers/bacnet/peer.ts';
import type { Outcome, Request } from '../../../drivers/bacnet/request.ts';
import { requestServices } from '../../../drivers/bacnet/services.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { datagramOf, hex, readAnswer, segmentsOf } from '../../torture/bacnet/datagrams.ts';
import { createTestClient, createTestPort, peerAt, type TestPort } from './client-rig.ts';

const device = peerAt('10.0.0.5', 47_808);
const routed: Peer = { host: '10.0.0.1', port: 47_808, network: 200, mac: '0a' };
const place = { instance: 3, property: 85 };
const { readProperty, readPropertyMultiple, subscribeCov } = requestServices;

let clock: VirtualClock;
let port: TestPort;
let client: BacnetClient;
let outcomes: Outcome[];

beforeEach(() => {
  clock = new VirtualClock();
  port = createTestPort();
  client = createTestClient(clock, port);
  outcomes = [];
});

function ask(changes: Partial<Request> = {}): void {
  const request: Request = {
    ...{ peer: device, service: readProperty, payload: hex('0c00000003 1955'), timeoutMs: 1_000, retries: 0 },
    ...changes,
  };
  client.request(request, outcome => outcomes.push(outcome));
}

/** The invoke id of the request that was sent last. */
function lastId(): number {
  const bytes = port.sent.findLast(({ bytes: sent }) => sent[6] === 0 || sent[6] === 2)?.bytes ?? Buffer.alloc(9);
  return bytes[8] ?? 0;
}

/** APDUs that were sent, as hex. */
function sentApdus(): string[] {
  return port.sent.map(({ bytes }) => bytes.toString('hex', 6));
}

function hear(apdu: string, from: Peer = device): void {
  port.hear(datagramOf(hex(apdu)), from.host, from.port);
}

const id = () => lastId().toString(16).padStart(2, '0');

describe('an answer ends the one request that it belongs to:', () => {
  test('a value', async () => {
    ask();
    await clock.advance(30);
    port.hear(readAnswer(lastId(), place, 7).bytes, device.host, device.port);
    expect(outcomes).toMatchObject([{ kind: 'ack', responseMs: 30 }]);
    expect(outcomes[0]?.kind === 'ack' && outcomes[0].payload.toString('hex')).toBe('0c0000000319553e24000000073f');
  });

  test.each<[string, () => string, Outcome]>([
    ['an error', () => `50${id()}0c 9102 9120`, { kind: 'error', errorClass: 2, errorCode: 32, responseMs: 0 }],
    ['a reject', () => `60${id()}09`, { kind: 'reject', reason: 9, responseMs: 0 }],
    ['an abort', () => `71${id()}04`, { kind: 'abort', reason: 4, responseMs: 0 }],
    ['an abort with the wrong bit', () => `70${id()}01`, { kind: 'abort', reason: 1, responseMs: 0 }],
    ['an unreadable error', () => `50${id()}0c 91`, { kind: 'bad-reply', detail: 'an error that does not say which' }],
  ])('%s', (_, apdu, outcome) => {
    ask();
    hear(apdu());
    expect(outcomes).toEqual([outcome]);
  });

  test('a bare yes to a subscription, where a read wants a value', () => {
    ask({ service: subscribeCov });
    hear(`30${id()}05 00`);
    expect(outcomes).toEqual([]);
    hear(`20${id()}05`);
    ask();
    hear(`20${id()}0c`);
    expect(outcomes).toEqual([{ kind: 'simple-ack', responseMs: 0 }]);
  });

  test('behind a router, by network and address', () => {
    ask({ peer: routed });
    const other = readAnswer(lastId0(), place, 1, '010800c8010b').bytes;
    const unrouted = readAnswer(lastId0(), place, 2).bytes;
    port.hear(other, routed.host, routed.port);
    port.hear(unrouted, routed.host, routed.port);
    expect(outcomes).toEqual([]);
    port.hear(readAnswer(lastId0(), place, 3, '010800c8010a').bytes, routed.host, routed.port);
    expect(outcomes).toMatchObject([{ kind: 'ack' }]);
    expect(client.counts.unasked).toBe(2);

    function lastId0(): number {
      return port.sent.at(-1)?.bytes[13] ?? 0;
    }
  });
});

describe('what does not fit is nobody’s answer:', () => {
  test.each<[string, () => [Buffer, string, number]]>([
    ['of another host', () => [readAnswer(lastId(), place, 1).bytes, '10.0.0.6', 47_808]],
    ['of another port', () => [readAnswer(lastId(), place, 1).bytes, device.host, 47_809]],
    ['with another id', () => [readAnswer(lastId() ^ 1, place, 1).bytes, device.host, device.port]],
    ['from behind a router', () => [readAnswer(lastId(), place, 1, '010800c8010a').bytes, device.host, device.port]],
    ['of another service', () => [datagramOf(hex(`30${id()}0e 00`)), device.host, device.port]],
    ['sent to all', () => [broadcastOf(readAnswer(lastId(), place, 1).bytes), device.host, device.port]],
    ['passed on by a BBMD', () => [forwarded(readAnswer(lastId(), place, 1).bytes), '10.0.0.9', 47_808]],
  ])('%s', async (_, make) => {
    ask();
    port.hear(...make());
    expect(outcomes).toEqual([]);
    await clock.advance(1_000);
    expect(outcomes).toEqual([{ kind: 'timeout', wasSent: true }]);
  });

  test('a second answer', () => {
    ask();
    const answer = readAnswer(lastId(), place, 1).bytes;
    port.hear(answer, device.host, device.port);
    port.hear(answer, device.host, device.port);
    expect(outcomes).toHaveLength(1);
    expect(client.counts.unasked).toBe(1);
  });
});

function broadcastOf(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 1), hex('0b'), bytes.subarray(2)]);
}

/** As if a BBMD said that it came from 10.0.0.5:47808. */
function forwarded(bytes: Buffer): Buffer {
  return datagramOf(Buffer.concat([hex('0a000005bac0'), bytes.subarray(4)]), '', 0x04);
}

describe('a device that does not answer', () => {
  test('is asked again with the same invoke id, and then no more', async () => {
    ask({ retries: 2 });
    await clock.advance(2_999);
    expect(new Set(sentApdus())).toHaveLength(1);
    expect(port.sent).toHaveLength(3);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    expect(outcomes).toEqual([{ kind: 'timeout', wasSent: true }]);
    await clock.advance(60_000);
    expect(port.sent).toHaveLength(3);
  });

  test('has two requests at once, and a third when one has ended; it waits within its own deadline', async () => {
    ask();
    ask();
    await clock.advance(200);
    ask();
    expect(port.sent).toHaveLength(2);
    await clock.advance(800);
    // Its turn came late, its end does not.
    expect(port.sent).toHaveLength(3);
    await clock.advance(200);
    expect(outcomes).toEqual(Array(3).fill({ kind: 'timeout', wasSent: true }));
  });

  test('whose turn never came says so', async () => {
    ask();
    ask();
    ask({ timeoutMs: 500 });
    await clock.advance(500);
    expect(outcomes).toEqual([{ kind: 'timeout', wasSent: false }]);
  });

  test('costs the others nothing', () => {
    for (let count = 0; count < 10; count += 1) ask();
    ask({ peer: peerAt('10.0.0.6', 47_808) });
    expect(port.sent.map(({ host }) => host)).toEqual(['10.0.0.5', '10.0.0.5', '10.0.0.6']);
  });

  test('leaves its ids at rest: a late answer meets no later request', async () => {
    const used: number[] = [];
    for (let count = 0; count < 20; count += 1) {
      ask({ timeoutMs: 400 });
      used.push(lastId());
      await clock.advance(400);
    }
    expect(new Set(used)).toHaveLength(20);
  });
});

test('no more than 255 ids are in use or at rest for one device; then requests wait', async () => {
  for (let count = 0; count < 260; count += 1) {
    ask({ timeoutMs: 10 });
    await clock.advance(10);
  }
  expect(port.sent).toHaveLength(255);
  expect(outcomes.filter(outcome => outcome.kind === 'timeout' && !outcome.wasSent)).toHaveLength(5);
  await clock.advance(10_000);
  ask();
  expect(port.sent).toHaveLength(256);
});

test('the number of requests in all is limited, and peers take turns', () => {
  client = createTestClient(clock, port, { perPeer: 2, inAll: 3 });
  const others = [peerAt('10.0.0.6', 47_808), peerAt('10.0.0.7', 47_808)];
  for (const peer of [device, device, device, device, ...others]) ask({ peer });
  expect(port.sent).toHaveLength(3);
  for (const index of [0, 1]) {
    port.hear(readAnswer(port.sent[index]?.bytes[8] ?? 0, place, 1).bytes, device.host, device.port);
  }
  expect(port.sent.map(({ host }) => host.at(-1))).toEqual(['5', '5', '6', '5', '7']);
});

test('of too many that wait, the last one ends at once, though not before the call returns', async () => {
  for (let count = 0; count < 4_096 + 3; count += 1) ask();
  expect(outcomes).toEqual([]);
  await clock.advance(0);
  expect(outcomes).toEqual([{ kind: 'no-connection', detail: '4096 requests are waiting' }]);
});

describe('an answer in segments', () => {
  const value = readAnswer(0, place, 7);

  function segments(bytes = 4): Buffer[] {
    return segmentsOf(value, lastId(), readProperty, bytes);
  }

  function hearAll(list: readonly Buffer[]): void {
    for (const segment of list) port.hear(segment, device.host, device.port);
  }

  test('is acknowledged and put together', () => {
    ask();
    hearAll(segments());
    expect(outcomes).toMatchObject([{ kind: 'ack' }]);
    expect(outcomes[0]?.kind === 'ack' && outcomes[0].payload.toString('hex')).toBe('0c0000000319553e24000000073f');
    expect(sentApdus().slice(1)).toEqual([`40${id()}0004`, `40${id()}0304`]);
  });

  test('in one piece only is an answer too', () => {
    ask();
    hearAll(segments(100));
    expect(outcomes).toMatchObject([{ kind: 'ack' }]);
  });

  test('is complained about once when one is missing, and goes on when it comes', () => {
    ask();
    const [first, second, third, fourth] = segments() as [Buffer, Buffer, Buffer, Buffer];
    hearAll([first, third, fourth, third]);
    expect(sentApdus().slice(1)).toEqual([`40${id()}0004`, `42${id()}0004`]);
    hearAll([second, third, fourth]);
    expect(outcomes).toMatchObject([{ kind: 'ack' }]);
  });

  test('whose last acknowledgement was lost is acknowledged again', () => {
    ask();
    hearAll(segments());
    const before = port.sent.length;
    hearAll(segments().slice(-1));
    expect(sentApdus().slice(before)).toEqual([`40${id()}0304`]);
  });

  test('that stops is asked to go on, and given up', async () => {
    ask({ retries: 1, transferMs: 10_000 });
    hearAll(segments().slice(0, 2));
    await clock.advance(1_000);
    expect(sentApdus().at(-1)).toBe(`42${id()}0104`);
    await clock.advance(1_000);
    expect(sentApdus().at(-1)).toBe(`70${id()}0a`);
    expect(outcomes).toEqual([{ kind: 'timeout', wasSent: true }]);
  });

  test('that would go on for ever ends with its time', async () => {
    ask({ transferMs: 5_000 });
    for (let segment = 0; segment < 100; segment += 1) {
      hear(`3c${id()}${(segment & 0xff).toString(16).padStart(2, '0')}04 0c 00`);
      await clock.advance(100);
    }
    expect(outcomes).toEqual([{ kind: 'timeout', wasSent: true }]);
  });

  test('that is longer than 64 KiB is refused', () => {
    ask();
    const kilobyte = '00'.repeat(1_024);
    for (let segment = 0; segment <= 64; segment += 1) {
      hear(`3c${id()}${segment.toString(16).padStart(2, '0')}01 0c ${kilobyte}`);
    }
    expect(outcomes).toMatchObject([{ kind: 'abort', reason: 1 }]);
    expect(sentApdus().at(-1)).toBe(`70${id()}01`);
  });

  test('is refused where the answer had to be in one piece', () => {
    ask({ maxSegments: 0 });
    hearAll(segments());
    expect(outcomes).toMatchObject([{ kind: 'abort', reason: 4 }]);
  });

  test('is none when two of them are mixed: the device answered the same request twice, differently', () => {
    ask();
    const other = segmentsOf(readAnswer(0, { instance: 4, property: 85 }, 7), lastId(), readProperty, 4);
    hearAll([...segments().slice(0, 2), ...other.slice(1, 2)]);
    expect(outcomes).toEqual([{ kind: 'bad-reply', detail: 'two answers in segments at once' }]);
  });

  test('of more than 64 devices at once is too much: the last one is told to ask for less', () => {
    client = createTestClient(clock, port, { perPeer: 2, inAll: 100 });
    for (let number = 1; number <= 65; number += 1) {
      const peer = peerAt(`10.0.1.${number}`, 47_808);
      ask({ peer, service: readPropertyMultiple });
      port.hear(datagramOf(hex(`3c${id()}0004 0e 00`)), peer.host, peer.port);
    }
    expect(outcomes).toMatchObject([{ kind: 'abort', reason: 9 }]);
  });

  test('kills nobody who did not ask for it', () => {
    ask();
    port.hear(hex('810a000a010038050004'), device.host, device.port);
    port.hear(hex(`810a000a010038${id()}0004`), device.host, device.port);
    expect(outcomes).toEqual([]);
  });
});

describe('what devices ask of us', () => {
  const cov = '0005 2a 01 0907 1c020003e9 2c00000003 39c8 4e 0955 2e 4441a00000 2f 4f';

  test('a notification is acknowledged at once when somebody wants it, and else refused', () => {
    ask();
    hear(cov);
    client.onConfirmed((peer, service) => peer.host === device.host && service === 1);
    hear(cov);
    expect(sentApdus().slice(1)).toEqual(['502a019105914f', '202a01']);
  });

  test.each([
    ['to write', '0005 2a 0f 0c00000001 1955 3e 4441a00000 3f', '602a09'],
    ['to be read', '0005 2a 0c 0c00000001 1955', '602a09'],
    ['to restart', '0005 2a 14 0900', '602a09'],
    ['something in segments', '0805 2a 00 04 0e 00', '712a04'],
  ])('%s: refused', (_, apdu, answer) => {
    ask();
    client.onConfirmed(() => true);
    hear(apdu);
    expect(sentApdus().slice(1)).toEqual([answer]);
  });

  test('who we are is told to nobody, and what is sent to all is not answered', () => {
    ask();
    hear('1008');
    port.hear(datagramOf(hex(cov), '0100', 0x0b), device.host, device.port);
    expect(port.sent).toHaveLength(1);
  });

  test('answers go back through the router', () => {
    ask();
    client.onConfirmed(() => true);
    port.hear(datagramOf(hex(cov), '010800c8010a'), routed.host, routed.port);
    expect(port.sent.at(-1)?.bytes.toString('hex')).toBe('810a000e012000c8010aff202a01');
  });

  test('I-Am passed on by a BBMD is of who sent it; a value passed on is nobody’s', () => {
    const heard: [Peer, number][] = [];
    client.onUnconfirmed((peer, service) => heard.push([peer, service]));
    ask();
    const origin = hex('0a000007bac0');
    port.hear(
      datagramOf(Buffer.concat([origin, hex('0100 1000 c4020003e9 2205c4 9100 2104')]), '', 0x04),
      '10.0.0.9',
      47_808,
    );
    port.hear(datagramOf(Buffer.concat([origin, hex('0100'), hex('1002 0907')]), '', 0x04), '10.0.0.9', 47_808);
    expect(heard).toEqual([[peerAt('10.0.0.7', 47_808), 0]]);
  });
});

describe('the port', () => {
  test('is opened by the first request, and again after it broke down', async () => {
    expect(port.opened).toBe(0);
    ask();
    ask();
    expect(port.opened).toBe(1);
    port.goDown('0.0.0.0:47808: another program has this port');
    const down: Outcome = { kind: 'no-connection', detail: '0.0.0.0:47808: another program has this port' };
    expect(outcomes).toEqual([down, down]);
    ask();
    expect(port.opened).toBe(2);
  });

  test('where nothing can be sent to ends the requests to there, and no others', () => {
    ask();
    ask({ peer: peerAt('10.0.0.6', 47_808) });
    port.failToSend('10.0.0.6', 47_808, 'send EHOSTUNREACH 10.0.0.6');
    expect(outcomes).toEqual([{ kind: 'no-connection', detail: 'send EHOSTUNREACH 10.0.0.6' }]);
  });

  test('that is closed ends what is under way and takes nothing more', async () => {
    ask();
    for (let count = 0; count < 5; count += 1) ask();
    await client.close();
    expect(outcomes).toHaveLength(6);
    ask();
    expect(outcomes).toHaveLength(6);
    await clock.advance(0);
    expect(outcomes).toEqual(Array(7).fill({ kind: 'no-connection', detail: 'the bus is closed' }));
    expect(clock.pending).toBe(0);
  });
});

describe('registered with a BBMD', () => {
  const standings: string[] = [];
  const registers = () => port.sent.filter(({ bytes }) => bytes[1] === 0x05);
  const result = (code: string) => port.hear(hex(`81000006${code}`), '10.9.0.1', 47_808);

  beforeEach(() => {
    standings.length = 0;
    client.register('10.9.0.1', 47_808, 60, ({ kind }) => standings.push(kind));
  });

  test('Who-Is goes by it too, from when it has said yes', () => {
    client.broadcast(encodeWhoIs());
    expect(port.sent).toHaveLength(1);
    port.hear(hex('810000060000'), '10.9.0.2', 47_808);
    result('0000');
    client.broadcast(encodeWhoIs());
    expect(port.broadcasts).toHaveLength(2);
    expect(port.sent.at(-1)).toMatchObject({ host: '10.9.0.1', bytes: hex('8109000c0120ffff00ff1008') });
    expect(standings).toEqual(['asked', 'registered']);
  });

  test('it is renewed when half of the time is over', async () => {
    result('0000');
    for (let round = 0; round < 4; round += 1) {
      await clock.advance(30_001);
      result('0000');
    }
    expect(registers()).toHaveLength(5);
    expect(standings).toEqual(['asked', 'registered']);
  });

  test('one that does not answer is asked again; what it granted holds until its end', async () => {
    result('0000');
    await clock.advance(59_000);
    expect(standings).toEqual(['asked', 'registered']);
    await clock.advance(10_000);
    expect(standings).toEqual(['asked', 'registered', 'silent']);
    expect(registers().length).toBeGreaterThan(6);
    result('0000');
    expect(standings.at(-1)).toBe('registered');
  });

  test('one that refuses is asked again after half a minute', async () => {
    result('0030');
    await clock.advance(29_000);
    expect([registers().length, standings.at(-1)]).toEqual([1, 'refused']);
    await clock.advance(2_000);
    expect(registers()).toHaveLength(2);
  });

  test('one that has forgotten us says so, and is asked at once', () => {
    result('0000');
    result('0060');
    result('0060');
    expect(registers()).toHaveLength(2);
    expect(standings.at(-1)).toBe('asked');
  });

  test('it ends with the client', async () => {
    await client.close();
    expect(clock.pending).toBe(0);
  });
});
