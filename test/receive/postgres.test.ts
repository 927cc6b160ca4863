import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { eventKinds } from '../../src/model/alarm.ts';
import { readArrival } from '../../src/receive/arrival.ts';
import type { Output } from '../../src/receive/output.ts';
import { openPostgresOutput } from '../../src/receive/postgres-output.ts';
import { confirmedId } from '../../src/receive/watermark.ts';
import { encodeAlarm } from '../../src/uplink/payload.ts';
import { startCli } from '../cli/terminal.ts';
import { findFreePort, startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { alarmEvent } from '../uplink/samples.ts';
import { alarmMessage, alarmMessages, publish, summaryBatch } from './publishing.ts';

/** A real server in a folder of its own. */
const programs = findPrograms();
let folder: string;
let port: number;
let url: string;

describe.skipIf(programs === undefined)(
  'a PostgreSQL database (skipped where the package postgresql is not installed)',
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'plantroom-pg-'));
      port = await findFreePort();
      url = `postgres://platform@127.0.0.1:${port}/postgres`;
      chmodSync(folder, 0o777);
      asServer('initdb', ['-D', join(folder, 'db'), '-U', 'platform', '--auth=trust', '--no-sync', '-E', 'UTF8']);
      control('start');
    }, 60_000);

    afterAll(() => {
      control('stop');
      rmSync(folder, { recursive: true, force: true });
    });

    test('holds each record once, and what is confirmed, over restarts', async () => {
      const first = await openPostgresOutput(url, systemClock);
      expect(await take(first, alarmMessages('a', 1, 3))).toEqual({ alarm: 3 });
      expect(await take(first, [alarmMessage('a-3'), alarmMessage('a-5'), 'hello'])).toEqual({ alarm: 1, foreign: 1 });
      expect(await take(first, [summaryBatch(['r-1', 'r-2', 'r-2'])])).toEqual({ summary: 2 });
      await first.close();
      const second = await openPostgresOutput(url, systemClock);
      expect(confirmedId(mark(second))).toBe('a-3');
      expect(await take(second, alarmMessages('a', 2, 5))).toEqual({ alarm: 1 });
      expect(confirmedId(mark(second))).toBe('a-5');
      await take(second, [alarmMessage('a-9')]);
      await second.giveUpGaps();
      expect(confirmedId(mark(second))).toBe('a-9');
      await second.close();
      expect(psql("SELECT count(*), count(DISTINCT id) FROM plantroom_record WHERE kind = 'alarm'")).toBe('6|6');
      expect(psql("SELECT body->'data'->>'message' FROM plantroom_record WHERE id = 'a-9'")).toBe('Pressure is low');
      expect(psql('SELECT missing FROM plantroom_given_up')).toBe('[{"to": 8, "from": 6}]');
      expect(psql("SELECT mark->>'upTo' FROM plantroom_watermark")).toBe('9');
      expect(psql("SELECT body->>'text' FROM plantroom_foreign")).toBe('hello');
    });

    test('holds all that can happen to an alarm, by whom and why', async () => {
      const output = await openPostgresOutput(url, systemClock);
      const by = { who: '李伟', from: 'cli' };
      const messages = eventKinds.map((kind, index) =>
        encodeAlarm(alarmEvent(index + 1, { kind, by, reason: 'float switch sticks', until: 7_200_000 }), 'tower-e'),
      );
      expect(await take(output, messages, 'tower-e')).toEqual({ alarm: eventKinds.length });
      await output.close();
      const kinds = psql(
        "SELECT string_agg(replace(body->>'type', 'plantroom.alarm.', ''), ' ' ORDER BY (body->'data'->>'number')::int) FROM plantroom_record WHERE gateway = 'tower-e'",
      );
      expect(kinds).toBe(eventKinds.join(' '));
      const who = "body->'data'->'by'->>'who'";
      const until = "(body->'data'->>'until')::timestamptz = to_timestamp(7200)";
      expect(psql(`SELECT DISTINCT ${who}, ${until} FROM plantroom_record WHERE gateway = 'tower-e'`)).toBe('李伟|t');
    });

    test('takes texts that it has no place for', async () => {
      const output = await openPostgresOutput(url, systemClock);
      const hostile = alarmMessage('z-1')
        .replace('Pressure is low', 'a\\u0000\\ud800b')
        .replace('"message"', '"k\\u0000"');
      expect(await take(output, [hostile.replace('2026-05-12T06:00:01.000Z', 'yesterday')])).toEqual({ alarm: 1 });
      await output.close();
      expect(
        psql("SELECT time IS NULL, body->'data'->>('k' || chr(65533)) FROM plantroom_record WHERE id = 'z-1'"),
      ).toBe('t|a\u{fffd}\u{fffd}b');
    });

    test('is used by two receivers of one gateway at once, and the mark does not go back', async () => {
      const [one, two] = [await openPostgresOutput(url, systemClock), await openPostgresOutput(url, systemClock)];
      await take(one, alarmMessages('q', 1, 2, 'tower-q'), 'tower-q');
      await Promise.all([
        take(one, alarmMessages('q', 3, 40, 'tower-q'), 'tower-q'),
        take(two, alarmMessages('q', 3, 41, 'tower-q'), 'tower-q'),
      ]);
      await one.close();
      await two.close();
      expect(psql("SELECT mark->>'upTo' FROM plantroom_watermark WHERE gateway = 'tower-q'")).toBe('41');
      expect(psql("SELECT count(*) FROM plantroom_record WHERE gateway = 'tower-q'")).toBe('41');
    });

    test('that goes away ends the receiver, and everything is there in the end', async () => {
      await using broker = await startMosquitto();
      await using listener = await startSubscriber({ port: broker.port, topic: 'plantroom/+/confirm' });
      const args = ['receive', '--url', `mqtt://127.0.0.1:${broker.port}`, '--postgres', url, '--confirm'];
      const start = () => startCli(args, { cwd: folder });
      const first = start();
      await waitUntil(
        () => first.err().includes('"msg":"connected"'),
        () => first.err(),
      );
      const topic = 'plantroom/tower-k/alarm';
      await publish(broker.port, topic, alarmMessages('k', 1, 200, 'tower-k'));
      control('stop');
      await publish(broker.port, topic, alarmMessages('k', 201, 400, 'tower-k'));
      const end = await first.end;
      expect(end.code).toBe(7);
      expect(end.err).toContain('the database refuses');
      control('start');
      const second = start();
      await waitUntil(
        () => listener.received.some(({ payload }) => payload.includes('"k-400"')),
        () => `${second.err()}\n${JSON.stringify(listener.received)}`,
      );
      second.child.kill('SIGTERM');
      expect((await second.end).code).toBe(0);
      expect(psql("SELECT count(*) FROM plantroom_record WHERE gateway = 'tower-k'")).toBe('400');
    });

    test('that is not there is named without its password', async () => {
      const wrong = openPostgresOutput('postgres://platform:secret@127.0.0.1:1/x', systemClock);
      await expect(wrong).rejects.toMatchObject({ kind: 'storage', message: expect.stringContaining('ECONNREFUSED') });
      await expect(wrong).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
    });
  },
);

