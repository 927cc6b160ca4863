/** The newest minute of each device is not written yet, nor one of a disk that is slow. */
const lateMs = 5 * 60_000;

/**
 * Up to when a replay up to now is counted: to the end of the record where that is a little behind, since what stood at its
 * end would only seem to stand on. A record that ended long before is counted to the end: its gap is to be seen.
 */
export function endOfReplay(from: number, now: number, lastAt: number | undefined): number {
  const isLate = lastAt !== undefined && lastAt > from && lastAt > now - lateMs;
  return isLate ? Math.min(now, lastAt + 1) : now;
}
