/** Durations as people write them in a site file or on the command line: 250ms, 15s, 5m (or 5min), 1h, 7d. */

const unitMs = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$/;

/** Milliseconds, or undefined when the text is no duration. A bare number is refused: nobody knows its unit. */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text.trim());
  if (!match) return undefined;
  const ms = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  return Number.isFinite(ms) ? ms : undefined;
}

/** The shortest exact spelling that parseDuration reads back: 90000 → "90s", 3600000 → "1h". */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= unitMs[unit] && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** An age for a person, two digits of it: 340ms, 4.2s, 12m, 3h, 5d. */
export function formatAge(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)}s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)}s`;
  if (ms < 2 * unitMs.h) return `${Math.round(ms / unitMs.m)}m`;
  if (ms < 2 * unitMs.d) return `${Math.round(ms / unitMs.h)}h`;
  return `${Math.round(ms / unitMs.d)}d`;
}
