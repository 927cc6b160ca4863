/*
 * An alarm that still stands is announced again when nobody has done anything about it for a time, also when it was
 * acknowledged: acknowledged and forgotten is how alarms get lost.
 */

export interface Unattended {
  /**
   * When it was announced last, or a person did something about it last: acknowledged it, reported progress. Monotonic ms.
   */
  readonly attendedMono: number;
  /** Whether its condition stands. */
  readonly isActive: boolean;
  /** Masked, or secondary to an alarm that calls people in its place. */
  readonly isQuiet: boolean;
  readonly reAlarmMs: number | undefined;
}

/** When it is announced again; undefined when it is not. */
export function reAlarmMono({ attendedMono, isActive, isQuiet, reAlarmMs }: Unattended): number | undefined {
  return reAlarmMs === undefined || !isActive || isQuiet ? undefined : attendedMono + reAlarmMs;
}
