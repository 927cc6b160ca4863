import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { rigEvent, rigStateAfter } from '../../store/rig.ts';

/*
 * The store under a load like that of a bad day: alarms alone and in bursts, closed and opened again now and then. Tells
 * of every event whose commit was acknowledged, with the time by the system's monotonic clock in ns: the log of the disk,
 * at the moment it was, where it runs on test/fixtures/disk.c, else standard output. Ends in order or, told to die, by
 * SIGKILL. On a flaky disk a sync fails now and then.
 */
const [, , folder = '', seed = '0', events = '100', end = 'close', disk = 'good'] = process.argv;
const random = seededRandom(Number(seed));
const listener = process.env.DISK_FOLDER === undefined ? 1 : openSync(join(folder, 'control'), 'a');

let store = await open();
let number = store.lastEventNumber;
const last = number + Number(events);
while (number < last) {
  const burst = random.next() < 0.6 ? 1 : 1 + Math.floor(random.next() * 8);
  const commits: Promise<void>[] = [];
  for (let index = 0; index < burst && number < last; index += 1) commits.push(commit());
  if (disk === 'flaky' && random.next() < 0.05) writeSync(listener, 'fail sync 1');
  await Promise.all(commits);
  if (random.next() < 0.3) await settleAll();
  if (random.next() < 0.02) {
    await store.close();
    store = await open();
  }
}
if (end === 'die') writeSync(listener, 'die');
await store.close();

async function open(): Promise<Store> {
  const opened = await openStore({
    folder,
    clock: systemClock,
    log: silentLog,
    // The log is cut as early as it may ever be.
    limits: { reserveBytes: 0, alarmLogRows: 1 },
  });
  await opened.useUplinks(['platform']);
  return opened;
}

/** Commits one event, or two together, and tells of them once they are accepted. */
async function commit(): Promise<void> {
  const count = random.next() < 0.2 ? 2 : 1;
  const fresh = Array.from({ length: count }, () => rigEvent(++number, store.id));
  await store.commitAlarms(fresh, fresh.map(rigStateAfter));
  const now = process.hrtime.bigint();
  for (const { number: accepted, id } of fresh) writeSync(listener, `accepted ${accepted} ${id} at ${now}\n`);
}

/** The uplink has sent everything so far: old events may leave the log. */
async function settleAll(): Promise<void> {
  const { lastEventNumber: last } = store;
  await store.settleAlarms('platform', { sent: last, delivered: last });
}
