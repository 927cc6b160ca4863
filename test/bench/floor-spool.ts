import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { connectAsync } from 'mqtt';

/*
 * The barest spool: a table of records, sent one message each with 500 in flight, removed a thousand at a time. Tells how
 * long it took.
 */

const [port = '', count = ''] = process.argv.slice(2);
const window = 500;
const folder = mkdtempSync(join(tmpdir(), 'plantroom-spool-'));
const database = new BetterSqlite3(join(folder, 'spool.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE spool (number INTEGER PRIMARY KEY, body TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO spool (body) VALUES (?)');
database.transaction(() => {
  for (let index = 0; index < Number(count); index += 1) {
    insert.run(
      JSON.stringify({
        point: `meter-${index % 40}/p${index % 50}`,
        at: index,
        min: 229.4,
        max: 231.2,
        mean: 230.31,
        last: 230.1,
      }),
    );
  }
})();
const read = database.prepare<[number], { number: number; body: string }>(
  'SELECT * FROM spool WHERE number > ? ORDER BY number LIMIT 1000',
);
const remove = database.prepare('DELETE FROM spool WHERE number <= ?');
const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });

const startMs = performance.now();
let last = 0;
let inFlight = 0;
let onFree: (() => void) | undefined;
for (let rows = read.all(last); rows.length > 0; rows = read.all(last)) {
  for (const { body } of rows) {
    if (inFlight >= window)
      await new Promise<void>(resolve => {
        onFree = resolve;
      });
    inFlight += 1;
    client.publish('floor', body, { qos: 1 }, () => {
      inFlight -= 1;
      onFree?.();
      onFree = undefined;
    });
  }
  while (inFlight > 0)
    await new Promise<void>(resolve => {
      onFree = resolve;
    });
  last = rows.at(-1)?.number ?? last;
  remove.run(last);
}
process.stdout.write(`${JSON.stringify({ elapsedMs: performance.now() - startMs })}\n`);
await client.endAsync();
database.close();
rmSync(folder, { recursive: true });
process.exit(0);
