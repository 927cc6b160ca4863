import type { FileFigures, UplinkCursor } from './messages.ts';

export interface StoreFigures {
  /** `set-aside`: it works, but a broken file was set aside since the process started. */
  readonly state: 'ok' | 'set-aside' | 'failing';
  /** Stored events that not every uplink has delivered. */
  readonly backlogAlarms: number;
  readonly uplinks: readonly UplinkFigures[];
  /** Of the database and its write-ahead file. */
  readonly sizeBytes: number;
  /** To the disk since the start; undefined where the system does not tell. */
  readonly writtenBytes: number | undefined;
  /** Alarm events in memory that are not committed yet. */
  readonly waitingEvents: number;
  /** Alarm events that were not stored since the start because too many waited for the disk. */
  readonly refusedEvents: number;
  /** The last failure since the start, also when it is over; undefined when there was none. */
  readonly lastFailure: string | undefined;
}

interface UplinkFigures extends UplinkCursor {
  /** Stored events that it has not delivered. */
  readonly backlogAlarms: number;
}

/** What the figures are made of. */
export interface FigureSources {
  /** Of the thread's last reply; undefined before the first. */
  readonly file: FileFigures | undefined;
  readonly isFailing: boolean;
  readonly isSetAside: boolean;
  readonly cursors: readonly UplinkCursor[];
  /** Bytes, by threads that are gone. */
  readonly writtenBefore: number;
  readonly waitingEvents: number;
  readonly refusedEvents: number;
  readonly lastFailure: string | undefined;
}

export function storeFigures({ file, isFailing, isSetAside, cursors, ...sources }: FigureSources): StoreFigures {
  const owed = new Map(file?.owed.map(({ uplink, events }) => [uplink, events]));
  const written = file?.writtenBytes;
  return {
    state: isFailing ? 'failing' : isSetAside ? 'set-aside' : 'ok',
    backlogAlarms: Math.max(0, ...owed.values()),
    uplinks: cursors.map(cursor => ({ ...cursor, backlogAlarms: owed.get(cursor.uplink) ?? 0 })),
    sizeBytes: file?.sizeBytes ?? 0,
    writtenBytes: written === undefined ? undefined : sources.writtenBefore + written,
    waitingEvents: sources.waitingEvents,
    refusedEvents: sources.refusedEvents,
    lastFailure: sources.lastFailure,
  };
}
