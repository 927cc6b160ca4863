import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientLimits, createApiClient } from '../../src/api/client.ts';
import { type Api, apiLimits, createApi } from '../../src/api/server.ts';
import { probeSocket } from '../../src/api/socket.ts';
import { PlantroomError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { SampleGateway, samplePoint } from './sample-gateway.ts';

let folder: string;
let socketPath: string;
let gateway: SampleGateway;
let api: Api;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-api-'));
  socketPath = join(folder, 'plantroom.sock');
  gateway = new SampleGateway();
  api = createApi({ gateway, socketPath, log: silentLog });
  await api.start();
});

afterEach(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A request as anybody could make it, past our own client. */
async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const outgoing = request({ socketPath, method, path, agent: false, headers });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  const reply = await text(response);
  return { status: response.statusCode as number, headers: response.headers, body: JSON.parse(reply) };
}

/** Raw bytes to the socket; resolves with all that came back once the other side has closed. */
async function sendBytes(bytes: string): Promise<string> {
  const socket = connect({ path: socketPath });
  socket.write(bytes);
  // Who refuses a request may reset the connection after its answer.
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', data => {
    answer += data;
  });
  await once(socket, 'close');
  return answer;
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.then(
    () => undefined,
    thrown => thrown,
  );
  expect(failure).toBeInstanceOf(PlantroomError);
  expect(failure.message).not.toContain('\n');
  expect(failure.hint).toBeTruthy();
  return failure.kind;
}

describe('who asks on the socket', () => {
  test('gets the points of a pattern, in the order of the site', async () => {
    const client = createApiClient(socketPath);
    expect(await client.points()).toEqual(gateway.pointViews);
    expect((await client.points('feeder/*')).map(({ key }) => key)).toEqual(['feeder/current-l1', 'feeder/serial']);
    expect(await client.points('nothing like that')).toEqual([]);
  });

  test('gets names in any script, and patterns with signs that mean something in a URL', async () => {
    gateway.pointViews = [samplePoint({ key: 'b&c/t?=#', name: '1号水泵 💧' })];
    expect(await createApiClient(socketPath).points('b&c/t?=#')).toEqual(gateway.pointViews);
  });

  test('gets the standing alarms, and as much history as asked for', async () => {
    const client = createApiClient(socketPath);
    expect(await client.alarms(0)).toEqual({
      standing: JSON.parse(JSON.stringify(gateway.standing)),
      hidden: [],
      suppressions: [],
      deadlines: [],
      history: [],
    });
    // An absent state is no key in JSON.
    expect((await client.alarms(5)).history).toEqual(JSON.parse(JSON.stringify(gateway.history)));
    expect(gateway.historyLimits).toEqual([0, 5]);
  });

  test('gets the status', async () => {
    expect(await createApiClient(socketPath).status()).toEqual(gateway.statusView);
  });

  test('gets what devices refuse, and may have it forgotten', async () => {
    const client = createApiClient(socketPath);
    expect(await client.holes()).toEqual(gateway.holeViews);
    expect(await client.command({ kind: 'forget-holes', device: 'feeder' })).toEqual(gateway.reply);
    expect(gateway.commands).toEqual([{ kind: 'forget-holes', device: 'feeder' }]);
  });

  test('may have the site file reloaded, and is told when that was refused', async () => {
    const client = createApiClient(socketPath);
    expect(await client.command({ kind: 'reload' })).toEqual(gateway.reply);
    gateway.reply = { kind: 'refused', message: 'the site file is wrong', details: ['site.yaml:3:5: error: …'] };
    expect(await client.command({ kind: 'reload' })).toEqual(gateway.reply);
    expect(gateway.commands).toEqual([{ kind: 'reload' }, { kind: 'reload' }]);
  });

  test('gets all of a large site', async () => {
    gateway.pointViews = Array.from({ length: 20_000 }, (_, index) => samplePoint({ key: `d/${index}` }));
    expect(await createApiClient(socketPath).points()).toHaveLength(20_000);
  });

  test('is served beside others who ask at the same time', async () => {
    const client = createApiClient(socketPath);
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.status()));
    expect(answers.map(({ pid }) => pid)).toEqual(Array(40).fill(4711));
  });
});

