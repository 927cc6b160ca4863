import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAuditRows } from '../../src/store/audit-rows.ts';
import { createDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openTestFile, openTestStore, range, temporaryFolder } from './sample-store.ts';
import { askShell } from './shell.ts';

const dropTriggers = 'drop trigger audit_is_not_changed; drop trigger audit_is_not_removed;';

/** Ten entries in a file that nobody has open. */
async function filledStore(): Promise<{ folder: string; path: string }> {
  const folder = temporaryFolder();
  const store = await openTestStore(folder);
  for (const number of range(1, 10)) {
    await store.appendAudit({ kind: 'command', who: 'platform', body: { command: 'reload', number } });
  }
  await store.close();
  return { folder, path: store.path };
}

describe('the audit', () => {
  test('tells who had what done and when, newest first and in pages, after a restart too', async () => {
    const { folder } = await filledStore();
    const store = await openTestStore(folder);
    const rows = await store.readAudit({ limit: 3 });
    expect(rows.map(({ number }) => number)).toEqual([10, 9, 8]);
    expect(rows[0]).toMatchObject({ kind: 'command', who: 'platform', body: '{"command":"reload","number":10}' });
    expect(Math.abs((rows[0]?.at ?? 0) - Date.now())).toBeLessThan(60_000);
    expect((await store.readAudit({ limit: 3, before: 3 })).map(({ number }) => number)).toEqual([2, 1]);
    expect(await store.verifyAudit()).toEqual({ kind: 'whole', entries: 10, hash: rows[0]?.hash });
  });

  test('of a store that was never asked to keep anything is whole', async () => {
    const store = await openTestStore(temporaryFolder());
    expect(await store.verifyAudit()).toEqual({ kind: 'whole', entries: 0, hash: '' });
  });

  test('can be followed with the sqlite3 shell and sha256 alone', async () => {
    const { path } = await filledStore();
    const [previous = '', last = ''] = askShell(
      path,
      'select json_array(number, id, at, kind, who, body, hash) from audit where number in (6, 7) order by number',
    ).split('\n');
    const { createHash } = await import('node:crypto');
    const [number, id, at, kind, who, body, hash] = JSON.parse(last);
    const text = JSON.stringify([JSON.parse(previous).at(-1), number, id, at, kind, who, body]);
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
  });

  test.each(['update audit set who = 1', 'delete from audit where number = 3', 'delete from audit'])(
    'refuses %s',
    async sql => {
      const { path } = await filledStore();
      expect(() => askShell(path, sql)).toThrow(/append only/);
    },
  );

  test.each([
    ['a changed text', "update audit set body = '{}' where number = 4", 4, 'changed'],
    ['another name', "update audit set who = 'nobody' where number = 1", 1, 'changed'],
    ['an earlier time', 'update audit set at = at - 1 where number = 10', 10, 'changed'],
    ['a changed hash', "update audit set hash = '00' where number = 6", 6, 'changed'],
    ['a removed row', 'delete from audit where number = 5', 5, 'missing'],
    ['a removed first row', 'delete from audit where number = 1', 1, 'missing'],
    ['a removed newest row', 'delete from audit where number > 8', 9, 'missing'],
    ['all of it gone', 'delete from audit', 1, 'missing'],
    [
      'a row that was put behind',
      "insert into audit select 11, 'x', at, kind, who, body, hash from audit where number = 3",
      11,
      'added',
    ],
    [
      'a gap that was closed',
      'delete from audit where number = 5; update audit set number = number - 1 where number > 5',
      5,
      'changed',
    ],
  ])('shows %s, and where', async (_, sql, number, what) => {
    const { folder, path } = await filledStore();
    askShell(path, `${dropTriggers} ${sql}`);
    const file = openTestFile(folder);
    expect(file.auditVerdict()).toEqual({ kind: 'broken', number, what });
    file.close();
  });

  test('goes on behind what was tampered with, which shows for ever', async () => {
    const { folder, path } = await filledStore();
    askShell(path, `${dropTriggers} delete from audit where number = 10; delete from audit_end`);
    const store = await openTestStore(folder);
    await store.appendAudit({ kind: 'configuration', who: 'root', body: 'reloaded' });
    expect(await store.readAudit({ limit: 1 })).toMatchObject([{ number: 10, who: 'root' }]);
    expect(await store.verifyAudit()).toMatchObject({ kind: 'broken', number: 10 });
  });

  test('forgets its oldest entries beyond its limit, and the chain of the others still holds', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder, { auditRows: 700 });
    const rows = range(1, 1_300).map(number => ({
      id: `r-${number}`,
      at: number,
      kind: 'command',
      who: 'p',
      body: '1',
    }));
    for (const row of rows) file.writeRecords([{ kind: 'append-audit', row }]);
    file.tidy();
    expect(file.auditVerdict()).toMatchObject({ kind: 'whole', entries: 800 });
    expect(file.audit({ limit: 1 })[0]?.number).toBe(1_300);
    file.tidy();
    expect(file.auditVerdict()).toMatchObject({ kind: 'whole', entries: 800 });
    file.close();
    const path = join(folder, 'plantroom.db');
    expect(askShell(path, 'select min(number), count(*) from audit')).toBe('501|800');
    // What retention has removed does not come back unnoticed.
    askShell(path, "insert into audit select 500, 'x', at, kind, who, body, hash from audit where number = 600");
    const again = openTestFile(folder);
    expect(again.auditVerdict()).toEqual({ kind: 'broken', number: 500, what: 'added' });
    again.close();
  });

  test('keeps one row of an entry that is written again, and cuts a body that is too long', () => {
    const database = createDatabase(join(temporaryFolder(), 'audit.db'));
    migrate(database);
    const audit = createAuditRows(database);
    const row = { id: 'a-1', at: 1.5, kind: 'command', who: 'platform', body: 'x'.repeat(20_000) };
    expect([audit.append([row]), audit.append([row])]).toEqual([1, 0]);
    expect(audit.read({ limit: 10 }).map(({ body }) => body.length)).toEqual([16_384]);
    expect(audit.verify()).toMatchObject({ kind: 'whole', entries: 1 });
    database.close();
  });
});

