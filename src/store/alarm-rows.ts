import { PlantroomError } from '../base/errors.ts';
import { type AlarmEvent, type AlarmState, noMasks, normalLife } from '../model/alarm.ts';
import type { Database } from './database.ts';
import type { AlarmLogQuery, AlarmStateChange, NumberQuery } from './messages.ts';

/** The alarm log, which is also what the uplinks send from, and the alarms that stand. */
export interface AlarmRows {
  /** The events that were new. Throws PlantroomError `internal` for a number that another event has. */
  insert(events: readonly AlarmEvent[]): AlarmEvent[];
  change(states: readonly AlarmStateChange[]): void;
  /** Oldest first. */
  after(query: NumberQuery): AlarmEvent[];
  states(): AlarmState[];
  log(query: AlarmLogQuery): AlarmEvent[];
  /** 0 when there is none. */
  lastNumber(): number;
  /** How many events have a number above `after` and not above `upTo`. */
  count(after: number, upTo: number): number;
  /** Removes the `count` oldest events with numbers up to `upTo`; returns how many there were. */
  removeOldest(upTo: number, count: number): number;
}

interface Body {
  readonly body: string;
}

export function createAlarmRows(database: Database): AlarmRows {
  const insertEvent = database.prepare(
    `INSERT INTO alarm_log
       (number, id, alarm, occurrence, kind, priority, sampled_at, detected_at, body, clock, boot_id, boot_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO NOTHING`,
  );
  const idOf = database.prepare<[number], string>('SELECT id FROM alarm_log WHERE number = ?').pluck();
  const setState = database.prepare(
    `INSERT INTO alarm_state (alarm, occurrence, priority, raised_at, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (alarm) DO UPDATE SET occurrence = excluded.occurrence, priority = excluded.priority,
       raised_at = excluded.raised_at, body = excluded.body`,
  );
  const clearState = database.prepare('DELETE FROM alarm_state WHERE alarm = ?');
  const selectAfter = database.prepare<[number, number], Body>(
    'SELECT body FROM alarm_log WHERE number > ? ORDER BY number LIMIT ?',
  );
  const selectStates = database.prepare<[], Body>('SELECT body FROM alarm_state ORDER BY raised_at, alarm');
  const selectLog = database.prepare<[number, number], Body>(
    'SELECT body FROM alarm_log WHERE number < ? ORDER BY number DESC LIMIT ?',
  );
  const selectLogOf = database.prepare<[string, number, number], Body>(
    'SELECT body FROM alarm_log WHERE alarm = ? AND number < ? ORDER BY number DESC LIMIT ?',
  );
  const selectLast = database.prepare<[], number>('SELECT coalesce(max(number), 0) FROM alarm_log').pluck();
  const selectCount = database
    .prepare<[number, number], number>('SELECT count(*) FROM alarm_log WHERE number > ? AND number <= ?')
    .pluck();
  const removeOldest = database.prepare(
    `DELETE FROM alarm_log WHERE number IN
       (SELECT number FROM alarm_log WHERE number <= ? ORDER BY number LIMIT ?)`,
  );

  function insertOne(event: AlarmEvent): boolean {
    const { number, id, alarm, occurrence, kind, priority, stamp } = event;
    const times = [Math.round(event.sampledAt), Math.round(event.detectedAt)];
    const what = [number, id, alarm, occurrence, kind, priority];
    const { changes } = insertEvent.run(
      ...what,
      ...times,
      JSON.stringify(event),
      stamp.clock,
      stamp.bootId,
      stamp.bootMs,
    );
    // A repeated commit of the same event is welcome; another event under its number would vanish without a word.
    if (changes === 0 && idOf.get(number) !== id) throw numberTaken(event, idOf.get(number));
    return changes > 0;
  }

  function changeOne(change: AlarmStateChange): void {
    if (change.kind === 'clear') {
      clearState.run(change.alarm);
      return;
    }
    const { alarm, occurrence, priority, raisedAt } = change.state;
    setState.run(alarm, occurrence, priority, Math.round(raisedAt), JSON.stringify(change.state));
  }

  return {
    insert: events => events.filter(insertOne),
    change: states => states.forEach(changeOne),
    after: ({ after, limit }) => selectAfter.all(after, limit).map(({ body }) => readEvent(body)),
    states: () => selectStates.all().map(({ body }) => readState(body)),
    log({ limit, before = Number.MAX_SAFE_INTEGER, alarm }) {
      const rows = alarm === undefined ? selectLog.all(before, limit) : selectLogOf.all(alarm, before, limit);
      return rows.map(({ body }) => readEvent(body));
    },
    lastNumber: () => selectLast.get() ?? 0,
    count: (after, upTo) => selectCount.get(after, upTo) ?? 0,
    removeOldest: (upTo, count) => removeOldest.run(upTo, count).changes,
  };
}

/** Of an event that is older than stamps: nobody can vouch for its times any more. */
const noStamp: AlarmEvent['stamp'] = { clock: 'unsynchronised', bootId: '', bootMs: 0 };

/** What JSON cannot carry, an absent value, comes back as an absent key; the type reads it as undefined. */
export function readEvent(body: string): AlarmEvent {
  const event = JSON.parse(body) as AlarmEvent;
  const stamped = event.stamp === undefined ? { ...event, stamp: noStamp } : event;
  // Nor had alarms a life: one stood, or it was normal.
  return stamped.phase === undefined
    ? { ...stamped, phase: event.kind === 'raised' ? 'unacknowledged' : 'normal' }
    : stamped;
}

/** One that was kept before alarms had a life stood, and nobody had acknowledged it. */
export function readState(body: string): AlarmState {
  const state = JSON.parse(body) as AlarmState;
  if (state.phase !== undefined) return { ...normalLife, ...state, masks: { ...noMasks, ...state.masks } };
  return { ...normalLife, ...state, phase: 'unacknowledged', isActive: true, isUnacknowledged: true, stamp: noStamp };
}

function numberTaken(event: AlarmEvent, holder: string | undefined): PlantroomError {
  return new PlantroomError(`event number ${event.number} is taken by ${holder}, cannot store ${event.id} under it`, {
    kind: 'internal',
    hint: 'event numbers must go on from lastEventNumber of the store',
  });
}
