/**
 * How far a wall time can be trusted. `unsynchronised`: the clock had not been set since the boot. `synchronised`: it had.
 * `corrected`: recorded before it was set, and put right afterwards by the monotonic clock.
 */
export const clockQualities = ['unsynchronised', 'synchronised', 'corrected'] as const;
export type ClockQuality = (typeof clockQualities)[number];

/** A moment by both clocks. */
export interface Moment {
  readonly wallMs: number;
  readonly monoMs: number;
}

/** A record was made while the clock had not been set: what is needed to put its times right later. */
export interface ClockDoubt {
  readonly bootId: string;
  /** Wall time at which the boot began, by the clock as it was. */
  readonly bootedAt: number;
}

/** What makes a wall time checkable later. */
export interface TimeStamp {
  readonly clock: ClockQuality;
  /** Of the kernel: the same for all processes between two boots. */
  readonly bootId: string;
  /** Monotonic time since that boot, ms. */
  readonly bootMs: number;
}
