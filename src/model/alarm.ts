import type { CounterTerms } from './counter.ts';
import type { TimeStamp } from './time.ts';

export const priorities = ['low', 'medium', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

/** A condition that needs a person, as the site file describes it. Values are in the point's own unit. */
export type Rule =
  | LimitRule
  | RateRule
  | StateRule
  | SpreadRule
  | StaleRule
  | DeviationRule
  | CrossingsRule
  | MismatchRule
  | FrozenRule
  | CounterRateRule
  | DurationRule
  | MissingRule
  | BandRule
  | ForecastRule
  | CommunicationRule
  | BusRule;

interface RuleBase {
  /** `device/id`, unique in a site and stable over restarts: the identity of the alarm. */
  readonly key: string;
  readonly priority: Priority;
  /** What the duty engineer reads first. */
  readonly message: string;
  /** How long the condition must last before the alarm is raised. */
  readonly onDelayMs: number;
  /** How long it must be gone before the alarm returns. */
  readonly offDelayMs: number;
  /** What becomes of the alarm once it was raised; no part of how samples are judged. */
  readonly life: RuleLife;
}

/** How the life of an alarm goes on beyond its condition. */
export interface RuleLife {
  /** Once raised it stays until a person resets it, although the condition is gone. */
  readonly isLatching: boolean;
  /** A person has to acknowledge it; otherwise it counts as acknowledged when it is raised. */
  readonly needsAcknowledge: boolean;
  /** Announced again after so long if it still stands; undefined for never. */
  readonly reAlarmMs: number | undefined;
  /** Id of the first-out group it belongs to. */
  readonly group: string | undefined;
  /** Ids of the suppressions of the site that hide it. */
  readonly suppressedBy: readonly string[];
  /** When the alarm is watched; undefined for always. */
  readonly schedule: AlarmSchedule | undefined;
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** From one time of day to another, on some days of the week; over midnight where `toMinute` is not later. */
export interface AlarmSchedule {
  /** The days on which it begins. */
  readonly days: readonly Weekday[];
  /** Minutes since midnight, local time. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Of an alarm whose site file says nothing of its life. */
export const plainLife: RuleLife = {
  isLatching: false,
  needsAcknowledge: true,
  reAlarmMs: undefined,
  group: undefined,
  suppressedBy: [],
  schedule: undefined,
};

interface DeviceRule extends RuleBase {
  /** Number of the device. */
  readonly device: number;
}

interface PointRule extends DeviceRule {
  /** Number of the point. */
  readonly point: number;
}

export const limitLevels = ['high-high', 'high', 'low', 'low-low'] as const;
export type LimitLevel = (typeof limitLevels)[number];

export interface LimitRule extends PointRule {
  readonly kind: 'limit';
  readonly level: LimitLevel;
  readonly limit: number;
  /** How far the value must come back past the limit before the condition is over. */
  readonly deadband: number;
}

export interface RateRule extends PointRule {
  readonly kind: 'rate';
  readonly direction: 'rise' | 'fall' | 'both';
  /** Point units per second, positive. */
  readonly ratePerS: number;
  readonly windowMs: number;
  /** The change over the window, in the point's unit, below which noise is not called a rate. */
  readonly minChange: number;
}

export interface StateRule extends PointRule {
  readonly kind: 'state';
  /** The values that are an alarm. */
  readonly states: readonly number[];
}

/** A value that swings: pressure hunting. */
export interface SpreadRule extends PointRule {
  readonly kind: 'spread';
  readonly measure: 'deviation' | 'peak-to-peak';
  /** The standard deviation, or the distance from the lowest to the highest value, in the point's unit. */
  readonly limit: number;
  readonly deadband: number;
  readonly windowMs: number;
}

/** No good value for too long, whatever the reason. */
export interface StaleRule extends PointRule {
  readonly kind: 'stale';
  readonly longestMs: number;
}

/** What a value is compared with: a constant in the point's unit, or another point. */
export type Reference =
  | { readonly kind: 'constant'; readonly value: number }
  /** In the unit of the point that is compared, it is value × factor + offset. */
  | { readonly kind: 'point'; readonly point: number; readonly factor: number; readonly offset: number };

/** A value too far from where it should be. */
export interface DeviationRule extends PointRule {
  readonly kind: 'deviation';
  readonly from: Reference;
  readonly direction: 'above' | 'below' | 'both';
  /** In the point's unit. */
  readonly limit: number;
  /** How much nearer the value must come before the condition is over. */
  readonly deadband: number;
}

/** A value that goes up and down through a level too often: hunting, a pump that starts and stops. */
export interface CrossingsRule extends PointRule {
  readonly kind: 'crossings';
  readonly of: Reference;
  /** The condition is met by one more than that. */
  readonly most: number;
  readonly windowMs: number;
  /** How far beyond the level, in the point's unit, a value must be to count as on the other side. */
  readonly band: number;
}

/** A feedback (the rule's point) that does not do what the command says. */
export interface MismatchRule extends PointRule {
  readonly kind: 'mismatch';
  /** Number of the point that is the command. */
  readonly command: number;
  /** The values of the command, and of the feedback, that stand for "on"; undefined: all but 0. */
  readonly commandOn: readonly number[] | undefined;
  readonly feedbackOn: readonly number[] | undefined;
  /** How long the feedback may take to follow a command to start, and one to stop. */
  readonly startMs: number;
  readonly stopMs: number;
  /** What the duty engineer reads in place of the message when it does not start, and when it does not stop. */
  readonly startMessage: string;
  readonly stopMessage: string;
}

/** A value that does not move, though it should. */
export interface FrozenRule extends PointRule {
  readonly kind: 'frozen';
  readonly forMs: number;
  /** A value that stays within so much, in the point's unit, does not move. */
  readonly span: number;
  /** It should move while this other point moves by more than a span of its own. Undefined: at all times. */
  readonly companion: { readonly point: number; readonly span: number } | undefined;
}
/** What happens at a point: a counter rises, or one of these values is reached. */
export type Counted =
  | { readonly kind: 'rise'; readonly terms: CounterTerms }
  | { readonly kind: 'state'; readonly states: readonly number[] };

/** Too much, or too little, within a time: starts per hour, energy per interval. */
export interface CounterRateRule extends PointRule {
  readonly kind: 'counter-rate';
  readonly counted: Counted;
  readonly comparison: 'more-than' | 'less-than';
  /** In the point's unit; of a point with states the number of times. */
  readonly limit: number;
  readonly windowMs: number;
}

/** What a value is while it lasts. */
export type Lasting =
  | { readonly kind: 'state'; readonly states: readonly number[] }
  | { readonly kind: 'above' | 'below'; readonly limit: number; readonly deadband: number };

/** Something that lasts too long. */
export interface DurationRule extends PointRule {
  readonly kind: 'duration';
  readonly lasting: Lasting;
  readonly longestMs: number;
}

/** Something that should have happened again. */
export interface MissingRule extends PointRule {
  readonly kind: 'missing';
  readonly counted: Counted;
  readonly withinMs: number;
}

/** A value that is not as it was at this time of day. */
export interface BandRule extends PointRule {
  readonly kind: 'band';
  /** Each part of the day so long has a band of its own. */
  readonly slotMs: number;
  /** How many learned days count. */
  readonly days: number;
  /** How far from the median a value may be: a multiple of the median deviation, or a share (0 to …) of the median. */
  readonly width: { readonly kind: 'factor' | 'share'; readonly value: number };
  /** It may always be so far, in the point's unit. */
  readonly minChange: number;
  /** How far the value must come back into the band before the condition is over. */
  readonly deadband: number;
  readonly direction: 'above' | 'below' | 'both';
}

/** A value that reaches a limit soon if it goes on as now. */
export interface ForecastRule extends PointRule {
  readonly kind: 'forecast';
  readonly limit: number;
  readonly withinMs: number;
  /** What the trend is taken from. */
  readonly windowMs: number;
  /** The change over the window, in the point's unit, below which noise is not called a trend. */
  readonly minChange: number;
}

/** The rules whose conditions remember for long: what they know outlives a restart. */
export type LongRule = CounterRateRule | DurationRule | MissingRule | BandRule | ForecastRule;

/** The device is not heard. Never mixed with process alarms: those freeze meanwhile. */
export interface CommunicationRule extends DeviceRule {
  readonly kind: 'communication';
}

/**
 * No device of a bus is heard. It is one alarm in place of one for each device: the on-delay is that of the device that
 * would have been the first. Its key is `bus:BUS/communication`; no device can be called that.
 */
export interface BusRule extends RuleBase {
  readonly kind: 'bus-communication';
  /** Id of the bus. */
  readonly bus: string;
  /** Numbers of all its devices. */
  readonly devices: readonly number[];
}

/** The other point that a rule looks at beside its own; undefined of one that looks at none. */
export function otherPointOf(rule: Rule): number | undefined {
  switch (rule.kind) {
    case 'deviation':
      return pointOf(rule.from);
    case 'crossings':
      return pointOf(rule.of);
    case 'mismatch':
      return rule.command;
    case 'frozen':
      return rule.companion?.point;
    default:
      return undefined;
  }
}

function pointOf(reference: Reference): number | undefined {
  return reference.kind === 'point' ? reference.point : undefined;
}

/**
 * What the detector says of a condition, its delays included. `removed`: its rule left the site file while it stood.
 * No ids, no names, no clock of its own.
 */
export interface Change {
  readonly kind: 'met' | 'gone' | 'removed';
  readonly rule: Rule;
  /**
   * The value that decided: of a rate rule the fitted slope in point units per second, of a spread the spread, of a
   * deviation the value less its reference, of crossings their count. Undefined for communication alarms, stale points
   * and removed rules.
   */
  readonly value: number | undefined;
  readonly sampledAt: number;
  readonly sampledAtMono: number;
}

/**
 * Where an alarm is in its life, as people see it. `returned`: the condition is gone, and nobody has acknowledged it.
 * `latched-…`: gone, and it waits for a reset. The last three hide the alarm, whatever its condition does.
 */
export const alarmPhases = [
  'normal',
  'unacknowledged',
  'acknowledged',
  'returned',
  'latched-unacknowledged',
  'latched-acknowledged',
  'shelved',
  'suppressed',
  'out-of-service',
] as const;
export type AlarmPhase = (typeof alarmPhases)[number];

/**
 * What happened to an alarm. `removed`: its rule left the site file. `released`: it is no longer suppressed. `hidden-…`: its
 * condition came or went while it was shelved, suppressed or out of service. `dispatched` to `closed`: what people report
 * of their work on it. `flood-…` and `suppression-…`: of the site, not of one of its alarms.
 */
export const eventKinds = [
  'raised',
  'returned',
  'removed',
  'acknowledged',
  're-alarmed',
  'reset',
  'shelved',
  'unshelved',
  'suppressed',
  'released',
  'out-of-service',
  'in-service',
  'hidden-raised',
  'hidden-returned',
  'dispatched',
  'arrived',
  'restored',
  'closed',
  'overdue',
  'chattering',
  'flood-began',
  'flood-ended',
  'suppression-began',
  'suppression-ended',
] as const;
export type TransitionKind = (typeof eventKinds)[number];

/** What an event or a state is about: a rule, a suppression of the site, or the flood of alarms that the gateway notices itself. */
export type RuleKind = Rule['kind'] | 'flood' | 'suppression';

/** The alarm key of what concerns the site as a whole. */
export const floodAlarm = 'site/flood';

/** Who did something, and from where: `cli`, `uplink ID`, `gateway` for what it does by itself. */
export interface Actor {
  readonly who: string;
  readonly from: string;
}

/** What a priority gives people time for, in this order. */
export const deadlines = ['acknowledge', 'arrive', 'restore'] as const;
export type Deadline = (typeof deadlines)[number];

/** From when the times count that people are given for an alarm. Kept with it, so that they go on over a restart. */
export interface KeptDuty {
  /** When it began, by both clocks. */
  readonly since: number;
  readonly stamp: TimeStamp;
  /** How long after that it was announced the last time, ms; negative where it has come back since. */
  readonly announcedAfterMs: number;
  /** How long after that it was announced, or somebody did something about it, the last time, ms. */
  readonly attendedAfterMs: number;
  /** Deadlines that have passed and were told. */
  readonly overdue: readonly Deadline[];
}

/** What people report of their work on an alarm, in this order. */
export const progressSteps = ['dispatched', 'arrived', 'restored', 'closed'] as const;
export type ProgressStep = (typeof progressSteps)[number];

/** The recorded transition. Its JSON form is the contract with the platform (docs/mqtt.md). */
export interface AlarmEvent {
  /** Rises by one with each event of this store, without gaps. */
  readonly number: number;
  /** `<store id>-<number>`: the same for ever, however often the event is sent. */
  readonly id: string;
  readonly kind: TransitionKind;
  readonly alarm: string;
  /** Id of the event that raised it: the same for all events of one occurrence. */
  readonly occurrence: string;
  /** Of the alarm after this event. */
  readonly phase: AlarmPhase;
  readonly rule: RuleKind;
  readonly priority: Priority;
  readonly message: string;
  readonly device: string;
  readonly deviceName: string;
  readonly point: string | undefined;
  readonly pointName: string | undefined;
  readonly value: number | undefined;
  /** The value as an enumeration's text, where the point has one. */
  readonly state: string | undefined;
  readonly unit: string;
  readonly limit: number | undefined;
  /** Who did it; undefined for what the plant did. */
  readonly by: Actor | undefined;
  /** Why, in the words of the one who did it, or the names of the suppressions. */
  readonly reason: string | undefined;
  /** Wall time at which it ends by itself: of shelving, and of being out of service. */
  readonly until: number | undefined;
  /** Id of the event that was the first of its first-out group; undefined for the first itself, and without a group. */
  readonly firstOut: string | undefined;
  /** The deadline that has passed, of an `overdue` event. */
  readonly overdue: Deadline | undefined;
  /** By how much, when it was told, ms. */
  readonly overdueMs?: number | undefined;
  /** Wall time of the sample that decided, ms since 1970. */
  readonly sampledAt: number;
  /** Wall time at which the detector had decided. */
  readonly detectedAt: number;
  /** How good these times are, and when it was by the monotonic clock that the detector had decided. */
  readonly stamp: TimeStamp;
}

/** Something that ends by itself some time after it was done. Its length counts, not the wall time of its end. */
export interface Expiry {
  readonly lastsMs: number;
  /** When it began, by both clocks. */
  readonly since: number;
  readonly stamp: TimeStamp;
}

/** Why an alarm is hidden. */
export interface AlarmMask {
  readonly by: Actor;
  readonly reason: string | undefined;
  /** Undefined for what has no end of its own: suppression. */
  readonly expiry: Expiry | undefined;
}

export interface AlarmMasks {
  readonly shelved: AlarmMask | undefined;
  readonly suppressed: AlarmMask | undefined;
  readonly outOfService: AlarmMask | undefined;
}

export const noMasks: AlarmMasks = { shelved: undefined, suppressed: undefined, outOfService: undefined };

/** Something that was done, and by whom. */
export interface Deed {
  readonly by: Actor;
  /** Wall time. */
  readonly at: number;
}

/** Where one alarm is in its life, and what people have done with it. */
export interface AlarmLife {
  readonly phase: AlarmPhase;
  /** Whether the condition stands, hidden or not. */
  readonly isActive: boolean;
  /** Whether it waits for a reset once the condition is gone, hidden or not. */
  readonly isLatched: boolean;
  /** Whether a person still has to acknowledge it. */
  readonly isUnacknowledged: boolean;
  /** Undefined while nobody has, or nobody has to. */
  readonly acknowledged: Deed | undefined;
  readonly masks: AlarmMasks;
  readonly progress: Readonly<Partial<Record<ProgressStep, Deed>>>;
  /** How often the condition has come back within this occurrence. */
  readonly comebacks: number;
  /** How often it was announced again. */
  readonly reAlarms: number;
  /** Undefined while nobody owes it anything: it is normal, hidden or closed. */
  readonly duty?: KeptDuty | undefined;
}

export const normalLife: AlarmLife = {
  phase: 'normal',
  isActive: false,
  isLatched: false,
  isUnacknowledged: false,
  acknowledged: undefined,
  masks: noMasks,
  progress: {},
  comebacks: 0,
  reAlarms: 0,
};

/** An alarm that is not plain normal, as the store keeps it over restarts. No row means normal. */
export interface AlarmState extends AlarmLife {
  readonly alarm: string;
  /** Id of the event that raised it, or that has hidden it. */
  readonly occurrence: string;
  readonly rule: RuleKind;
  readonly priority: Priority;
  readonly message: string;
  /** Wall time at which it was raised, or hidden. */
  readonly raisedAt: number;
  /** The same moment by the monotonic clock. */
  readonly stamp: TimeStamp;
  /** The value that raised it, its text where the point has one, and its unit. */
  readonly value: number | undefined;
  readonly state: string | undefined;
  readonly unit: string;
  /** Id of the event that was the first of its first-out group. */
  readonly firstOut: string | undefined;
}

/** One step in the life of one alarm: what is to be numbered, named, stored and sent. */
export interface Happening {
  readonly kind: TransitionKind;
  readonly alarm: string;
  /** Undefined when the site has no rule of this key any more. */
  readonly rule: Rule | undefined;
  /** The name of the suppression that it is about, where it is about none of the alarms. */
  readonly suppression?: string;
  /** After it. */
  readonly life: AlarmLife;
  /** A new occurrence begins with it. */
  readonly isFirst: boolean;
  readonly value: number | undefined;
  readonly by: Actor | undefined;
  readonly reason: string | undefined;
  /** Wall time at which it ends by itself. */
  readonly until: number | undefined;
  /** Key of the alarm that was the first of its first-out group; null: it follows none any more, undefined: as before. */
  readonly firstAlarm: string | null | undefined;
  readonly overdue: Deadline | undefined;
  readonly overdueMs?: number | undefined;
  readonly sampledAt: number;
  readonly sampledAtMono: number;
}
