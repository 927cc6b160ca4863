import { parseDuration } from '../base/duration.ts';
import { PlantroomError } from '../base/errors.ts';
import { parseTime } from './export/time-text.ts';

/**
 * A time as a person gives it: one of its own, or how long ago.
 *
 * @throws PlantroomError `usage`
 */
export function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const agoMs = parseDuration(text);
  const at = agoMs === undefined ? parseTime(text) : nowMs - agoMs;
  if (at !== undefined) return at;
  throw new PlantroomError(`${option} is ${JSON.stringify(text)}, which is no time`, {
    kind: 'usage',
    hint: 'write 2026-01-31, 2026-01-31T14:05, 2026-01-31T14:05:00Z, or 2d for two days ago',
  });
}
