/** What the life of the memory card depends on: how much is written to it. */
export interface Written {
  /** Since the start; null where the system does not tell. */
  readonly bytes: number | null;
  /** Extrapolated; null where the system does not tell, or while it is too early to. */
  readonly bytesPerDay: number | null;
}

/**
 * Before an hour has passed nothing is extrapolated: the start itself writes, and retention, checkpoints and the coarser
 * windows come in turns of minutes.
 */
export const leastWatchMs = 3_600_000;

const dayMs = 86_400_000;

/** `parts`: bytes since the start by each thread that writes; undefined for one that cannot tell. */
export function writtenOf(parts: readonly (number | undefined)[], uptimeMs: number): Written {
  let bytes = 0;
  for (const part of parts) {
    if (part === undefined) return { bytes: null, bytesPerDay: null };
    bytes += part;
  }
  return { bytes, bytesPerDay: uptimeMs < leastWatchMs ? null : (bytes / uptimeMs) * dayMs };
}

/** For a rule, MB: until a day can be told what was written so far, which a day is at least; NaN where nobody can tell. */
export function writtenPerDayMb({ bytes, bytesPerDay }: Written): number {
  return (bytesPerDay ?? bytes ?? Number.NaN) / 1e6;
}
