import type { Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import type { ExpressionDraft } from './expression.ts';
import type { Tree } from './tree.ts';

/** A rule as built, with where it is written. */
export interface RuleDraft {
  readonly rule: Rule;
  /** Undefined for communication alarms. */
  readonly point: Point | undefined;
  readonly tree: Tree;
  /** Of an alarm with an expression: what its hidden point is made of. */
  readonly expression?: ExpressionDraft;
}
