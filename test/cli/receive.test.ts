import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import { makeCertificates } from '../fakes/certificates.ts';
import { findFreePort, type Mosquitto, startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { mayMount, mountSmallDisk } from '../fakes/small-disk.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { alarmMessage, alarmMessages, publish, summaryBatch } from '../receive/publishing.ts';
import { type CliRun, copyProject, makeFolder, remove, root, runCli, startCli } from './terminal.ts';

interface Line {
  readonly gateway: string;
  readonly kind: string;
  readonly id: string | null;
  readonly body: Record<string, unknown>;
}

const topic = 'plantroom/tower-a/alarm';

let folder: string;
let broker: Mosquitto;
let runs: CliRun[];

beforeEach(async () => {
  folder = makeFolder('receive');
  broker = await startMosquitto();
  runs = [];
});

afterEach(async () => {
  for (const run of runs) run.child.kill('SIGKILL');
  await broker[Symbol.asyncDispose]();
  remove(folder);
});

/** Starts a receiver and waits until it is subscribed. */
async function receive(...args: string[]): Promise<CliRun> {
  const words = ['receive', '--url', `mqtt://127.0.0.1:${broker.port}`, '--out', 'events.jsonl', '--json', ...args];
  const run = startCli(words, { cwd: folder });
  runs.push(run);
  await waitUntil(
    () => run.err().includes('"msg":"connected"') || run.child.exitCode !== null,
    () => run.err(),
  );
  return run;
}

async function stop(run: CliRun) {
  run.child.kill('SIGTERM');
  const end = await run.end;
  return { ...end, counts: end.code === 0 ? JSON.parse(end.out) : undefined };
}

/** What a reader has while the file is being written: whole lines. */
function linesOf(name = 'events.jsonl'): Line[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line));
}

