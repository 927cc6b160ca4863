import type { AlarmEvent, AlarmState, Deadline } from './alarm.ts';
import type { OutputView } from './output.ts';
import type { ModbusTable } from './point.ts';
import type { Quality } from './quality.ts';
import type { SummarySpan } from './summary.ts';
import type { ClockQuality } from './time.ts';

/** What the edges (socket, command line) show of a running gateway. Plain JSON data. */

/** A point now. */
export interface PointView {
  readonly key: string;
  readonly name: string;
  readonly device: string;
  readonly deviceName: string;
  /** The last good value; null when there never was one. */
  readonly value: number | string | null;
  /** The value as an enumeration's text, where the point has one. */
  readonly state: string | null;
  readonly unit: string;
  /** Quality of the last sample: `good`, or why it is bad. */
  readonly quality: Quality;
  /** Wall time of the last sample, bad or good; null before the first. */
  readonly sampledAt: number | null;
  /** Age of the value shown (the last good sample), by the monotonic clock; null when there is none. */
  readonly ageMs: number | null;
  readonly intervalMs: number;
  /** Keys of the alarms whose condition stands on this point, hidden ones excepted. */
  readonly alarms: readonly string[];
}

export interface AlarmsView {
  /** Those that are neither normal nor hidden. */
  readonly standing: readonly AlarmState[];
  /** Shelved, suppressed or out of service. Of what a suppression hides only those of which there is more to say. */
  readonly hidden: readonly AlarmState[];
  /** Those that hold now, the newest first. */
  readonly suppressions: readonly SuppressionView[];
  /** What people still owe the alarms, passed or not. */
  readonly deadlines: readonly DeadlineView[];
  /** Newest first. */
  readonly history: readonly AlarmEvent[];
}

/** A suppression of the site that holds: what it hides is no alarm by design. */
export interface SuppressionView {
  readonly id: string;
  readonly name: string;
  /** Wall time. */
  readonly since: number;
  /** How many alarms name it, and how many of those have a condition that stands. */
  readonly hides: number;
  readonly standing: number;
}

export interface DeadlineView {
  readonly alarm: string;
  readonly deadline: Deadline;
  /** Negative: it has passed so long ago. */
  readonly leftMs: number;
}

/** Something that a device was found to refuse. */
export interface HoleView {
  readonly device: string;
  readonly deviceName: string;
  /** `hole`: a value that is refused. `cut`: a read that had to be cut before this address. */
  readonly kind: 'hole' | 'cut';
  readonly table: ModbusTable;
  readonly address: number;
  /** Registers or bits; 0 for a cut. */
  readonly count: number;
  /** Keys of the points that it costs; none for a cut. */
  readonly points: readonly string[];
  readonly since: number;
  readonly nextTryAt: number;
}

export interface DeviceView {
  readonly id: string;
  readonly name: string;
  readonly bus: string;
  /** `degraded`: one of its last reads was not answered, but not several in a row. */
  readonly health: 'online' | 'degraded' | 'offline' | 'unknown';
  readonly readsDone: number;
  readonly readsFailed: number;
  readonly readsMissed: number;
  /** Text of the last failure, null when there was none. */
  readonly lastFailure: string | null;
  /** What its driver knows of it beside its reads, in words: where it was found, what it does not take. Mostly none. */
  readonly notes: readonly string[];
  /** How long it takes to answer, smoothed; null before its first answer. */
  readonly responseMs: number | null;
  /** How long its next request may take to be answered. */
  readonly timeoutMs: number;
  /** Until it is probed at the earliest; null when it is not offline. */
  readonly nextProbeMs: number | null;
}

export interface BusView {
  readonly id: string;
  readonly protocol: string;
  /** host:port, or empty. */
  readonly endpoint: string;
  readonly readsDue: number;
  readonly readsDone: number;
  readonly readsFailed: number;
  readonly readsMissed: number;
  /** Share of the last minute in which a request was under way or the silence after its answer was kept, 0 to 1. */
  readonly load: number;
  /** Share of the last minute that requests to absent devices have taken in vain, 0 to 1. */
  readonly deadShare: number;
  /**
   * The load that its reads and their intervals ask for (docs/bus-load.md), by what each device takes to answer once it was
   * heard; 0 for the gateway's own.
   */
  readonly predictedLoad: number;
}

/** A histogram of a latency, in milliseconds. */
export interface LatencyView {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface UplinkView {
  readonly id: string;
  readonly state: 'connecting' | 'connected' | 'waiting';
  /** Of the broker it is connected to, or tries next. */
  readonly url: string;
  /** Why it is not connected, or what is wrong although it is; null when all is well. */
  readonly lastFailure: string | null;
  /** Alarm events that the broker has not taken. */
  readonly backlogAlarms: number;
  readonly backlogSummaries: number;
  /** Alarm events that the broker has taken and the platform has not confirmed; 0 when it is not asked to. */
  readonly unconfirmed: number;
  /** Summaries given up because too many waited. */
  readonly droppedSummaries: number;
}

/** Raw values, and summaries by the length of their windows. */
export interface HistoryView {
  /** `shedding`: within the last hour something was given up because the disk, or the file, was full. */
  readonly state: 'opening' | 'ok' | 'set-aside' | 'shedding' | 'failing';
  readonly lastFailure: string | null;
  /** The broken file that was set aside since the start. */
  readonly setAside: string | null;
  readonly classes: Readonly<Record<'raw' | SummarySpan, HistoryClassView>>;
  /** Given up since the start because the disk did not take them in time. */
  readonly droppedSamples: number;
  readonly droppedSummaries: number;
}

export interface HistoryClassView {
  readonly sizeBytes: number;
  /** Time of the oldest that is kept; null when there is none. */
  readonly oldestAt: number | null;
  /** Minutes of a device, or summaries, that were given up because there was no room for them; counted over restarts. */
  readonly shed: number;
}

export interface StatusView {
  readonly version: string;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly siteFile: string;
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly pid: number;
  /** How good the wall clock is, and how often it was set by more than a second since the start. */
  readonly clock: { readonly quality: ClockQuality; readonly jumps: number };
  readonly memoryBytes: number;
  readonly points: { readonly total: number; readonly good: number; readonly bad: number };
  readonly alarms: { readonly standing: number };
  readonly suppressions: readonly SuppressionView[];
  readonly buses: readonly BusView[];
  readonly devices: readonly DeviceView[];
  readonly store: {
    readonly path: string;
    readonly state: 'ok' | 'set-aside' | 'failing';
    /** The broken file that was set aside at this start. */
    readonly setAside: string | null;
    /** Of all its files, the history included. */
    readonly sizeBytes: number;
    /** `store.size` of the site file. */
    readonly limitBytes: number;
    readonly lastEventNumber: number;
    /** To the disk since the start, bytes; null where the system does not tell. */
    readonly writtenBytes: number | null;
    /** Extrapolated to a day; null where the system does not tell, and in the first hour. */
    readonly writtenPerDayBytes: number | null;
  };
  readonly history: HistoryView;
  /** In the order of the site file. */
  readonly uplinks: readonly UplinkView[];
  /** In the order of the site file. */
  readonly outputs: readonly OutputView[];
  readonly latency: {
    readonly sampledToDetected: LatencyView;
    readonly detectedToCommitted: LatencyView;
    readonly committedToAcknowledged: LatencyView;
    /** The whole way of an alarm event: stored, sent and taken by the broker. */
    readonly detectedToAcknowledged: LatencyView;
    /** How late a read starts after it is due. */
    readonly lateness: LatencyView;
  };
}
