import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import { readEvent, readState } from './alarm-rows.ts';
import type { Database } from './database.ts';
import type { CorrectionQuery, TimeCorrection } from './messages.ts';

interface Row {
  readonly number: number;
  readonly body: string;
}

/** Puts times right that were recorded before the clock was: one bounded step, the oldest events first. */
export function correctTimes(database: Database, query: CorrectionQuery): TimeCorrection {
  const select = database.prepare<[string, number, number], Row>(
    `SELECT number, body FROM alarm_log
     WHERE clock = 'unsynchronised' AND boot_id = ? AND number > ? ORDER BY number LIMIT ?`,
  );
  const update = database.prepare(
    'UPDATE alarm_log SET sampled_at = ?, detected_at = ?, clock = ?, body = ? WHERE number = ?',
  );
  const selectState = database.prepare<[string, string], { body: string }>(
    'SELECT body FROM alarm_state WHERE alarm = ? AND occurrence = ?',
  );
  const updateState = database.prepare('UPDATE alarm_state SET raised_at = ?, body = ? WHERE alarm = ?');

  /** The state that this event has begun, where it still stands. */
  function correctState({ id, alarm, detectedAt }: AlarmEvent): AlarmState[] {
    const row = selectState.get(alarm, id);
    if (!row) return [];
    const state: AlarmState = { ...readState(row.body), raisedAt: detectedAt };
    updateState.run(Math.round(detectedAt), JSON.stringify(state), alarm);
    return [state];
  }

  const rows = select.all(query.bootId, query.after, query.limit);
  const states = rows.flatMap(({ number, body }) => {
    const event = correctEvent(readEvent(body), query.bootedAt);
    const { sampledAt, detectedAt, stamp } = event;
    update.run(Math.round(sampledAt), Math.round(detectedAt), stamp.clock, JSON.stringify(event), number);
    return correctState(event);
  });
  return { events: rows.length, states };
}

function correctEvent(event: AlarmEvent, bootedAt: number): AlarmEvent {
  const detectedAt = Math.round(bootedAt + event.stamp.bootMs);
  const aheadMs = detectedAt - event.detectedAt;
  const sampledAt = event.sampledAt + aheadMs;
  const until = event.until === undefined ? undefined : event.until + aheadMs;
  return { ...event, sampledAt, detectedAt, until, stamp: { ...event.stamp, clock: 'corrected' } };
}
