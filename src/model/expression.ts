import type { AlarmSchedule } from './alarm.ts';
import type { Point } from './point.ts';

/*
 * What a person wrote in CEL over values of the plant: a computed point, the condition of an alarm, or a reason to
 * suppress alarms. Plain data; compiled by src/compute.
 */

export interface Expression {
  readonly target: ExpressionTarget;
  readonly inputs: readonly ExpressionInput[];
  /** In CEL, with the inputs' names as its variables. */
  readonly text: string;
}

export type ExpressionTarget =
  | { readonly kind: 'point'; readonly point: Point }
  /** The point stays hidden: it is 1 while the expression holds, else 0, and is there for a rule of kind `state`. */
  | { readonly kind: 'alarm'; readonly point: Point }
  | { readonly kind: 'suppression'; readonly id: string };

export type ExpressionInput = PointInput | WindowInput | AlarmInput | ConstantInput;

interface InputBase {
  /** As the expression calls it. */
  readonly name: string;
}

/** A point as it is now: its number, or its text where it has states. */
export interface PointInput extends InputBase {
  readonly kind: 'value';
  readonly point: number;
  readonly isText: boolean;
  readonly conversion?: Conversion | undefined;
}

/** From the unit of a point to the one that the expression is written in: value × factor + offset. */
export interface Conversion {
  readonly factor: number;
  readonly offset: number;
}

export const windowFigures = ['rate', 'mean', 'min', 'max'] as const;

/** What a number did over the last overMs; `rate` in units per second. */
export interface WindowInput extends InputBase {
  readonly kind: (typeof windowFigures)[number];
  readonly point: number;
  readonly overMs: number;
  readonly conversion?: Conversion | undefined;
}

/** A number with a name: what a site sets once for a rule that is written for many. */
export interface ConstantInput extends InputBase {
  readonly kind: 'constant';
  readonly value: number;
}

/** Whether the condition of an alarm stands. */
export interface AlarmInput extends InputBase {
  readonly kind: 'alarm';
  /** Key of the alarm. */
  readonly alarm: string;
  /** What is sampled for it: delays behind the expression are confirmed by these samples. */
  readonly points: readonly number[];
  readonly devices: readonly number[];
}

/** A named reason, by design of the plant, why alarms do not count for a while. */
export interface Suppression {
  readonly id: string;
  readonly name: string;
  /** Undefined where an expression decides; else it holds outside of this schedule. */
  readonly outside: AlarmSchedule | undefined;
}

/** What suppresses alarms has begun or ended. */
export interface SuppressionChange {
  /** Id of the suppression. */
  readonly suppression: string;
  readonly isOn: boolean;
  readonly sampledAt: number;
  readonly sampledAtMono: number;
}
