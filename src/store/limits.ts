/** What the store may grow to, on the disk and in memory. Every limit names what happens when it is reached. */
export interface StoreLimits {
  /** Alarm events kept in the log. Beyond it the oldest that every uplink has delivered are removed; others never are. */
  readonly alarmLogRows: number;
  /** Entries of the audit. Beyond it the oldest are removed; the chain of the others can still be verified. */
  readonly auditRows: number;
  /** Commands remembered. Beyond it the oldest expired ones are forgotten, then the oldest. */
  readonly commandRows: number;
  /**
   * Size of the database file. Beyond it, what is worth least is given up for alarms: delivered events beyond the
   * newest 10,000. Where nothing of that is left, events wait in memory as on a full disk.
   */
  readonly databaseBytes: number;
  /**
   * Alarm events that wait in memory while the disk refuses. Beyond it those that all uplinks have delivered are given up;
   * where there are none, new events are refused. Both are counted.
   */
  readonly waitingEvents: number;
  /** Audit entries and the like that wait in memory while the disk refuses. Beyond it new ones are refused. */
  readonly waitingRows: number;
  /** Rows in one transaction; what is over waits for the next. Keeps an alarm from waiting behind a long write. */
  readonly transactionRows: number;
  /** Rows in the answer to one read; a caller that asks for more gets this many. */
  readonly readRows: number;
  /**
   * Size of the file kept back for the day the disk is full: it is given up so that alarms can still be written. Must be
   * a few times what the write-ahead file holds (walLimitPages); 0 keeps none.
   */
  readonly reserveBytes: number;
}

export const defaultLimits: StoreLimits = {
  alarmLogRows: 100_000,
  auditRows: 20_000,
  commandRows: 1_000,
  databaseBytes: 400_000_000,
  waitingEvents: 10_000,
  waitingRows: 20_000,
  transactionRows: 1_000,
  readRows: 1_000,
  reserveBytes: 4 * 1024 * 1024,
};

/** These newest events stay in the log whatever `alarmLogRows` says: people look back after an incident. */
export const leastAlarmLogRows = 10_000;

/** Longest body of an audit entry, characters. The rest is cut off. */
export const auditBodyLength = 16_384;

/** What rules remember is written so many rules at a time, so that no alarm waits long behind it. */
export const memoryStepRows = 20;

/** Old rows of the alarm log and of the audit are removed in steps of this many, so that no commit waits long. */
export const trimStepRows = 500;

/** While the disk or the database is full, room is made as long as it has fewer free pages than this for alarms. */
export const keptFreePages = 64;

/** No commit of transactionRows events needs more pages: what fails with more room than this fails for want of disk. */
export const longestCommitPages = 512;

/** The write-ahead file is moved into the database at this many pages of 4 KiB: what it takes is missing elsewhere. */
export const walLimitPages = 256;

/** … and already at this many once nobody waits: behind a commit of alarms comes an uplink that wants to read them. */
export const walQuietPages = 128;

/** A thread that owes an answer for so long hangs: the store fails, and alarms are sent from memory. */
export const silenceMs = 2_000;

/** After so long a silence it is given up and, as soon as it is gone, replaced. */
export const abandonMs = 60_000;
