import { existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { messageOf, PlantroomError } from '../../../src/base/errors.ts';
import { silentLog } from '../../../src/base/log.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { rigEvent, rigStateAfter } from '../../store/rig.ts';
import { judgeStart } from './judge.ts';
import { within } from './patience.ts';

/*
 * The real store on a disk (test/fixtures/disk.c) that fails once: at the n-th write or sync after the store begins to
 * open. For each n of a list a new store, in this one process, which must not end. Prints a line of JSON for each.
 */

export interface FailureOutcome {
  readonly call: string;
  readonly n: number;
  /** When it failed, or that it never came so far. */
  readonly hit: 'opening' | 'committing' | 'never';
  readonly accepted: number;
  readonly violations: readonly string[];
}

/** Far more than the longest wait between two tries of the store. */
const patienceMs = 20_000;
/** Committed after the failure was met, each of which has to succeed. */
const eventsAfter = 10;
const mostEvents = 600;

const [, , home = '', call = '', ...list] = process.argv;
const control = openSync(join(home, 'control'), 'a');
const fired = join(home, 'fired');

for (const n of list.map(Number)) process.stdout.write(`${JSON.stringify(await fail(n))}\n`);

async function fail(n: number): Promise<FailureOutcome> {
  const folder = join(home, `${call}-${n}`);
  const violations: string[] = [];
  rmSync(fired, { force: true });
  writeSync(control, `fail ${call} ${n}`);
  const first = await tryOpen(folder, violations);
  const hit = existsSync(fired) ? 'opening' : 'committing';
  const store = first ?? (await tryOpen(folder, violations));
  if (!store) return { call, n, hit, accepted: 0, violations: [...violations, 'it did not open again'] };
  const accepted = await commit(store, violations);
  await store.close();
  const hasFired = existsSync(fired);
  writeSync(control, `fail ${call} 0`);
  const { lost, broken } = judgeStart(folder, accepted, { isThorough: true });
  if (lost > 0) violations.push(`${lost} of ${accepted.size} accepted events are lost`);
  rmSync(folder, { recursive: true, force: true });
  return { call, n, hit: hasFired ? hit : 'never', accepted: accepted.size, violations: [...violations, ...broken] };
}

/** Opening may fail, but then it has to say that the disk is to blame. */
async function tryOpen(folder: string, violations: string[]): Promise<Store | undefined> {
  try {
    return await openStore({ folder, clock: systemClock, log: silentLog, limits: { reserveBytes: 65_536 } });
  } catch (error) {
    const isOfDisk = error instanceof PlantroomError && error.kind === 'storage';
    if (!isOfDisk) violations.push(`opening ended with: ${messageOf(error)}`);
    return undefined;
  }
}

/** Commits one event after the other until the failure is well behind. */
async function commit(store: Store, violations: string[]): Promise<Map<number, string>> {
  const accepted = new Map<number, string>();
  let left = mostEvents;
  for (let number = store.lastEventNumber + 1; left > 0; number += 1) {
    left = existsSync(fired) ? Math.min(left, eventsAfter) - 1 : left - 1;
    const event = rigEvent(number, store.id);
    const outcome = await within(patienceMs, store.commitAlarms([event], [rigStateAfter(event)]));
    if (outcome === 'done') accepted.set(number, event.id);
    else violations.push(`event ${number}: ${outcome}`);
  }
  return accepted;
}