describe('a wrong question is refused in words', () => {
  test.each([
    ['GET', '/', undefined, 404, 'not-found', 'there is no /'],
    ['GET', '/v1/point', undefined, 404, 'not-found', 'there is no /v1/point'],
    ['GET', '/v1/points/', undefined, 404, 'not-found', 'there is no /v1/points/'],
    ['GET', '/v1/points?macth=x', undefined, 400, 'usage', 'unknown parameter macth'],
    ['GET', '/v1/points?match=a&match=b', undefined, 400, 'usage', 'the parameter match is given more than once'],
    ['GET', '/v1/alarms?history=-1', undefined, 400, 'usage', 'history must be a whole number'],
    ['GET', '/v1/alarms?history=1001', undefined, 400, 'usage', 'history must be a whole number'],
    ['GET', '/v1/alarms?history=1e2', undefined, 400, 'usage', 'history must be a whole number'],
    ['GET', '/v1/alarms?history=', undefined, 400, 'usage', 'history must be a whole number'],
    ['POST', '/v1/points', '{}', 405, 'usage', '/v1/points takes GET, not POST'],
    ['DELETE', '/v1/commands', undefined, 405, 'usage', '/v1/commands takes POST, not DELETE'],
    ['POST', '/v1/commands', '', 400, 'usage', 'the body is no JSON'],
    ['POST', '/v1/commands', '[1', 400, 'usage', 'the body is no JSON'],
    ['POST', '/v1/commands', 'null', 400, 'usage', 'a command is a JSON object'],
    ['POST', '/v1/commands', '{"kind":"write"}', 400, 'usage', 'unknown command "write"'],
    ['POST', '/v1/commands', '{"kind":"forget-holes"}', 400, 'usage', '"forget-holes" needs the id of a device'],
    ['POST', '/v1/commands', '{"kind":{}}', 400, 'usage', 'unknown command {}'],
  ])('%s %s %s → %i %s', async (method, path, body, status, kind, message) => {
    const reply = await ask(method, path, body);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.body.error.kind).toBe(kind);
    expect(reply.body.error.message).toContain(message);
    expect(gateway.commands).toEqual([]);
  });

  test('also when the pattern is longer than any key', async () => {
    const reply = await ask('GET', `/v1/points?match=${'*'.repeat(201)}`);
    expect(reply.body.error.message).toContain('the pattern is longer');
  });

  test('with the method that would be right', async () => {
    expect((await ask('PUT', '/v1/status')).headers.allow).toBe('GET');
  });

  test('and an error of the gateway itself keeps its words on the way to the client', async () => {
    gateway.handle = async () => {
      throw new PlantroomError('the disk is full', { kind: 'storage', hint: 'make room' });
    };
    await expect(createApiClient(socketPath).command({ kind: 'reload' })).rejects.toMatchObject({
      kind: 'storage',
      message: 'the disk is full',
      hint: 'make room',
    });
  });

  test('and a bug behind the door is an internal error, not a lost daemon', async () => {
    gateway.status = () => {
      throw new TypeError('x is undefined');
    };
    const client = createApiClient(socketPath);
    expect(await kindOf(client.status())).toBe('internal');
    expect(await client.points()).toHaveLength(4);
  });
});

