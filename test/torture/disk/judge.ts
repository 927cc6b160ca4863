import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../../src/base/errors.ts';
import type { Random } from '../../../src/base/random.ts';
import type { AlarmEvent } from '../../../src/model/alarm.ts';
import { openForReading } from '../../../src/store/database.ts';
import { defaultLimits } from '../../../src/store/limits.ts';
import { StoreFile } from '../../../src/store/store-file.ts';
import { rigEvent, rigStateAfter } from '../../store/rig.ts';
import type { Folder } from './disk-model.ts';
import { isKeptOnDisk } from './record.ts';

/** What a start after a power cut has shown. `lost` counts accepted events that are gone or changed. */
export interface Findings {
  readonly lost: number;
  /** What must not be after any power cut: a file that is broken or was taken for broken, states that do not fit. */
  readonly broken: readonly string[];
}

/** Accepted events: ids by number. */
export type Accepted = ReadonlyMap<number, string>;

const limits = { ...defaultLimits, reserveBytes: 0 };
/** What one question answers; recordings are shorter. */
const eventsLookedAt = limits.readRows;

/** Puts the folder onto a disk, as a power cut left it. What shared memory holds then is anybody's guess. */
export function layOut(path: string, found: Folder, random: Random): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  for (const [name, bytes] of found) {
    const isNoise = !isKeptOnDisk(name) && random.next() < 0.5;
    writeFileSync(join(path, name), isNoise ? Buffer.from(bytes).fill(Math.floor(random.next() * 256)) : bytes);
  }
}

export interface Look {
  /** Starts it a second time, where the added event must be with all the others, and has SQLite examine every page. */
  readonly isThorough: boolean;
  /** The disk had failed before, and a word that the last commits may be missing is in place. They may still not be. */
  readonly mayReportLoss?: boolean;
}

/** Starts the real store on the folder, looks at all it holds and commits one more event. */
export function judgeStart(path: string, accepted: Accepted, { isThorough, mayReportLoss = false }: Look): Findings {
  try {
    const first = withStore(path, file => look(file, accepted, mayReportLoss));
    if (!isThorough) return first;
    const again = withStore(path, file => look(file, first.stored, false));
    const health = examinePages(join(path, 'plantroom.db'));
    const broken = [...first.broken, ...again.broken, ...(health === 'ok' ? [] : [health])];
    return { lost: first.lost + again.lost, broken };
  } catch (error) {
    return { lost: 0, broken: [`it does not start: ${messageOf(error)}`] };
  }
}

function withStore<Result>(path: string, use: (file: StoreFile) => Result): Result {
  const file = StoreFile.open({ folder: path, openedAt: 0, limits, isStart: true });
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function look(file: StoreFile, accepted: Accepted, mayReportLoss: boolean): Findings & { readonly stored: Accepted } {
  const { id, lastEventNumber, setAside, loss } = file.opened();
  const events = file.alarmLog({ limit: eventsLookedAt });
  const ids = new Map(events.map(event => [event.number, event.id]));
  const oldest = lastEventNumber - eventsLookedAt + 1;
  const missing = [...accepted].filter(([number, own]) => number >= oldest && ids.get(number) !== own);
  const broken = [
    ...(setAside === undefined ? [] : [`${setAside} was set aside`]),
    ...(loss === undefined || mayReportLoss ? [] : [`it reports a loss: ${loss}`]),
    ...findWrongEvents(events, lastEventNumber),
    ...findWrongStates(events, file),
  ];
  const next = rigEvent(lastEventNumber + 1, id);
  file.commitAlarms([{ events: [next], states: [rigStateAfter(next)] }]);
  file.tidy();
  return { lost: missing.length, broken, stored: new Map([...ids, [next.number, next.id]]) };
}

/** Every event is whole and none is left out, whether anybody heard of it or not. Newest first. */
function findWrongEvents(events: readonly AlarmEvent[], last: number): readonly string[] {
  const count = Math.min(last, eventsLookedAt);
  if (events.length !== count) return [`${events.length} events where there should be ${count}`];
  return events.flatMap((event, index) => {
    const storeId = event.id.slice(0, event.id.lastIndexOf('-'));
    const isRight = event.number === last - index && isRigEvent(event, storeId);
    return isRight ? [] : [`event ${last - index} is wrong: ${JSON.stringify(event)}`];
  });
}

/** What stands is what the events leave standing; the last ten tell, since the rig's alarms go round. */
function findWrongStates(events: readonly AlarmEvent[], file: StoreFile): readonly string[] {
  const standing = new Map<string, string>();
  for (const { kind, alarm, occurrence } of events.slice(0, 10).toReversed()) {
    if (kind === 'raised') standing.set(alarm, occurrence);
    else standing.delete(alarm);
  }
  const found = new Map(file.alarmStates().map(({ alarm, occurrence }) => [alarm, occurrence]));
  return isDeepStrictEqual(found, standing) ? [] : [`the standing alarms do not follow from the events`];
}

function examinePages(path: string): string {
  const database = openForReading(path);
  try {
    return String(database.pragma('integrity_check', { simple: true }));
  } finally {
    database.close();
  }
}

const rigEvents = new Map<string, string>();

function isRigEvent(event: AlarmEvent, storeId: string): boolean {
  const expected = rigEvents.get(event.id) ?? JSON.stringify(rigEvent(event.number, storeId));
  rigEvents.set(event.id, expected);
  const found = JSON.stringify(event);
  return found === expected || isDeepStrictEqual(JSON.parse(found), JSON.parse(expected));
}
