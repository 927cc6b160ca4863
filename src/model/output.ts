import type { Priority } from './alarm.ts';

/**
 * Local outputs: the beacon and the siren of the gateway itself, on pins of its own board. They announce, and are no part
 * of the plant, which stays read-only.
 */

export const outputKinds = ['beacon', 'siren'] as const;
export type OutputKind = (typeof outputKinds)[number];

export const outputPatterns = ['steady', 'slow', 'fast'] as const;
export type OutputPattern = (typeof outputPatterns)[number];

/** `unacknowledged`: nobody has answered for it yet. `active`: its condition stands. `overdue`: one of its deadlines has passed. */
export const callReasons = ['unacknowledged', 'active', 'overdue'] as const;
export type CallReason = (typeof callReasons)[number];

export interface OutputSettings {
  readonly id: string;
  readonly name: string;
  /** A siren can be silenced and falls silent by itself; a beacon shows an alarm as long as it calls. */
  readonly kind: OutputKind;
  readonly pin: PinAddress;
  /** The level of the pin that switches the output on. */
  readonly active: 'high' | 'low';
  /** Whether it is on while the gateway is stopped, or starts and does not know yet what stands. */
  readonly isOnWhenStopped: boolean;
  /** How long one alarm may sound, ms; undefined for a beacon. */
  readonly longestMs: number | undefined;
  /** The first that fits an alarm decides. */
  readonly rules: readonly OutputRule[];
}

export interface OutputRule {
  readonly priorities: readonly Priority[];
  readonly while: CallReason;
  readonly pattern: OutputPattern;
}

/** `bcm`: a pin of the header of a Raspberry Pi by the number of the chip's maker. `line`: by the label of any GPIO chip. */
export type PinAddress =
  | { readonly kind: 'bcm'; readonly line: number }
  | { readonly kind: 'line'; readonly chip: string; readonly line: number };

/** `BCM 17`, `line 3 of tca9534`. */
export function describePin(pin: PinAddress): string {
  return pin.kind === 'bcm' ? `BCM ${pin.line}` : `line ${pin.line} of ${pin.chip}`;
}

/** How long an output may be switched on by hand, ms. */
export const longestTestMs = 60_000;

/** An output now. */
export interface OutputView {
  readonly id: string;
  readonly name: string;
  readonly kind: OutputKind;
  readonly pin: string;
  readonly pattern: OutputPattern | 'off';
  readonly why: 'alarm' | 'test' | 'nothing';
  /** Keys of the alarms that call it, the silenced ones too. */
  readonly alarms: readonly string[];
  /** How many of them no longer sound: silenced by a person, or after the longest time. */
  readonly silenced: number;
  readonly health: 'opening' | 'ok' | 'failing';
  readonly lastFailure: string | null;
}
