import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { RuleMemory } from '../../src/model/rule-memory.ts';
import { createDatabase } from '../../src/store/database.ts';
import {
  alarmEvent,
  alarmEvents,
  numbersOf,
  openTestFile,
  openTestStore,
  range,
  stateAfter,
  temporaryFolder,
  upTo,
} from './sample-store.ts';
import { askShell } from './shell.ts';

const pageBytes = 4_096;
const last = 400;

let folder: string;
let database: string;

beforeEach(() => {
  folder = temporaryFolder();
  database = join(folder, 'plantroom.db');
});

const remembered: RuleMemory = {
  rule: 'pump/unusual',
  signature: 'of its terms',
  savedAt: 1_795_428_900_000,
  stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
  state: [1, null, 3],
};

/** 400 events, of which the first 100 were sent, and two alarms that stand. Everything is in the database file itself. */
function fillStore(): string {
  const file = openTestFile(folder);
  const { id } = file.opened();
  const standing = [alarmEvent(399, id, { alarm: 'lift/fault' }), alarmEvent(400, id)];
  file.commitAlarms([{ events: [...alarmEvents(1, last - 2, id), ...standing], states: standing.map(stateAfter) }]);
  file.writeCursors([{ uplink: 'platform', ...upTo(100) }]);
  file.writeRecords([{ kind: 'keep-memories', memories: [remembered] }]);
  file.close();
  return id;
}

function damage(path: string, offset: number, bytes: Buffer): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, offset);
  closeSync(descriptor);
}

function randomBytes(count: number, seed: number): Buffer {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random.next() * 256)));
}

/** Root page of a table, as the file itself says. */
function rootPage(table: string): number {
  return Number(askShell(database, `select rootpage from sqlite_schema where name = '${table}'`));
}

/** Pages that hold rows of a table. */
function leafPages(table: string): number[] {
  const pages = askShell(
    database,
    `select pageno from dbstat where name = '${table}' and pagetype = 'leaf' order by pageno`,
  );
  return pages.split('\n').map(Number);
}

const brokenName = join('plantroom.broken-2026-11-23T10-15-00.db');

describe('a broken database is set aside, and the gateway starts on a new one', () => {
  const cases: [string, () => void][] = [
    ['random bytes', () => writeFileSync(database, randomBytes(statSync(database).size, 1))],
    ['a zeroed header', () => damage(database, 0, Buffer.alloc(100))],
    ['a zeroed first page', () => damage(database, 0, Buffer.alloc(pageBytes))],
    ['a length of zero', () => truncateSync(database)],
    ['a text file', () => writeFileSync(database, 'not a database\n')],
    ['half of it gone', () => truncateSync(database, Math.floor(statSync(database).size / 2 / pageBytes) * pageBytes)],
    ['a torn last page', () => truncateSync(database, statSync(database).size - 1_000)],
    [
      'a zeroed root page of the log',
      () => damage(database, (rootPage('alarm_log') - 1) * pageBytes, Buffer.alloc(pageBytes)),
    ],
    [
      'another kind of database',
      () => {
        rmSync(database);
        createDatabase(database).exec('create table other (a)').close();
      },
    ],
  ];

  test.each(cases)('%s', async (_, breakIt) => {
    const id = fillStore();
    breakIt();
    const broken = readFileSync(database);

    const file = openTestFile(folder);
    const found = file.opened();
    expect(found.setAside).toBe(join(folder, brokenName));
    expect(readFileSync(join(folder, brokenName)).equals(broken)).toBe(true);
    expect(found.loss).toMatch(/broken/);
    expect(found.id).not.toBe(id);
    // Whatever was saved, the new store works and numbers go on above it.
    const next = alarmEvent(found.lastEventNumber + 1, found.id);
    file.commitAlarms([{ events: [next], states: [stateAfter(next)] }]);
    const unsent = file.alarmsAfter({ after: 0, limit: 1_000 });
    expect(unsent.at(-1)).toEqual(next);
    expect(unsent.slice(0, -1).every(event => event.id === `${id}-${event.number}`)).toBe(true);
    file.close();

    const again = openTestFile(folder);
    expect(again.opened()).toMatchObject({ id: found.id, setAside: undefined, loss: undefined });
    again.close();
    expect(askShell(database, 'pragma integrity_check')).toBe('ok');
  });
});