async function take(output: Output, messages: readonly string[], gateway = 'tower-a') {
  const arrivals = messages.map(text => readArrival('plantroom', `plantroom/${gateway}/x`, Buffer.from(text)));
  const total: Record<string, number> = {};
  for (const arrival of arrivals) {
    const { fresh } = await output.write(arrival, systemClock.wallMs());
    for (const [kind, count] of Object.entries(fresh)) total[kind] = (total[kind] ?? 0) + (count ?? 0);
  }
  return total;
}

function mark(output: Output) {
  const found = output.marks().get('tower-a');
  if (found === undefined) throw new Error('nothing came of tower-a');
  return found;
}

function psql(sql: string): string {
  return execFileSync('psql', [url, '-Atc', sql], { encoding: 'utf8' }).trim();
}

function control(order: 'start' | 'stop'): void {
  const options = `-h 127.0.0.1 -p ${port} -k ${folder}`;
  asServer('pg_ctl', ['-D', join(folder, 'db'), '-w', '-o', options, '-l', join(folder, 'log'), '-m', 'fast', order]);
}

/** The server does not run as root. */
function asServer(program: string, args: readonly string[]): void {
  const path = join(programs ?? '', program);
  const isRoot = process.getuid?.() === 0;
  const [command, before] = isRoot
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', path]]
    : [path, []];
  execFileSync(command, [...before, ...args], { stdio: 'ignore' });
}

/** Where Debian puts them; installing the package would start a server, so that is left to whoever runs the tests. */
function findPrograms(): string | undefined {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return undefined;
  return readdirSync(versions)
    .map(version => join(versions, version, 'bin'))
    .findLast(path => existsSync(join(path, 'initdb')));
}
