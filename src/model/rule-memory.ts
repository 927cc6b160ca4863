import type { TimeStamp } from './time.ts';

/**
 * What a rule with a long memory knows, as numbers in an order that its own file gives; null stands for "none". Times are
 * ms before the moment at which it was saved, never above 0.
 */
export type SavedCondition = readonly (number | null)[];

/** What a rule has learned, kept over a restart. */
export interface RuleMemory {
  /** Key of the rule. */
  readonly rule: string;
  /** Of all that decides how the rule judges: with another signature it means nothing. */
  readonly signature: string;
  /** When it was saved, by both clocks. */
  readonly savedAt: number;
  readonly stamp: TimeStamp;
  readonly state: SavedCondition;
}