describe('commands that have come', () => {
  const command = (id: string, change: { reply?: string; expiresAt?: number } = {}) => ({
    uplink: 'platform',
    id,
    receivedAt: 1_000,
    expiresAt: 2_000,
    reply: undefined,
    ...change,
  });

  test('are found again with what was answered, after a restart too; each uplink has ids of its own', async () => {
    const folder = temporaryFolder();
    const store = await openTestStore(folder);
    await store.keepCommand(command('c1'));
    expect(await store.findCommand('platform', 'c1')).toEqual(command('c1'));
    await store.keepCommand(command('c1', { reply: '{"kind":"done"}' }));
    await store.close();
    const again = await openTestStore(folder);
    expect(await again.findCommand('platform', 'c1')).toEqual(command('c1', { reply: '{"kind":"done"}' }));
    expect(await again.findCommand('second', 'c1')).toBeUndefined();
    expect(await again.findCommand('platform', 'c2')).toBeUndefined();
  });

  test('are bounded: the oldest expired ones are forgotten first, then the oldest', async () => {
    const store = await openTestStore(temporaryFolder(), { commandRows: 3 });
    const kept = async (ids: readonly string[]) => {
      const found = await Promise.all(ids.map(id => store.findCommand('platform', id)));
      return found.flatMap(record => record?.id ?? []);
    };
    await store.keepCommand(command('long', { expiresAt: 9_000 }));
    await store.keepCommand(command('spent', { expiresAt: 500 }));
    await store.keepCommand(command('short'));
    await store.keepCommand(command('new'));
    expect(await kept(['long', 'spent', 'short', 'new'])).toEqual(['long', 'short', 'new']);
    await store.keepCommand(command('new', { reply: 'again' }));
    expect(await kept(['long', 'short', 'new'])).toEqual(['long', 'short', 'new']);
    await store.keepCommand(command('newer'));
    expect(await kept(['long', 'short', 'new', 'newer'])).toEqual(['short', 'new', 'newer']);
  });
});
