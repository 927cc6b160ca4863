import type { ClockQuality } from '../model/time.ts';

/** What is known of the wall clock. */
export interface ClockState {
  readonly quality: Exclude<ClockQuality, 'corrected'>;
  /** Wall time less monotonic time, ms, at the last look: it changes when the wall clock is set. */
  readonly offsetMs: number;
  /** How often it was set by more than `tolerableMs` since the start. */
  readonly jumps: number;
}

/** One look at both clocks. */
export interface ClockLook {
  readonly monoMs: number;
  readonly wallMs: number;
  /** What the system says of its synchronisation; undefined when it cannot tell. */
  readonly isSynchronised: boolean | undefined;
}

export type ClockEvent =
  /** The wall clock was set: it read `fromAt` a moment ago, by the monotonic clock, and reads `toAt` now. */
  { readonly kind: 'jumped'; readonly fromAt: number; readonly toAt: number } | { readonly kind: 'synchronised' };

/** A clock that is being slewed moves by less than this between two looks; one that is set moves by more. */
export const tolerableMs = 1_000;

/** No gateway with this program ran before. A clock that reads less has not been set since it lost its power. */
export const earliestPlausibleAt = Date.UTC(2026, 0, 1);

export function beginClock(look: ClockLook): ClockState {
  return { quality: qualityOf(look), offsetMs: look.wallMs - look.monoMs, jumps: 0 };
}

/** Once synchronised it stays so: a server that cannot be reached for an hour does not make the clock a wrong one. */
export function stepClock(state: ClockState, look: ClockLook): { state: ClockState; events: readonly ClockEvent[] } {
  const offsetMs = look.wallMs - look.monoMs;
  const hasJumped = Math.abs(offsetMs - state.offsetMs) > tolerableMs;
  const quality = state.quality === 'synchronised' ? state.quality : qualityOf(look);
  const events: ClockEvent[] = [];
  if (hasJumped) events.push({ kind: 'jumped', fromAt: look.monoMs + state.offsetMs, toAt: look.wallMs });
  if (quality !== state.quality) events.push({ kind: 'synchronised' });
  return { state: { quality, offsetMs, jumps: state.jumps + (hasJumped ? 1 : 0) }, events };
}

/** A system that cannot tell is believed as long as its clock reads a time that can be true. */
function qualityOf({ wallMs, isSynchronised }: ClockLook): ClockState['quality'] {
  const isTrue = wallMs >= earliestPlausibleAt && (isSynchronised ?? true);
  return isTrue ? 'synchronised' : 'unsynchronised';
}
