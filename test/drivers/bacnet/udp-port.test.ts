import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createUdpPort, type UdpPort } from '../../../drivers/bacnet/udp-port.ts';
import { waitUntil } from '../../fakes/wait-until.ts';

/** Ports of our own, also when these tests run twice at a time. */
const base = 20_000 + (process.pid % 1_000) * 10;

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

interface Heard {
  readonly port: UdpPort;
  readonly datagrams: { readonly text: string; readonly host: string; readonly port: number }[];
  readonly downs: string[];
  readonly unsent: string[];
}

function open(address: string, port: number, broadcast?: string): Heard {
  const made = createUdpPort({ address, port, broadcast });
  opened.push(made);
  const heard: Heard = { port: made, datagrams: [], downs: [], unsent: [] };
  made.open({
    onDatagram: (bytes, host, from) => heard.datagrams.push({ text: bytes.toString(), host, port: from }),
    onDown: detail => heard.downs.push(detail),
    onUnsent: (host, to, detail) => heard.unsent.push(`${host}:${to}: ${detail}`),
  });
  return heard;
}

async function otherSocket(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind({ address, port: 0 });
  await once(socket, 'listening');
  opened.push(socket);
  return socket;
}

describe('a port on the address of an interface', () => {
  test('hears what is sent to it and what is sent to all', async () => {
    const heard = open('127.0.0.1', base + 1);
    const other = await otherSocket('127.0.0.2');
    other.setBroadcast(true);
    await waitUntil(
      () => {
        other.send('to one', base + 1, '127.0.0.1');
        other.send('to all', base + 1, '127.255.255.255');
        return new Set(heard.datagrams.map(({ text }) => text)).size === 2;
      },
      () => `heard ${JSON.stringify(heard)}`,
    );
    expect(heard.datagrams[0]).toMatchObject({ host: '127.0.0.2', port: other.address().port });
  });

  test('sends from there, also before it is bound', async () => {
    const other = await otherSocket('127.0.0.2');
    const heard = open('127.0.0.1', base + 2);
    heard.port.send(Buffer.from('hello'), '127.0.0.2', other.address().port);
    const [bytes, from] = await once(other, 'message');
    expect([String(bytes), from.address, from.port]).toEqual(['hello', '127.0.0.1', base + 2]);
  });

  test('sends to all of its network', async () => {
    const heard = open('127.0.0.1', base + 3);
    // Our own broadcast comes back to us: the second socket hears it.
    await waitUntil(
      () => {
        heard.port.broadcast(Buffer.from('who is'));
        return heard.datagrams.length > 0;
      },
      () => 'the broadcast was not heard',
    );
    expect(heard.datagrams[0]).toEqual({ text: 'who is', host: '127.0.0.1', port: base + 3 });
  });
});

test('a port that another program has is told, and nobody’s answers are taken', async () => {
  const first = open('127.0.0.1', base + 5);
  await delay(50);
  const second = open('127.0.0.1', base + 5);
  await waitUntil(
    () => second.downs.length > 0,
    () => `no ${JSON.stringify(second)}`,
  );
  expect(second.downs).toEqual([`127.0.0.1:${base + 5}: another program has this port`]);
  expect(first.downs).toEqual([]);
  // It can be opened when the other one is gone.
  await first.port.close();
  second.port.open({
    onDatagram: bytes => second.unsent.push(bytes.toString()),
    onDown: detail => second.downs.push(detail),
    onUnsent: () => undefined,
  });
  const other = await otherSocket('127.0.0.2');
  await waitUntil(
    () => {
      other.send('again', base + 5, '127.0.0.1');
      return second.unsent.includes('again');
    },
    () => `heard ${JSON.stringify(second)}`,
  );
});

test('an address that this machine does not have is told', async () => {
  const heard = open('192.0.2.77', base + 6);
  await waitUntil(
    () => heard.downs.length > 0,
    () => `no ${JSON.stringify(heard)}`,
  );
  expect(heard.downs).toEqual([`192.0.2.77:${base + 6}: no interface of this machine has this address`]);
});

test('a datagram that cannot leave is told, and nothing else breaks', async () => {
  const heard = open('127.0.0.1', base + 7);
  // From a loopback address there is no way out.
  heard.port.send(Buffer.from('hello'), '192.0.2.1', 47_808);
  await waitUntil(
    () => heard.unsent.length > 0,
    () => `no ${JSON.stringify(heard)}`,
  );
  expect(heard.unsent[0]).toMatch(/^192\.0\.2\.1:47808: send E/);
  expect(heard.downs).toEqual([]);
});

test('a datagram to a port that cannot be, as a forged one may ask for, is told and throws nothing', async () => {
  const heard = open('127.0.0.1', base + 9);
  heard.port.send(Buffer.from('hello'), '127.0.0.2', 0);
  await waitUntil(
    () => heard.unsent.length > 0,
    () => 'nothing was told',
  );
  expect(heard.unsent[0]).toMatch(/^127\.0\.0\.2:0: /);
});

test('a closed port says nothing more, and may be closed again', async () => {
  const heard = open('127.0.0.1', base + 8);
  await heard.port.close();
  await heard.port.close();
  heard.port.send(Buffer.from('hello'), '127.0.0.2', 9);
  await delay(50);
  expect([heard.downs, heard.unsent, heard.datagrams]).toEqual([[], [], []]);
});
