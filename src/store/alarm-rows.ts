import { PlantroomError } from '../base/errors.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import type { Database } from './database.ts';
import type { AlarmLogQuery, AlarmStateChange, OutboxQuery } from './messages.ts';

/** The alarm log, which is also the alarm outbox, and the alarms that stand. */
export interface AlarmRows {
  /** How many of the events were new. Throws PlantroomError `internal` for a number that another event has. */
  insert(events: readonly AlarmEvent[]): number;
  change(states: readonly AlarmStateChange[]): void;
  /** How many of the events were still unsent. */
  settle(numbers: readonly number[], sentAt: number): number;
  unsent(query: OutboxQuery): AlarmEvent[];
  states(): AlarmState[];
  log(query: AlarmLogQuery): AlarmEvent[];
  lastNumber(): number;
  countUnsent(): number;
  countAll(): number;
  /** Removes the `count` oldest sent events with numbers up to `upTo`; returns how many there were. */
  removeSent(upTo: number, count: number): number;
}

interface Body {
  readonly body: string;
}

export function createAlarmRows(database: Database): AlarmRows {
  const insertEvent = database.prepare(
    `INSERT INTO alarm_log (number, id, alarm, occurrence, kind, priority, sampled_at, detected_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO NOTHING`,
  );
  const idOf = database.prepare<[number], string>('SELECT id FROM alarm_log WHERE number = ?').pluck();
  const setState = database.prepare(
    `INSERT INTO alarm_state (alarm, occurrence, priority, raised_at, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (alarm) DO UPDATE SET occurrence = excluded.occurrence, priority = excluded.priority,
       raised_at = excluded.raised_at, body = excluded.body`,
  );
  const clearState = database.prepare('DELETE FROM alarm_state WHERE alarm = ?');
  const settleEvent = database.prepare('UPDATE alarm_log SET sent_at = ? WHERE number = ? AND sent_at IS NULL');
  const selectUnsent = database.prepare<[number, number], Body>(
    'SELECT body FROM alarm_log WHERE sent_at IS NULL AND number > ? ORDER BY number LIMIT ?',
  );
  const selectStates = database.prepare<[], Body>('SELECT body FROM alarm_state ORDER BY raised_at, alarm');
  const selectLog = database.prepare<[number, number], Body>(
    'SELECT body FROM alarm_log WHERE number < ? ORDER BY number DESC LIMIT ?',
  );
  const selectLogOf = database.prepare<[string, number, number], Body>(
    'SELECT body FROM alarm_log WHERE alarm = ? AND number < ? ORDER BY number DESC LIMIT ?',
  );
  const selectLast = database.prepare<[], number>('SELECT coalesce(max(number), 0) FROM alarm_log').pluck();
  const selectUnsentCount = database
    .prepare<[], number>('SELECT count(*) FROM alarm_log WHERE sent_at IS NULL')
    .pluck();
  const selectCount = database.prepare<[], number>('SELECT count(*) FROM alarm_log').pluck();
  const removeSent = database.prepare(
    `DELETE FROM alarm_log WHERE number IN
       (SELECT number FROM alarm_log WHERE number <= ? AND sent_at IS NOT NULL ORDER BY number LIMIT ?)`,
  );

  function insertOne(event: AlarmEvent): number {
    const { number, id, alarm, occurrence, kind, priority } = event;
    const times = [Math.round(event.sampledAt), Math.round(event.detectedAt)];
    const { changes } = insertEvent.run(number, id, alarm, occurrence, kind, priority, ...times, JSON.stringify(event));
    // A repeated commit of the same event is welcome; another event under its number would vanish without a word.
    if (changes === 0 && idOf.get(number) !== id) throw numberTaken(event, idOf.get(number));
    return changes;
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
    insert: events => events.reduce((count, event) => count + insertOne(event), 0),
    change: states => states.forEach(changeOne),
    settle: (numbers, sentAt) =>
      numbers.reduce((count, number) => count + settleEvent.run(Math.round(sentAt), number).changes, 0),
    unsent: ({ after, limit }) => selectUnsent.all(after, limit).map(toEvent),
    states: () => selectStates.all().map(({ body }) => JSON.parse(body) as AlarmState),
    log({ limit, before = Number.MAX_SAFE_INTEGER, alarm }) {
      const rows = alarm === undefined ? selectLog.all(before, limit) : selectLogOf.all(alarm, before, limit);
      return rows.map(toEvent);
    },
    lastNumber: () => selectLast.get() ?? 0,
    countUnsent: () => selectUnsentCount.get() ?? 0,
    countAll: () => selectCount.get() ?? 0,
    removeSent: (upTo, count) => removeSent.run(upTo, count).changes,
  };
}

/** What JSON cannot carry, an absent value, comes back as an absent key; the type reads it as undefined. */
function toEvent({ body }: Body): AlarmEvent {
  return JSON.parse(body) as AlarmEvent;
}

function numberTaken(event: AlarmEvent, holder: string | undefined): PlantroomError {
  return new PlantroomError(`event number ${event.number} is taken by ${holder}, cannot store ${event.id} under it`, {
    kind: 'internal',
    hint: 'event numbers must go on from lastEventNumber of the store',
  });
}