describe('what a broken database still yields is saved', () => {
  test('every undelivered event with its id and number, the alarms that stand and what rules remember, when only an index is damaged', () => {
    const id = fillStore();
    damage(database, (rootPage('alarm_log_alarm') - 1) * pageBytes, randomBytes(pageBytes, 3));
    const file = openTestFile(folder);
    expect(numbersOf(file.alarmsAfter({ after: 0, limit: 1_000 }))).toEqual(range(101, last));
    expect(file.alarmsAfter({ after: 0, limit: 1 })).toEqual([alarmEvent(101, id)]);
    expect(file.alarmStates().map(({ occurrence }) => occurrence)).toEqual([`${id}-400`, `${id}-399`]);
    expect(file.memories()).toEqual([{ rule: remembered.rule, body: JSON.stringify(remembered) }]);
    expect(file.opened()).toMatchObject({
      lastEventNumber: last,
      loss: expect.stringMatching(/300 alarm events .* 2 standing/),
    });
    file.close();
  });

  test('the events before and after the damage, when a page of the log is lost', () => {
    fillStore();
    const pages = leafPages('alarm_log');
    const lostPage = pages[Math.floor(pages.length / 2)] ?? 0;
    damage(database, (lostPage - 1) * pageBytes, randomBytes(pageBytes, 4));
    const file = openTestFile(folder);
    const saved = numbersOf(file.alarmsAfter({ after: 0, limit: 1_000 }));
    expect(saved).toContain(last);
    expect(saved).toContain(101);
    expect(saved.length).toBeGreaterThan(270);
    expect(saved.length).toBeLessThan(300);
    expect(file.opened()).toMatchObject({
      lastEventNumber: last,
      loss: expect.stringContaining('more may be missing'),
    });
    file.close();
  });

  test('numbers are not given again although everything up to them was sent', () => {
    const file = openTestFile(folder);
    const { id } = file.opened();
    file.commitAlarms([{ events: alarmEvents(1, 50, id), states: [] }]);
    file.writeCursors([{ uplink: 'platform', ...upTo(50) }]);
    file.close();
    damage(database, (rootPage('alarm_log_alarm') - 1) * pageBytes, Buffer.alloc(pageBytes));
    const again = openTestFile(folder);
    expect(again.opened().lastEventNumber).toBe(50);
    expect(again.figures()).toMatchObject({ owed: [{ uplink: 'platform', events: 0 }] });
    again.close();
  });

  test('also when the power went in the middle of setting it aside', () => {
    const id = fillStore();
    damage(database, (rootPage('alarm_log_alarm') - 1) * pageBytes, randomBytes(pageBytes, 5));
    openTestFile(folder).close();
    // As it was after the old database had left its name, before the new one had got it.
    renameSync(database, join(folder, 'plantroom.next.db'));
    const file = openTestFile(folder);
    expect(numbersOf(file.alarmsAfter({ after: 0, limit: 1_000 }))).toEqual(range(101, last));
    expect(file.alarmsAfter({ after: 0, limit: 1 })[0]?.id).toBe(`${id}-101`);
    file.close();
    expect(readdirSync(folder).filter(name => name.includes('next'))).toEqual([]);
  });
});

