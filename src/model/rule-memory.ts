import type { Rule } from './alarm.ts';
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
  /** Of all that decides what the rule learns: with another signature it means nothing. */
  readonly signature: string;
  /** When it was saved, by both clocks. */
  readonly savedAt: number;
  readonly stamp: TimeStamp;
  readonly state: SavedCondition;
}

/**
 * What decides what a rule learns of its point; undefined for one that learns nothing. How far is too far, or how long too
 * long, is no part of it: people tune that, and must not lose two weeks by it.
 */
export function learnedTermsOf(rule: Rule): readonly unknown[] | undefined {
  switch (rule.kind) {
    case 'counter-rate':
      return [rule.kind, rule.counted, rule.windowMs];
    case 'duration':
      return [rule.kind, rule.lasting];
    case 'missing':
      return [rule.kind, rule.counted];
    case 'band':
      return [rule.kind, rule.slotMs, rule.days];
    case 'forecast':
      return [rule.kind, rule.limit, rule.windowMs];
    default:
      return undefined;
  }
}
