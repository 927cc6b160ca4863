import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { freeBytes, makeLoopDisk } from '../fakes/loop-disk.ts';
import { rigEvent, rigStateAfter } from '../store/rig.ts';
import { type Accepted, judgeStart } from './disk/judge.ts';
import { within } from './disk/patience.ts';
import { fastFolder } from './disk/record.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * A disk of 4 MB that somebody else fills to the last block, again and again, while alarms are committed. The reserve is
 * there so that they still are; once there is space again the store goes on by itself, takes a new reserve, and what it
 * accepted after that is there after kill -9 and after a restart. One run is one time that the disk is full. Needs root
 * and loop devices.
 */

const megabytes = 4;
const reserveBytes = 256 * 1_024;
const eventsBefore = 10;
/** Far from what the reserve holds. */
const eventsWhileFull = 20;
const eventsAfter = 10;
/** Longer than the longest wait between two tries. */
const patienceMs = 20_000;

export async function torture({ runs = 20, say }: TortureOptions): Promise<Verdict> {
  using disk = makeLoopDisk(megabytes);
  const folder = join(disk.folder, 'store');
  const accepted = new Map<number, string>();
  const violations: string[] = [];
  let whileFull = 0;
  let store = await open(folder);
  for (let run = 1; run <= runs; run += 1) {
    const complain = (text: string) => violations.push(`time ${run}: ${text}`);
    await commit(store, eventsBefore, accepted, complain);
    // Every second time the gateway is started on the full disk.
    if (run % 2 === 0) await store.close();
    const free = disk.fill();
    if (run % 2 === 0) store = await open(folder);
    whileFull += await commit(store, eventsWhileFull, accepted, complain);
    if (existsSync(join(folder, 'plantroom.reserve'))) complain('the disk was full and the reserve was not given up');
    free();
    await commit(store, eventsAfter, accepted, complain);
    if (!existsSync(join(folder, 'plantroom.reserve'))) complain('no new reserve was taken');
    if (store.figures().state !== 'ok') complain(`the store is ${store.figures().state}`);
    for (const problem of judgeKilled(folder, accepted)) complain(`killed here, ${problem}`);
    await store.close();
    for (const problem of judge(folder, accepted)) complain(`after a restart, ${problem}`);
    store = await open(folder);
    say(`full ${run} of ${runs} times, ${accepted.size} events accepted, ${freeBytes(disk.folder) >> 10} KiB free`);
  }
  await store.close();
  const counts = { 'times full': runs, 'events accepted': accepted.size, 'of them while it was full': whileFull };
  return { counts, violations };
}

function open(folder: string): Promise<Store> {
  return openStore({ folder, clock: systemClock, log: silentLog, limits: { reserveBytes } });
}

/** Commits so many events one by one; returns how many were accepted, which is all of them unless it complains. */
async function commit(
  store: Store,
  count: number,
  accepted: Map<number, string>,
  complain: (text: string) => void,
): Promise<number> {
  const first = store.lastEventNumber + 1;
  let done = 0;
  for (let number = first; number < first + count; number += 1) {
    const event = rigEvent(number, store.id);
    const outcome = await within(patienceMs, store.commitAlarms([event], [rigStateAfter(event)]));
    if (outcome !== 'done') {
      complain(`event ${number}: ${outcome}; ${store.figures().lastFailure}`);
      return done;
    }
    accepted.set(number, event.id);
    done += 1;
  }
  return done;
}

/** What kill -9 would leave is what the files hold now: nothing is under way. */
function judgeKilled(folder: string, accepted: Accepted): readonly string[] {
  const home = fastFolder();
  const copy = join(home, 'store');
  cpSync(folder, copy, { recursive: true });
  const problems = judge(copy, accepted);
  rmSync(home, { recursive: true, force: true });
  return problems;
}

function judge(folder: string, accepted: Accepted): readonly string[] {
  const { lost, broken } = judgeStart(folder, accepted, { isThorough: true });
  return lost > 0 ? [`${lost} accepted events are lost`, ...broken] : broken;
}
