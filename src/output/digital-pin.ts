import type { PinAddress } from '../model/output.ts';

/** One pin of the board that is ours to switch. Levels are electrical: true is high. */
export interface DigitalPin {
  /** The level at the pin now. Rejects when the pin is lost. */
  read(): Promise<boolean>;
  /** Rejects when the pin is lost. */
  write(isHigh: boolean): Promise<void>;
  /** Gives the pin back to the system, which may change its level. Never rejects. */
  close(): Promise<void>;
}

/**
 * Takes a pin as an output that is at this level from the first moment.
 *
 * Rejects with a PlantroomError whose hint says what to do: no such chip or line, no right to it, taken by another
 * program, or a machine without GPIO.
 */
export type OpenPin = (address: PinAddress, isHigh: boolean) => Promise<DigitalPin>;
