/**
 * When a group of points is due: `firstDue + k × interval` on the monotonic clock, for k = 0, 1, 2, … The times follow
 * from the start alone, never from when the last read happened to end, so they cannot drift.
 */
export interface Cadence {
  readonly intervalMs: number;
  /** The due time that is next, or under way. */
  dueMono: number;
}

/** Groups start within this time after the start of their bus, so that a point with a long interval is read soon. */
const spreadMs = 1_000;

/** The share (0 to 1) decides where in the first second, or in the interval if that is shorter, the group falls due. */
export function startCadence(intervalMs: number, startMono: number, share: number): Cadence {
  return { intervalMs, dueMono: startMono + share * Math.min(intervalMs, spreadMs) };
}

/** Goes on to the next due time, be it in the past. */
export function advanceCadence(cadence: Cadence): void {
  cadence.dueMono += cadence.intervalMs;
}

/**
 * Gives up the due times that cannot be met any more and returns how many. One is lost when a whole interval has gone by
 * since: it is counted, never made up for, so a pause of the machine causes no burst.
 */
export function dropLost(cadence: Cadence, nowMono: number): number {
  const lost = Math.max(0, Math.floor((nowMono - cadence.dueMono) / cadence.intervalMs));
  cadence.dueMono += lost * cadence.intervalMs;
  return lost;
}

/**
 * The shares of `count` groups of one interval on one bus: evenly apart, so that no read waits for a neighbour that fell
 * due with it, and turned by the name of the bus, so that two hundred buses do not all begin at once.
 */
export function spreadShares(bus: string, intervalMs: number, count: number): number[] {
  const turn = shareOf(`${bus} ${intervalMs}`);
  return Array.from({ length: count }, (_, place) => (turn + place / count) % 1);
}

/** A share in [0, 1) that depends on the text alone: the same after every start, different for different buses. */
export function shareOf(text: string): number {
  // FNV-1a, then a final mix, since FNV alone leaves the high bits of short texts alike.
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) / 2 ** 32;
}
