/**
 * How far a wall time can be trusted. `unsynchronised`: the clock had not been set since the boot. `synchronised`: it had.
 * `corrected`: recorded before it was set, and put right afterwards by the monotonic clock.
 */
export const clockQualities = ['unsynchronised', 'synchronised', 'corrected'] as const;
export type ClockQuality = (typeof clockQualities)[number];

/** What makes a wall time checkable later. */
export interface TimeStamp {
  readonly clock: ClockQuality;
  /** Of the kernel: the same for all processes between two boots. */
  readonly bootId: string;
  /** Monotonic time since that boot, ms. */
  readonly bootMs: number;
}
