/** What of `store.size` is for which file, bytes. Together with the reserve of the alarms they are no more than it. */
export interface StoreShares {
  /** The database of the alarms may grow to this. */
  readonly alarmBytes: number;
  /** What the history shares out among its classes, its own reserve included. */
  readonly historyBytes: number;
}

const alarmShare = 0.05;

/** The newest 10,000 events are never removed: some 6 MB, and as much again for what has not been sent. */
const leastAlarmBytes = 16e6;

/** See StoreLimits.reserveBytes. */
const reserveBytes = 4e6;

export function shareStore(sizeBytes: number): StoreShares {
  const alarmBytes = Math.max(leastAlarmBytes, sizeBytes * alarmShare);
  return { alarmBytes, historyBytes: sizeBytes - alarmBytes - reserveBytes };
}
