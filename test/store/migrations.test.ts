import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { createDatabase, type Database, readNumberPragma } from '../../src/store/database.ts';
import { writeMeta } from '../../src/store/meta.ts';
import { latestVersion, type Migration, migrate, migrations } from '../../src/store/migrations.ts';
import { alarmEvent, openTestFile, stateAfter, temporaryFolder } from './sample-store.ts';
import { askShell } from './shell.ts';

const steps: readonly Migration[] = [
  { version: 1, sql: 'CREATE TABLE device (name TEXT) STRICT' },
  { version: 2, sql: "ALTER TABLE device ADD COLUMN room TEXT; INSERT INTO device VALUES ('pump', 'cellar')" },
  { version: 3, sql: 'CREATE INDEX device_room ON device (room)' },
];

/** As version 1 has written it; the columns are there in all versions. */
function insertEvent(database: Database, event: Omit<AlarmEvent, 'stamp'>): void {
  const { number, id, alarm, occurrence, kind, priority } = event;
  database
    .prepare(
      `INSERT INTO alarm_log (number, id, alarm, occurrence, kind, priority, sampled_at, detected_at, body)
       VALUES (?, ?, ?, ?, ?, ?, 1, 2, ?)`,
    )
    .run(number, id, alarm, occurrence, kind, priority, JSON.stringify(event));
}

function newDatabase(): Database {
  const database = createDatabase(join(temporaryFolder(), 'plantroom.db'));
  onTestFinished(() => {
    database.close();
  });
  return database;
}

describe('the schema', () => {
  test('has steps that are numbered from 1 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  test.each([0, 1, 2, 3])('is brought up to date from version %i, and what was stored is kept', from => {
    const database = newDatabase();
    migrate(database, steps.slice(0, from));
    if (from === 1) database.prepare("INSERT INTO device VALUES ('lift')").run();
    migrate(database, steps);
    expect(readNumberPragma(database, 'user_version')).toBe(3);
    const names = database.prepare('SELECT name FROM device ORDER BY name').pluck().all();
    expect(names).toEqual(from === 1 ? ['lift', 'pump'] : ['pump']);
    migrate(database, steps);
    expect(database.prepare('SELECT count(*) FROM device').pluck().get()).toBe(names.length);
  });

  test('stays at the last whole step when a later one fails half way', () => {
    const database = newDatabase();
    const failing = [...steps.slice(0, 2), { version: 3, sql: 'CREATE TABLE half (a); CREATE TABLE device (b)' }];
    expect(() => migrate(database, failing)).toThrow(/already exists/);
    expect(readNumberPragma(database, 'user_version')).toBe(2);
    expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0);
    migrate(database, steps);
    expect(readNumberPragma(database, 'user_version')).toBe(3);
  });

  test.each(migrations.map(({ version }) => version))(
    'of version %i, with rows in it, is opened by this plantroom',
    version => {
      const folder = temporaryFolder();
      const database = createDatabase(join(folder, 'plantroom.db'));
      migrate(
        database,
        migrations.filter(step => step.version <= version),
      );
      writeMeta(database, 'store_id', 'old');
      const event = alarmEvent(7, 'old');
      insertEvent(database, event);
      database.close();

      const file = openTestFile(folder);
      expect(file.opened()).toMatchObject({ id: 'old', lastEventNumber: 7, setAside: undefined, loss: undefined });
      expect(file.alarmsAfter({ after: 0, limit: 10 })).toEqual([event]);
      file.commitAlarms([{ events: [alarmEvent(8, 'old')], states: [stateAfter(event)] }]);
      file.close();
      expect(askShell(join(folder, 'plantroom.db'), 'pragma user_version')).toBe(String(latestVersion()));
    },
  );

  test.each([
    ['the oldest unsent event', [true, true, false, true, false], 2],
    ['everything, where all was sent', [true, true, true], 3],
    ['nothing, where nothing was sent', [false, false], 0],
  ])('of version 2 takes the uplink over: it has sent what is before %s', (_, sent, cursor) => {
    const folder = temporaryFolder();
    const database = createDatabase(join(folder, 'plantroom.db'));
    migrate(database, migrations.slice(0, 2));
    writeMeta(database, 'store_id', 'old');
    for (const [index, isSent] of sent.entries()) {
      const { stamp: _stamp, ...event } = alarmEvent(index + 1, 'old');
      insertEvent(database, event);
      if (isSent) database.prepare('UPDATE alarm_log SET sent_at = 5 WHERE number = ?').run(index + 1);
    }
    database.close();

    const file = openTestFile(folder);
    expect(file.opened().cursors).toEqual([{ uplink: 'platform', sent: cursor, delivered: cursor }]);
    expect(file.figures()?.owed).toEqual([{ uplink: 'platform', events: sent.length - cursor }]);
    // Nobody knows how good the times of an event without a stamp are.
    expect(file.alarmsAfter({ after: cursor, limit: 10 }).map(({ stamp }) => stamp.clock)).toEqual(
      sent.slice(cursor).map(() => 'unsynchronised'),
    );
    file.close();
    const columns = askShell(
      join(folder, 'plantroom.db'),
      "select group_concat(name) from pragma_table_info('alarm_log')",
    );
    expect(columns).toBe('number,id,alarm,occurrence,kind,priority,sampled_at,detected_at,body,clock,boot_id,boot_ms');
    expect(askShell(join(folder, 'plantroom.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('of version 2 without events leaves no uplink behind that a site might not have', () => {
    const folder = temporaryFolder();
    openTestFile(folder).close();
    expect(askShell(join(folder, 'plantroom.db'), 'select count(*) from uplink')).toBe('0');
  });

  test('of a newer plantroom is refused and not touched', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'plantroom.db');
    openTestFile(folder).close();
    askShell(path, `pragma user_version = ${latestVersion() + 1}`);
    const before = readFileSync(path);
    expect(() => openTestFile(folder)).toThrow(
      expect.objectContaining({
        kind: 'storage',
        message: expect.stringContaining(path),
        hint: expect.stringContaining('version'),
      }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
    // The refusal let go of the folder.
    askShell(path, `pragma user_version = ${latestVersion()}`);
    openTestFile(folder).close();
  });
});