describe('the socket stands what a hostile or broken client does', () => {
  test('a body that never ends is cut off', async () => {
    const reply = await ask('POST', '/v1/commands', 'x'.repeat(apiLimits.bodyBytes + 1));
    expect(reply.status).toBe(413);
    expect(reply.headers.connection).toBe('close');
  });

  test.each([
    ['a header without end', `GET /v1/status HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, '431'],
    ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', '400'],
    ['two lengths', 'POST /v1/commands HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}', '400'],
  ])('%s', async (_, bytes, status) => {
    expect(await sendBytes(bytes)).toContain(`HTTP/1.1 ${status}`);
    expect((await createApiClient(socketPath).status()).pid).toBe(4711);
  });

  test('a client that says nothing, or half of something, is sent away', async () => {
    const answers = await Promise.all([
      sendBytes(''),
      sendBytes('GET /v1/sta'),
      sendBytes('POST /v1/commands HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{'),
    ]);
    expect(answers.map(answer => answer.split('\r\n')[0])).toEqual(Array(3).fill('HTTP/1.1 408 Request Timeout'));
  }, 60_000);

  test('a client that goes away before its answer harms nobody', async () => {
    const answer = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    gateway.handle = async () => {
      asked.resolve();
      await answer.promise;
      return { kind: 'done', message: '' };
    };
    const socket = connect({ path: socketPath });
    socket.write('POST /v1/commands HTTP/1.1\r\nhost: x\r\ncontent-length: 17\r\n\r\n{"kind":"reload"}');
    await asked.promise;
    socket.destroy();
    answer.resolve();
    expect((await createApiClient(socketPath).status()).pid).toBe(4711);
  });

  test('more connections than it takes are dropped, and there is room again when they have gone', async () => {
    const sockets: Socket[] = [];
    for (let index = 0; index < apiLimits.connections; index += 1) {
      const socket = connect({ path: socketPath });
      await once(socket, 'connect');
      sockets.push(socket);
    }
    expect(await kindOf(createApiClient(socketPath).status())).toBe('not-running');
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(
        () =>
          createApiClient(socketPath)
            .status()
            .catch(() => undefined),
        { timeout: 10_000 },
      )
      .toBeTruthy();
  });
});

describe('the socket file', () => {
  test('may be used by owner and group only', () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
  });

  test('is gone after a stop, and the same place can be taken again', async () => {
    await api.stop();
    expect(existsSync(socketPath)).toBe(false);
    api = createApi({ gateway, socketPath, log: silentLog });
    await api.start();
    expect((await createApiClient(socketPath).status()).pid).toBe(4711);
  });

  test('of a living daemon is not taken from it', async () => {
    const second = createApi({ gateway: new SampleGateway(), socketPath, log: silentLog });
    expect(await kindOf(second.start())).toBe('busy');
    await second.stop();
    expect((await createApiClient(socketPath).status()).pid).toBe(4711);
  });

  test('of a daemon that was killed is replaced', async () => {
    await api.stop();
    const holder = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('up'))`,
    ]);
    await once(holder.stdout, 'data');
    const exited = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exited;
    expect(await probeSocket(socketPath)).toBe('dead');
    api = createApi({ gateway, socketPath, log: silentLog });
    await api.start();
    expect((await createApiClient(socketPath).status()).pid).toBe(4711);
  });

  test('is never made out of a file that is something else', async () => {
    await api.stop();
    writeFileSync(socketPath, 'my notes');
    api = createApi({ gateway, socketPath, log: silentLog });
    expect(await kindOf(api.start())).toBe('busy');
    expect(statSync(socketPath).size).toBe(8);
  });

  test('is made together with its folder; where that cannot be, the error says so', async () => {
    const deep = createApi({ gateway, socketPath: join(folder, 'a/b/plantroom.sock'), log: silentLog });
    await deep.start();
    expect(await probeSocket(join(folder, 'a/b/plantroom.sock'))).toBe('live');
    await deep.stop();
    writeFileSync(join(folder, 'file'), '');
    const wrong = createApi({ gateway, socketPath: join(folder, 'file/plantroom.sock'), log: silentLog });
    expect(await kindOf(wrong.start())).toBe('storage');
  });

  test('may lie deeper than the system takes, as long as the way from here is short', async () => {
    const before = process.cwd();
    const deepFolder = join(folder, 'd'.repeat(60), 'e'.repeat(60));
    mkdirSync(deepFolder, { recursive: true });
    const deepPath = join(deepFolder, 'plantroom.sock');
    const deep = createApi({ gateway, socketPath: deepPath, log: silentLog });
    expect(await kindOf(deep.start())).toBe('usage');
    expect(await kindOf(createApiClient(deepPath).status())).toBe('usage');
    process.chdir(deepFolder);
    try {
      await deep.start();
      expect((await createApiClient(deepPath).status()).pid).toBe(4711);
    } finally {
      await deep.stop();
      process.chdir(before);
    }
  });
});

describe('a stop', () => {
  test('ends connections that hang, and answers that are not ready', async () => {
    gateway.handle = () => new Promise(() => {});
    const hanging = kindOf(createApiClient(socketPath).command({ kind: 'reload' }));
    const silent = connect({ path: socketPath });
    await once(silent, 'connect');
    silent.on('error', () => {});
    const closed = new Promise(resolve => silent.once('close', resolve));
    await api.stop();
    expect(await hanging).toBe('not-running');
    await closed;
  });

  test('before a start, and a second one, do nothing', async () => {
    await createApi({ gateway, socketPath: join(folder, 'other.sock'), log: silentLog }).stop();
    await api.stop();
    await api.stop();
  });
});

