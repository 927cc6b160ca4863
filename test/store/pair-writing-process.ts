import BetterSqlite3 from 'better-sqlite3';

/*
 * A process that plays the daemon at a history: rows always come in pairs, in one transaction. It prints `wrote N` now and
 * then.
 */
const [, , path = ''] = process.argv;
const database = new BetterSqlite3(path);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
database.exec(`CREATE TABLE IF NOT EXISTS left (id INTEGER PRIMARY KEY, body BLOB);
  CREATE TABLE IF NOT EXISTS right (id INTEGER PRIMARY KEY, body BLOB)`);
const left = database.prepare('INSERT INTO left (body) VALUES (randomblob(400))');
const right = database.prepare('INSERT INTO right (body) VALUES (randomblob(400))');
const both = database.transaction((count: number) => {
  for (let index = 0; index < count; index += 1) {
    left.run();
    right.run();
  }
});
both(50_000);
let written = 50_000;
const timer = setInterval(() => {
  both(20);
  written += 20;
  process.stdout.write(`wrote ${written}\n`);
}, 2);
process.on('SIGTERM', () => {
  clearInterval(timer);
  database.close();
});
