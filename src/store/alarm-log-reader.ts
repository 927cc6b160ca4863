import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Priority, TransitionKind } from '../model/alarm.ts';
import { mainDatabase } from './archive.ts';
import { openForReading, readNumberPragma } from './database.ts';
import { migrations, refuseNewer } from './migrations.ts';
import { unreadable } from './unreadable.ts';

/** What an event of the alarm log says about its alarm. */
export interface LoggedTurn {
  readonly number: number;
  readonly alarm: string;
  readonly occurrence: string;
  readonly kind: TransitionKind;
  readonly priority: Priority;
  /** Wall time of the sample that decided. */
  readonly at: number;
}

/** The alarm log of a store that is only looked at, by a process that is not the gateway, which may be writing it meanwhile. */
export interface AlarmLogReader {
  /** Events with a number above `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): readonly LoggedTurn[];
  close(): void;
}

/** Undefined where there is none. Throws PlantroomError `storage` where it cannot be read. */
export function openAlarmLogReader(folder: string): AlarmLogReader | undefined {
  const path = join(folder, mainDatabase);
  if (!existsSync(path)) return undefined;
  try {
    const database = openForReading(path);
    try {
      refuseNewer(readNumberPragma(database, 'user_version'), path, migrations);
      const select = database.prepare<[number, number], LoggedTurn>(
        `SELECT number, alarm, occurrence, kind, priority, sampled_at AS at FROM alarm_log
         WHERE number > ? ORDER BY number LIMIT ?`,
      );
      return { read: (after, limit) => select.all(after, limit), close: () => database.close() };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}