describe('a write-ahead file', () => {
  /** A folder whose store was killed: its last commits are in the write-ahead file only. */
  function killedStore(events: number): { path: string; id: string } {
    const source = temporaryFolder();
    const file = openTestFile(source);
    const { id } = file.opened();
    file.commitAlarms([{ events: alarmEvents(1, events, id), states: [] }]);
    const target = temporaryFolder();
    for (const suffix of ['', '-wal'])
      copyFileSync(join(source, `plantroom.db${suffix}`), join(target, `plantroom.db${suffix}`));
    file.close();
    return { path: target, id };
  }

  test('is played in after a kill, and nothing is reported; what comes next has ids of its own', () => {
    const { path, id } = killedStore(30);
    const file = openTestFile(path);
    const found = file.opened();
    expect(found).toMatchObject({ lastEventNumber: 30, setAside: undefined, loss: undefined });
    // Event 31 may have been sent from memory before the kill; the next one of that number is another.
    expect(found.id).not.toBe(id);
    file.close();
    const again = openTestFile(path);
    expect(again.opened().id).toBe(found.id);
    again.close();
  });

  test.each([1, 30, 300])(
    'of another database, with %i events in it, is set aside: its rows do not become ours',
    foreignEvents => {
      const own = killedStore(5);
      openTestFile(own.path).close();
      const foreign = killedStore(foreignEvents);
      const ownBytes = readFileSync(join(own.path, 'plantroom.db'));
      copyFileSync(join(foreign.path, 'plantroom.db-wal'), join(own.path, 'plantroom.db-wal'));
      const foreignWal = readFileSync(join(foreign.path, 'plantroom.db-wal'));

      const file = openTestFile(own.path);
      const found = file.opened();
      const unsent = file.alarmsAfter({ after: 0, limit: 1_000 });
      file.close();
      expect(found.loss).toMatch(/write-ahead/);
      expect(unsent.map(({ id }) => id)).toEqual(range(1, 5).map(number => `${own.id}-${number}`));
      expect(readFileSync(found.setAside ?? '').equals(foreignWal)).toBe(true);
      expect(existsSync(`${found.setAside?.replace('-wal', '')}`)).toBe(false);
      expect(ownBytes.length).toBeGreaterThan(0);
    },
  );

  test('that vanished is told of, and new events get ids that no lost one can have had', () => {
    const { path, id } = killedStore(30);
    rmSync(join(path, 'plantroom.db-wal'));
    const file = openTestFile(path);
    const found = file.opened();
    expect(found.loss).toMatch(/write-ahead file is gone/);
    expect(found.id).not.toBe(id);
    file.close();
  });

  test.each([0, 10, 32, 5_000])('of %i random bytes loses only what was in it', bytes => {
    const { path } = killedStore(30);
    writeFileSync(join(path, 'plantroom.db-wal'), randomBytes(bytes, bytes));
    const file = openTestFile(path);
    file.commitAlarms([{ events: alarmEvents(31, 32, 'next'), states: [] }]);
    expect(numbersOf(file.alarmsAfter({ after: 30, limit: 10 }))).toEqual([31, 32]);
    file.close();
    expect(askShell(join(path, 'plantroom.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('without its database is set aside and not played into the new one', () => {
    const { path, id } = killedStore(30);
    rmSync(join(path, 'plantroom.db'));
    const file = openTestFile(path);
    expect(file.opened()).toMatchObject({ lastEventNumber: 0, setAside: join(path, `${brokenName}-wal`) });
    expect(file.opened().id).not.toBe(id);
    file.close();
  });
});

test('a database that breaks while the gateway runs is set aside, and the events that met it are stored in the new one', async () => {
  const store = await openTestStore(folder);
  await store.commitAlarms(alarmEvents(1, 50, store.id), []);
  // A dying disk: the file is junk under the open connection, too large to be in its cache.
  writeFileSync(database, randomBytes(statSync(database).size, 7));
  writeFileSync(`${database}-wal`, randomBytes(statSync(`${database}-wal`).size, 8));
  await store.commitAlarms(alarmEvents(51, 400, store.id), []).catch(() => {});
  await store.close();
  const again = await openTestStore(folder);
  const unsent = numbersOf(await again.readAlarms('platform', 0, 1_000));
  expect(unsent.slice(-350)).toEqual(range(51, 400));
  expect(readdirSync(folder).filter(name => name.includes('broken')).length).toBeGreaterThan(0);
});

test('set aside twice in one second, both files are kept', () => {
  for (const seed of [1, 2]) {
    fillStore();
    writeFileSync(database, randomBytes(20_000, seed));
    openTestFile(folder).close();
    rmSync(database);
  }
  const kept = readdirSync(folder).filter(name => name.includes('broken'));
  expect(kept.sort()).toEqual(['plantroom.broken-2026-11-23T10-15-00-2.db', brokenName]);
});

test('a first database that a power cut kept from getting its name gets it at the next start, without an alarm', () => {
  const id = fillStore();
  renameSync(database, join(folder, 'plantroom.next.db'));
  const file = openTestFile(folder);
  expect(file.opened()).toMatchObject({ id, setAside: undefined, loss: undefined });
  file.close();
});
