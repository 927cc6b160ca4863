import type { CounterTerms } from './counter.ts';
import type { TimeStamp } from './time.ts';

export const priorities = ['low', 'medium', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

/** A condition that needs a person, as the site file describes it. Values are in the point's own unit. */
export type Rule =
  | LimitRule
  | RateRule
  | StateRule
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
}

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

/** What happened to an alarm. `removed`: its rule left the site file while it was active. */
export type TransitionKind = 'raised' | 'returned' | 'removed';

/** One step of one alarm, as the detector reports it: no ids, no names, no clock of its own. */
export interface Transition {
  readonly kind: TransitionKind;
  readonly rule: Rule;
  /**
   * The value that decided: of a rate rule the fitted slope in point units per second. Undefined for communication
   * alarms and removed rules.
   */
  readonly value: number | undefined;
  readonly sampledAt: number;
  readonly sampledAtMono: number;
}

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
  readonly rule: Rule['kind'];
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
  /** Wall time of the sample that decided, ms since 1970. */
  readonly sampledAt: number;
  /** Wall time at which the detector had decided. */
  readonly detectedAt: number;
  /** How good these times are, and when it was by the monotonic clock that the detector had decided. */
  readonly stamp: TimeStamp;
}

/** An alarm that stands, as the store keeps it over restarts. One row per active alarm; no row means normal. */
export interface AlarmState {
  readonly alarm: string;
  /** Id of the event that raised it. */
  readonly occurrence: string;
  readonly rule: Rule['kind'];
  readonly priority: Priority;
  readonly message: string;
  /** Wall time at which it was raised. */
  readonly raisedAt: number;
  /** The value that raised it, its text where the point has one, and its unit. */
  readonly value: number | undefined;
  readonly state: string | undefined;
  readonly unit: string;
}