describe('a client', () => {
  test('says that no daemon runs where there is no socket, no folder, or nobody behind it', async () => {
    expect(await kindOf(createApiClient(join(folder, 'nobody.sock')).status())).toBe('not-running');
    expect(await kindOf(createApiClient(join(folder, 'no/folder.sock')).status())).toBe('not-running');
    writeFileSync(join(folder, 'file.sock'), '');
    expect(await kindOf(createApiClient(join(folder, 'file.sock')).status())).toBe('not-running');
  });

  test.skipIf(process.getuid?.() === 0)('says that it lacks the permission', async () => {
    chmodSync(socketPath, 0);
    expect(await kindOf(createApiClient(socketPath).status())).toBe('refused');
  });

  test('gives up on a daemon that accepts but never answers', async () => {
    const server = createServer(() => {}).listen(join(folder, 'mute.sock'));
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const clock = new VirtualClock();
    const failure = kindOf(createApiClient(join(folder, 'mute.sock'), clock).status());
    const [connection] = await accepted;
    expect(clock.pending).toBe(1);
    await clock.advance(clientLimits.viewTimeoutMs);
    expect(await failure).toBe('not-running');
    expect(clock.pending).toBe(0);
    connection.destroy();
    server.close();
  });

  test.each([
    ['something that is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'not-running'],
    ['a page', 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>', 'network'],
    ['an error in another shape', 'HTTP/1.1 500 X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}', 'network'],
    [
      'an error of a kind it does not know',
      'HTTP/1.1 500 X\r\ncontent-length: 29\r\nconnection: close\r\n\r\n{"error":{"kind":"toString"}} ',
      'network',
    ],
    ['half of an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"pid":', 'not-running'],
  ])('meets %s and says so', async (_, answer, kind) => {
    const server = createServer(socket => socket.on('error', () => {}).once('data', () => socket.end(answer)));
    server.listen(join(folder, 'other.sock'));
    await once(server, 'listening');
    expect(await kindOf(createApiClient(join(folder, 'other.sock')).status())).toBe(kind);
    server.close();
  });
});

describe('a question to a device', () => {
  const question = { kind: 'raw', unitId: 1, table: 'holding-register', address: 0, count: 2 } as const;

  test('reaches the gateway as it was asked, and its answer comes back', async () => {
    gateway.answer = { kind: 'exception', code: 2, text: 'exception 2', responseMs: 3 };
    const client = createApiClient(socketPath);
    expect(await client.ask({ bus: 'pump-room', question, timeoutMs: 250 })).toEqual(gateway.answer);
    expect(gateway.questions).toEqual([{ question, timeoutMs: 250 }]);
    await client.ask({ bus: 'pump-room', question: { kind: 'identify', unitId: 247 }, timeoutMs: 1 });
    expect(gateway.questions[1]?.question).toEqual({ kind: 'identify', unitId: 247 });
  });

  test('to a bus that is none of the site, or the gateway itself, is not asked', async () => {
    for (const bus of ['nope', 'self']) {
      expect(await kindOf(createApiClient(socketPath).ask({ bus, question, timeoutMs: 1 }))).toBe('not-found');
    }
    expect(gateway.questions).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no object', 7],
    ['no bus', { question, timeoutMs: 1 }],
    ['no question', { bus: 'pump-room', timeoutMs: 1 }],
    ['no time', { bus: 'pump-room', question }],
    ['all the time', { bus: 'pump-room', question, timeoutMs: 60_000 }],
    ['another kind', { bus: 'pump-room', question: { ...question, kind: 'write' }, timeoutMs: 1 }],
    ['no such table', { bus: 'pump-room', question: { ...question, table: 'file' }, timeoutMs: 1 }],
    ['no such unit', { bus: 'pump-room', question: { ...question, unitId: 256 }, timeoutMs: 1 }],
    ['half a register', { bus: 'pump-room', question: { ...question, address: 0.5 }, timeoutMs: 1 }],
    ['too many registers', { bus: 'pump-room', question: { ...question, count: 126 }, timeoutMs: 1 }],
    ['more than there are', { bus: 'pump-room', question: { ...question, address: 65_535 }, timeoutMs: 1 }],
  ])('with %s is refused before it reaches a bus', async (_, body) => {
    expect(await ask('POST', '/v1/ask', JSON.stringify(body))).toMatchObject({
      status: 400,
      body: { error: { kind: 'usage' } },
    });
    expect(gateway.questions).toEqual([]);
  });

  test('finds its device by what the gateway says of the plant', async () => {
    const client = createApiClient(socketPath);
    const plant = await client.plant();
    expect(plant.buses.map(({ id }) => id)).toEqual(['pump-room', 'switch-room', 'lift-room']);
    expect(plant.devices).toContainEqual({ id: 'tank', name: 'Break tank', bus: 'pump-room', unitId: 2 });
    expect(plant.points).toEqual([]);
    const { points } = await client.plant('tank');
    expect(points[0]).toMatchObject({
      key: 'tank/level',
      unit: 'm',
      scale: 0.01,
      address: { address: 4, type: 's16' },
    });
    expect(await kindOf(client.plant('nope'))).toBe('not-found');
  });

  test('the plant tells no secrets: neither the uplink nor its password is in it', async () => {
    const { body } = await ask('GET', '/v1/plant');
    expect(Object.keys(body)).toEqual(['buses', 'devices', 'points', 'bacnet']);
  });
});
