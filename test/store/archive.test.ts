import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyDatabase, findDatabases, verifyDatabase } from '../../src/store/archive.ts';
import { lockStore, placeStore } from '../../src/store/restore.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { alarmEvents, openTestFile, temporaryFolder } from './sample-store.ts';
import { askShell } from './shell.ts';

const copy = (folder: string, name: string, into: string, onProgress = (_done: number) => {}) =>
  copyDatabase({ folder, name, into, onProgress });

/** A store with events 1 to `last`, closed in order. Returns its id. */
function makeStore(folder: string, last: number): string {
  const file = openTestFile(folder);
  const { id } = file.opened();
  file.commitAlarms([{ events: alarmEvents(1, last, id), states: [] }]);
  file.close();
  return id;
}

describe('a copy', () => {
  test('is of one instant and comes to its end, though another process writes all the time', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'history.db');
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'pair-writing-process.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let written = 0;
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      written = Number(/wrote (\d+)\s*$/.exec(text)?.[1] ?? written);
    });
    try {
      await waitUntil(
        () => written > 50_100,
        () => 'the writer does not write',
      );
      for (let round = 0; round < 3; round += 1) {
        const into = join(folder, `copy-${round}.db`);
        const before = written;
        const shares: number[] = [];
        await copy(folder, 'history.db', into, done => shares.push(done));
        expect(shares.length).toBeGreaterThan(3);
        const { rows } = verifyDatabase(into, 'history.db');
        expect(rows.left).toBe(rows.right);
        expect(rows.left).toBeGreaterThanOrEqual(before);
        // It stands for itself: no second file belongs to it.
        expect(readdirSync(folder).filter(name => name.startsWith(`copy-${round}`))).toEqual([`copy-${round}.db`]);
      }
      const during = written;
      await waitUntil(
        () => written > during,
        () => 'the writer was stopped by the copies',
      );
    } finally {
      const exited = once(writer, 'exit');
      writer.kill('SIGTERM');
      await exited;
    }
  }, 60_000);

  test('has what is only in the write-ahead file yet', async () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder);
    const { id } = file.opened();
    file.commitAlarms([{ events: alarmEvents(1, 5, id), states: [] }]);
    await copy(folder, 'plantroom.db', join(folder, 'copy.db'));
    file.close();
    expect(verifyDatabase(join(folder, 'copy.db'), 'plantroom.db')).toMatchObject({
      storeId: id,
      rows: { alarm_log: 5, alarm_state: 0 },
    });
  });

  test('is not made where there is nothing, nor of what is broken', async () => {
    const folder = temporaryFolder();
    expect(() => findDatabases(folder)).toThrow(expect.objectContaining({ kind: 'not-found' }));
    makeStore(folder, 300);
    expect([...findDatabases(folder).keys()]).toEqual(['plantroom.db']);
    const path = join(folder, 'plantroom.db');
    // In the middle of a page of rows.
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${path}`,
      'bs=4096',
      'count=4',
      'seek=20',
      'conv=notrunc',
      'status=none',
    ]);
    await copy(folder, 'plantroom.db', join(folder, 'copy.db')).catch(() => {});
    expect(() => verifyDatabase(join(folder, 'copy.db'), 'plantroom.db')).toThrow(
      expect.objectContaining({ kind: 'storage', message: expect.stringContaining('is damaged') }),
    );
    truncateSync(path, 100);
    await expect(copy(folder, 'plantroom.db', join(folder, 'other.db'))).rejects.toMatchObject({ kind: 'storage' });
  });

  test('of a newer plantroom, or of another program, is not taken', async () => {
    const folder = temporaryFolder();
    makeStore(folder, 1);
    execFileSync('sqlite3', [join(folder, 'plantroom.db'), 'pragma user_version = 999']);
    expect(() => verifyDatabase(join(folder, 'plantroom.db'), 'plantroom.db')).toThrow('newer plantroom');
    execFileSync('sqlite3', [join(folder, 'other.db'), 'create table meta (key text, value text)']);
    expect(() => verifyDatabase(join(folder, 'other.db'), 'plantroom.db')).toThrow('no store of plantroom');
  });
});

test('a copy whose audit was tampered with is not taken', () => {
  const folder = temporaryFolder();
  const file = openTestFile(folder);
  const row = (id: string) => ({ id, at: 1, kind: 'command', who: 'platform', body: '{}' });
  file.writeRecords(['a', 'b', 'c'].map(id => ({ kind: 'append-audit', row: row(id) })));
  file.close();
  const path = join(folder, 'plantroom.db');
  expect(verifyDatabase(path, 'plantroom.db').rows.audit).toBe(3);
  execFileSync('sqlite3', [path, "drop trigger audit_is_not_changed; update audit set who = 'me' where number = 2"]);
  expect(() => verifyDatabase(path, 'plantroom.db')).toThrow('entry 2 of its audit is changed');
});

describe('a restored store', () => {
  const at = Date.UTC(2026, 10, 23, 10, 15);

  async function backUp(folder: string): Promise<string> {
    const from = join(folder, 'from');
    mkdirSync(from);
    await copy(folder, 'plantroom.db', join(from, 'plantroom.db'));
    return from;
  }

  test('goes on with the numbers under a new id, and the old one is kept beside it', async () => {
    const folder = temporaryFolder();
    const id = makeStore(folder, 7);
    const from = await backUp(folder);
    makeMore(folder, 8, 12);
    writeFileSync(join(folder, 'history.db'), 'an old history');
    const lock = lockStore(folder);
    const placed = placeStore({ folder, from, at, madeAt: '2026-11-20T00:00:00.000Z' });
    lock.release();
    expect(placed.setAside).toBe(join(folder, 'plantroom.replaced-2026-11-23T10-15-00'));
    expect(readdirSync(placed.setAside ?? '').sort()).toEqual(['history.db', 'plantroom.db']);
    expect(askShell(join(placed.setAside ?? '', 'plantroom.db'), 'select max(number) from alarm_log')).toBe('12');
    const file = openTestFile(folder);
    expect(file.opened()).toMatchObject({
      id: placed.storeId,
      lastEventNumber: 7,
      setAside: undefined,
      loss: undefined,
    });
    expect(placed.storeId).not.toBe(id);
    file.close();
    expect(existsSync(join(folder, 'history.db'))).toBe(false);
    expect(askShell(join(folder, 'plantroom.db'), 'pragma journal_mode')).toBe('wal');
    const audit = "select who, json_extract(body, '$.restored') from audit order by number desc limit 1";
    expect(askShell(join(folder, 'plantroom.db'), audit)).toBe('command line|2026-11-20T00:00:00.000Z');
    verifyDatabase(join(folder, 'plantroom.db'), 'plantroom.db');
  });

  test('is whole wherever the power goes on the way', async () => {
    // The states of the folder between the renames, as placeStore makes them one after the other.
    const steps: ((folder: string, from: string) => void)[] = [
      () => {},
      (folder, from) => execFileSync('mv', [join(from, 'plantroom.db'), join(folder, 'plantroom.next.db')]),
      folder => {
        mkdirSync(join(folder, 'aside'));
        execFileSync('mv', [join(folder, 'plantroom.db'), join(folder, 'aside')]);
      },
    ];
    for (let done = 1; done <= steps.length; done += 1) {
      const folder = temporaryFolder();
      makeStore(folder, 7);
      const from = await backUp(folder);
      makeMore(folder, 8, 12);
      for (const step of steps.slice(0, done)) step(folder, from);
      const file = openTestFile(folder);
      // The old store before the first rename, the restored one after it.
      expect(file.opened().lastEventNumber).toBe(done === 1 ? 12 : 7);
      file.close();
    }
  });

  test('cannot be put under a daemon that runs', () => {
    const folder = temporaryFolder();
    const file = openTestFile(folder);
    expect(() => lockStore(folder)).toThrow(expect.objectContaining({ kind: 'busy' }));
    file.close();
  });

  function makeMore(folder: string, from: number, to: number): void {
    const file = openTestFile(folder);
    file.commitAlarms([{ events: alarmEvents(from, to, file.opened().id), states: [] }]);
    file.close();
  }
});