function exampleOf(name: string): Record<string, unknown> {
  const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');
  const [, text = '{}'] = new RegExp(`^\`\`\`json ${name}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  return JSON.parse(text);
}

const alarmIds = () => linesOf().flatMap(({ kind, id }) => (kind === 'alarm' ? [id] : []));

async function waitForLines(count: number): Promise<void> {
  await waitUntil(
    () => linesOf().length >= count,
    () => `${linesOf().length} of ${count} lines; ${runs.at(-1)?.err()}`,
  );
}

describe('the platform', () => {
  test('writes each record once, whatever is sent twice, and over its own restarts', async () => {
    const first = await receive();
    await publish(broker.port, topic, [...alarmMessages('a', 1, 50), ...alarmMessages('a', 41, 60)]);
    await publish(broker.port, 'plantroom/tower-a/summary', [summaryBatch(['a-r-1', 'a-r-2'])]);
    await publish(broker.port, 'plantroom/tower-a/summary', [summaryBatch(['a-r-2', 'a-r-3'])]);
    await publish(broker.port, topic, ['hello']);
    await waitForLines(64);
    const end = await stop(first);
    expect(end.counts).toEqual({
      records: { alarm: 60, summary: 3, status: 0, standing: 0, foreign: 1 },
      duplicates: 11,
      gateways: 1,
      output: join(folder, 'events.jsonl'),
    });
    expect(end.err).toContain('no message of plantroom');
    // docs/cli.md shows both as they are.
    expect(Object.keys(end.counts)).toEqual(Object.keys(exampleOf('receive')));
    for (const line of linesOf()) expect(Object.keys(line)).toEqual(Object.keys(exampleOf('line')));
    const second = await receive();
    await publish(broker.port, topic, alarmMessages('a', 55, 61));
    await waitForLines(65);
    expect((await stop(second)).counts).toMatchObject({ records: { alarm: 1 }, duplicates: 6 });
    expect(alarmIds()).toEqual(Array.from({ length: 61 }, (_, index) => `a-${index + 1}`));
  });

  test('gets from the broker what came while it was away', async () => {
    await stop(await receive());
    await publish(broker.port, topic, alarmMessages('a', 1, 20));
    await receive();
    await waitForLines(20);
    expect(alarmIds()).toHaveLength(20);
  });

  test('loses nothing and writes nothing twice though it is killed again and again in the middle', async () => {
    const count = 3_000;
    await stop(await receive());
    const sending = publish(broker.port, topic, alarmMessages('a', 1, count));
    for (let cycle = 0; cycle < 5; cycle += 1) {
      const before = linesOf().length;
      const run = await receive();
      await waitUntil(
        () => linesOf().length > before || linesOf().length === count,
        () => run.err(),
      );
      run.child.kill('SIGKILL');
      await run.end;
      // As a power cut leaves it: the line that was being written has no end.
      appendFileSync(join(folder, 'events.jsonl'), '{"gateway":"tower-a","kind":"alarm","id":"a-9');
    }
    await sending;
    await receive();
    await waitForLines(count);
    const ids = alarmIds();
    expect(ids).toHaveLength(count);
    expect(new Set(ids).size).toBe(count);
  });

  test.runIf(mayMount)('ends on a full disk and acknowledges nothing more: the broker keeps it', async () => {
    using disk = mountSmallDisk(folder, '64k');
    const run = await receive('--out', 'small/events.jsonl');
    await publish(broker.port, topic, alarmMessages('a', 1, 500));
    const end = await run.end;
    expect(end.code).toBe(exitCodes.storage);
    expect(end.err).toContain('the disk is full');
    expect(linesOf('small/events.jsonl').length).toBeGreaterThan(10);
    disk.grow('4m');
    await receive('--out', 'small/events.jsonl');
    await waitUntil(
      () => linesOf('small/events.jsonl').length === 500,
      () => `${linesOf('small/events.jsonl').length}`,
    );
    expect(new Set(linesOf('small/events.jsonl').map(({ id }) => id)).size).toBe(500);
  });

  test('goes on by itself when the broker was away', async () => {
    const run = await receive();
    await broker.restart();
    await waitUntil(
      () => (run.err().match(/"msg":"connected"/g) ?? []).length === 2,
      () => run.err(),
    );
    await publish(broker.port, topic, alarmMessages('a', 1, 3));
    await waitForLines(3);
  });
});

describe('confirmation', () => {
  const confirmOf = (payload: string) => (JSON.parse(payload) as { id: string }).id;

  test('tells each gateway how far its events have arrived, and not beyond a gap', async () => {
    await using listener = await startSubscriber({ port: broker.port, topic: 'plantroom/+/confirm' });
    const last = (gateway: string) => {
      const said = listener.received.filter(one => one.topic === `plantroom/${gateway}/confirm`).at(-1);
      return said && confirmOf(said.payload);
    };
    const until = (gateway: string, id: string) =>
      waitUntil(
        () => last(gateway) === id,
        () => `${gateway}: ${last(gateway)}`,
      );
    const run = await receive('--confirm');
    await publish(broker.port, topic, alarmMessages('a', 7, 20));
    await publish(broker.port, 'plantroom/tower-b/alarm', alarmMessages('x', 1, 3, 'tower-b'));
    await until('tower-a', 'a-20');
    await until('tower-b', 'x-3');
    await publish(broker.port, topic, [alarmMessage('a-22'), alarmMessage('a-23')]);
    await waitForLines(19);
    // A duplicate asks for the confirmation again: it was lost, or the gateway would not have sent it.
    await publish(broker.port, topic, [alarmMessage('a-20')]);
    const told = listener.received.length;
    await waitUntil(
      () => listener.received.length > told,
      () => 'no confirmation came again',
    );
    expect(last('tower-a')).toBe('a-20');
    await publish(broker.port, topic, [alarmMessage('a-21')]);
    await until('tower-a', 'a-23');
    // The gateway was restored from a backup: a new store, and numbers that were given before.
    await publish(broker.port, topic, [alarmMessage('r-21'), alarmMessage('r-22')]);
    await until('tower-a', 'r-22');
    await stop(run);
    // What is confirmed is known over a restart.
    await receive('--confirm');
    await publish(broker.port, topic, [alarmMessage('r-22')]);
    await waitUntil(
      () => listener.received.filter(one => one.payload.includes('r-22')).length >= 2,
      () => JSON.stringify(listener.received),
    );
  });

  test('goes on behind what is lost only when a person says so', async () => {
    await using listener = await startSubscriber({ port: broker.port, topic: 'plantroom/+/confirm' });
    const run = await receive('--confirm');
    await publish(broker.port, topic, [alarmMessage('a-1'), alarmMessage('a-5')]);
    await waitForLines(2);
    await waitUntil(
      () => listener.received.length > 0,
      () => 'nothing was confirmed',
    );
    expect(listener.received.map(({ payload }) => confirmOf(payload)).at(-1)).toBe('a-1');
    await stop(run);
    await stop(await receive('--confirm', '--give-up-gaps'));
    await receive('--confirm');
    await publish(broker.port, topic, [alarmMessage('a-6')]);
    await waitUntil(
      () => listener.received.some(({ payload }) => confirmOf(payload) === 'a-6'),
      () => JSON.stringify(listener.received),
    );
    expect(linesOf().map(({ kind }) => kind)).toEqual(['alarm', 'alarm', 'given-up', 'alarm']);
  });
});

describe('what is wrong is said', () => {
  const refusal = async (...args: string[]) => {
    const { code, err, out } = await runCli(['receive', ...args], { cwd: folder });
    expect(out).toBe('');
    return { code, err };
  };
  const url = () => `mqtt://127.0.0.1:${broker.port}`;

  test.each([
    ['nowhere to write', ['--url', 'mqtt://a'], 'either --out FILE or --postgres URL'],
    ['two places to write', ['--url', 'mqtt://a', '--out', 'x', '--postgres', 'y'], 'either --out FILE'],
    ['no broker', ['--url', 'http://a', '--out', 'x'], 'no address of a broker'],
    ['a password for all to see', ['--url', 'mqtt://a:b@c', '--out', 'x'], '--password-file'],
    ['half a certificate', ['--url', 'mqtts://a', '--out', 'x', '--cert', 'y'], '--cert and --key belong together'],
    ['a wildcard', ['--url', 'mqtt://a', '--out', 'x', '--gateway', '#'], 'is no topic'],
  ])('%s', async (_what, args, text) => {
    const { code, err } = await refusal(...args);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain(text);
  });

  test('a file of somebody else is left alone', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'hello\n');
    const { code, err } = await refusal('--url', url(), '--out', 'mine.txt');
    expect(code).toBe(exitCodes.storage);
    expect(err).toContain('line 1 of');
    expect(readFileSync(join(folder, 'mine.txt'), 'utf8')).toBe('hello\n');
  });

  test('a second receiver of the same name is suspected, and one of another name has all for itself', async () => {
    const first = await receive('--client-id', 'one');
    await receive('--out', 'other.jsonl', '--client-id', 'one');
    await waitUntil(
      () => first.err().includes('whether another client uses the client id'),
      () => first.err(),
    );
    for (const run of runs) run.child.kill('SIGKILL');
    await receive('--out', 'third.jsonl');
    await receive('--out', 'fourth.jsonl');
    await publish(broker.port, topic, alarmMessages('a', 1, 5));
    for (const name of ['third.jsonl', 'fourth.jsonl']) {
      await waitUntil(
        () => linesOf(name).length === 5,
        () => `${name}: ${linesOf(name).length}`,
      );
    }
  });

  test('a second receiver of the same file does not start, and one whose file another program changes ends', async () => {
    const first = await receive();
    const second = await refusal('--url', url(), '--client-id', 'second', '--out', 'events.jsonl');
    expect(second.code).toBe(exitCodes.busy);
    expect(second.err).toContain('another program writes into');
    appendFileSync(join(folder, 'events.jsonl'), '\n');
    await publish(broker.port, topic, [alarmMessage('a-1')]);
    expect((await first.end).code).toBe(exitCodes.busy);
  });

  test('a login, an access list and a certificate that are wrong', async () => {
    await using certificates = await makeCertificates();
    const { server, strangerCa } = certificates;
    await using locked = await startMosquitto({
      account: { username: 'platform', password: 'right' },
      acl: ['user platform', 'topic read other/#'],
    });
    await using tls = await startMosquitto({ tls: server });
    await writeFile(join(folder, 'wrong'), 'wrong', { mode: 0o600 });
    await writeFile(join(folder, 'right'), 'right', { mode: 0o600 });
    const there = `mqtt://127.0.0.1:${locked.port}`;
    const login = await refusal('--url', there, '--out', 'x', '--username', 'platform', '--password-file', 'wrong');
    expect(login.code).toBe(exitCodes.network);
    expect(login.err).toContain('check --username and --password-file');
    const run = startCli(['receive', '--url', `mqtts://127.0.0.1:${tls.port}`, '--out', 'x', '--ca', strangerCa], {
      cwd: folder,
    });
    runs.push(run);
    await waitUntil(
      () => run.err().includes('name its CA in --ca'),
      () => run.err(),
    );
    const missing = await refusal('--url', there, '--out', 'x', '--password-file', 'nothing');
    expect(missing.code).toBe(exitCodes.site);
  });

  test('a broker that is not there yet is waited for', async () => {
    const port = await findFreePort();
    const run = startCli(['receive', '--url', `mqtt://127.0.0.1:${port}`, '--out', 'x'], { cwd: folder });
    runs.push(run);
    await waitUntil(
      () => run.err().includes('connection refused'),
      () => run.err(),
    );
    run.child.kill('SIGINT');
    expect((await run.end).code).toBe(0);
  });

  test('without its driver PostgreSQL is not to be had', async () => {
    const copy = copyProject(folder, { hasPackages: false });
    // All packages but the driver.
    execFileSync('mkdir', [join(copy, 'node_modules')]);
    const packages = execFileSync('ls', [join(root, 'node_modules')], { encoding: 'utf8' }).split('\n');
    for (const name of packages.filter(one => one !== '' && one !== 'pg')) {
      execFileSync('ln', ['-s', join(root, 'node_modules', name), join(copy, 'node_modules', name)]);
    }
    const args = ['receive', '--url', 'mqtt://127.0.0.1:1', '--postgres', 'postgres://localhost/x'];
    const { code, err } = await runCli(args, { cwd: folder, script: join(copy, 'src/bin/plantroom.mjs') });
    expect(code).toBe(exitCodes['not-found']);
    expect(err).toContain('npm install --no-save pg');
  });
});
