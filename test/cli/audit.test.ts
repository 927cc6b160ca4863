import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { exitCodes } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { exampleOf } from './examples.ts';
import { makeFolder, remove, root, runCli } from './terminal.ts';

let folder: string;
/** It stays open: the command line reads beside it. */
let store: Store;

beforeAll(async () => {
  folder = makeFolder('audit');
  store = await openStore({ folder, clock: systemClock, log: silentLog });
  for (let number = 1; number <= 5; number += 1) {
    await store.appendAudit({ kind: 'command', who: 'platform', body: { id: `c-${number}`, command: 'reload' } });
  }
});

afterAll(async () => {
  await store.close();
  remove(folder);
});

const env = { PLANTROOM_SOCKET: 'nothing' };
const cli = (...args: string[]) => runCli(['audit', '--data', '.', ...args], { cwd: folder, env });

test('the audit is listed newest first, beside a store that is in use', async () => {
  const { code, out } = await cli('--limit', '2');
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(
    /^ 5 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}platform {2}command {2}\{"id":"c-5","command":"reload"\}$/,
  );
  const document = JSON.parse((await cli('--json')).out);
  expect(document.total).toBe(5);
  expect(document.entries.map(({ number }: { number: number }) => number)).toEqual([5, 4, 3, 2, 1]);
  expect(Object.keys(document)).toEqual(Object.keys(exampleOf('audit')));
  expect(Object.keys(document.entries[0])).toEqual(Object.keys(exampleOf('audit').entries[0]));
});

test('an audit that nobody touched is whole, and its newest hash proves it later', async () => {
  const first = JSON.parse((await cli('--verify', '--json')).out);
  expect(first).toEqual({
    kind: 'whole',
    entries: 5,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    isNotedThere: null,
  });
  expect(Object.keys(first)).toEqual(Object.keys(exampleOf('verdict')));
  await store.appendAudit({ kind: 'configuration', who: 'root', body: {} });
  const later = await cli('--verify', '--noted', first.hash);
  expect(later.code).toBe(0);
  expect(later.out).toContain('The audit is whole: 6 entries.');
  const other = await cli('--verify', '--noted', '0'.repeat(64));
  expect(other.code).toBe(exitCodes.storage);
  expect(other.err).toContain('not among them');
});

test('what was done to it afterwards is found', async () => {
  for (const [name, sql, text] of [
    ['changed', "update audit set who = 'nobody' where number = 2", 'entry 2 was changed'],
    ['removed', 'delete from audit where number = 3', 'entry 3 is missing'],
    ['cut', 'delete from audit where number > 4', 'entry 5 is missing'],
  ] as const) {
    const copy = join(folder, name);
    execFileSync('mkdir', [copy]);
    execFileSync('sqlite3', [join(folder, 'plantroom.db'), `vacuum into '${copy}/plantroom.db'`]);
    const drop = 'drop trigger audit_is_not_changed; drop trigger audit_is_not_removed;';
    execFileSync('sqlite3', [join(copy, 'plantroom.db'), `${drop} ${sql}`]);
    const { code, err, out } = await cli('--verify', '--data', name);
    expect([name, code, out]).toEqual([name, exitCodes.storage, '']);
    expect(err).toContain(text);
  }
});

test('where there is no audit, no store and no daemon, it says so', async () => {
  expect((await cli('--data', 'nowhere')).code).toBe(exitCodes['not-found']);
  expect((await runCli(['audit'], { cwd: folder, env })).code).toBe(exitCodes['not-running']);
  expect((await cli('--noted', 'x')).code).toBe(exitCodes.usage);
  const old = join(folder, 'old');
  execFileSync('mkdir', [old]);
  execFileSync('sqlite3', [
    join(old, 'plantroom.db'),
    'create table meta (key text, value text); pragma user_version = 2',
  ]);
  expect((await cli('--data', 'old')).err).toContain('of an older plantroom');
  copyFileSync(join(root, 'package.json'), join(old, 'plantroom.db'));
  expect((await cli('--data', 'old')).code).toBe(exitCodes.storage);
});
