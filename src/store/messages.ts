import type { ErrorKind } from '../base/errors.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import type { Learned } from '../model/learned.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { RuleMemory } from '../model/rule-memory.ts';
import type { StoreLimits } from './limits.ts';

/** What the store's face and its worker thread say to each other. Plain data only: it is cloned on the way. */

export type AlarmStateChange =
  | { readonly kind: 'set'; readonly state: AlarmState }
  | { readonly kind: 'clear'; readonly alarm: string };

/** What was learned of one device; nothing, when the list is empty. */
export interface LearnedRecord {
  readonly device: string;
  /** Of all that decides what is asked of the device. */
  readonly signature: string;
  readonly learned: readonly Learned[];
}

/** What a rule remembers, as it is stored: who reads it judges what it is worth. */
export interface StoredMemory {
  readonly rule: string;
  /** JSON of a RuleMemory. */
  readonly body: string;
}

export interface AlarmLogQuery {
  readonly limit: number;
  /** Only events with a lower number: the next page. */
  readonly before?: number | undefined;
  /** Only events of this alarm. */
  readonly alarm?: string | undefined;
}

export interface NumberQuery {
  readonly after: number;
  readonly limit: number;
}

export interface UplinkCursor extends AlarmCursor {
  readonly uplink: string;
}

/** One call of commitAlarms: committed whole or not at all, perhaps together with others. */
export interface AlarmWork {
  readonly events: readonly AlarmEvent[];
  readonly states: readonly AlarmStateChange[];
}

/** What is written patiently, behind the alarms. */
export type RecordWork =
  | { readonly kind: 'keep-learned'; readonly record: LearnedRecord }
  | { readonly kind: 'keep-memories'; readonly memories: readonly RuleMemory[] }
  | { readonly kind: 'forget-memories'; readonly rules: readonly string[] }
  | { readonly kind: 'append-audit'; readonly row: NewAuditRow }
  | { readonly kind: 'keep-command'; readonly record: CommandRecord };

/** What was done at somebody's behest, or to the configuration. */
export type AuditKind = 'command' | 'configuration' | 'uplink-removed' | 'clock';

export interface AuditEntry {
  readonly kind: AuditKind;
  /** Who had it done: an uplink, a user of the system, the gateway itself. */
  readonly who: string;
  /** Anything that JSON can carry. */
  readonly body: unknown;
}

export interface NewAuditRow {
  /** Keeps a row that is written again from being doubled. */
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly who: string;
  /** JSON, cut off where it is too long. */
  readonly body: string;
}

export interface AuditRow extends NewAuditRow {
  readonly number: number;
  /** SHA-256 over the hash before it and the row, hexadecimal. */
  readonly hash: string;
}

export interface AuditQuery {
  readonly limit: number;
  /** Only entries with a lower number: the next page. */
  readonly before?: number | undefined;
}

export type AuditVerdict =
  /** `hash`: of the newest entry; the same as one that was noted earlier only while that was the newest. */
  | { readonly kind: 'whole'; readonly entries: number; readonly hash: string }
  /** `number`: of the first entry that is not as it was written. */
  | { readonly kind: 'broken'; readonly number: number; readonly what: 'missing' | 'changed' | 'added' };

/** A command that has come. Times are wall times. */
export interface CommandRecord {
  readonly uplink: string;
  readonly id: string;
  readonly receivedAt: number;
  readonly expiresAt: number;
  /** What was answered; undefined while it runs. */
  readonly reply: string | undefined;
}

/** What the wall clock says, now that it is set, of the boot in which it was not. */
export interface TimeFix {
  readonly bootId: string;
  /** Wall time at which the boot began. */
  readonly bootedAt: number;
}

export interface CorrectionQuery extends TimeFix, NumberQuery {}

export interface TimeCorrection {
  readonly events: number;
  /** The alarms that stand whose times were corrected, as they are now. */
  readonly states: readonly AlarmState[];
}

/** What openStore finds on the disk. */
export interface Opened {
  /** Of the events that are made from now on. */
  readonly id: string;
  readonly path: string;
  readonly lastEventNumber: number;
  readonly cursors: readonly UplinkCursor[];
  /** Cursors were lost: one that is not among `cursors` is not new. */
  readonly areCursorsLost: boolean;
  /** Path of the broken file that was set aside. */
  readonly setAside: string | undefined;
  /** What was lost or saved on the way, in a sentence; undefined when all was well. */
  readonly loss: string | undefined;
}

/** What every reply tells of the file. */
export interface FileFigures {
  /** Stored events that each uplink has not delivered. */
  readonly owed: readonly Owed[];
  readonly sizeBytes: number;
  /** By this thread since it began; undefined where the system does not tell. */
  readonly writtenBytes: number | undefined;
  /** As in Opened; a file that breaks while it is in use is set aside as well. */
  readonly setAside: string | undefined;
  readonly loss: string | undefined;
}

export interface Owed {
  readonly uplink: string;
  readonly events: number;
}

export interface OpenBody {
  readonly folder: string;
  /** Wall time; dates the name of a broken file. */
  readonly openedAt: number;
  /** False when this process has had the file open before: its store id holds on. */
  readonly isStart: boolean;
  readonly limits: StoreLimits;
}

/** Every request with its answer. */
export interface Requests {
  open: { readonly body: OpenBody; readonly answer: Opened };
  'commit-alarms': { readonly body: readonly AlarmWork[]; readonly answer: undefined };
  'write-records': { readonly body: readonly RecordWork[]; readonly answer: undefined };
  /** In place of all cursors. Answers with them as they stand in the file, which may be behind. */
  'write-cursors': { readonly body: readonly UplinkCursor[]; readonly answer: readonly UplinkCursor[] };
  /** Corrects the times of the oldest unsent events above `after`, `limit` at most. */
  'write-times': { readonly body: CorrectionQuery; readonly answer: TimeCorrection };
  'read-alarms': { readonly body: NumberQuery; readonly answer: readonly AlarmEvent[] };
  'read-alarm-states': { readonly body: undefined; readonly answer: readonly AlarmState[] };
  'read-learned': { readonly body: undefined; readonly answer: readonly LearnedRecord[] };
  'read-memories': { readonly body: undefined; readonly answer: readonly StoredMemory[] };
  'read-alarm-log': { readonly body: AlarmLogQuery; readonly answer: readonly AlarmEvent[] };
  'read-audit': { readonly body: AuditQuery; readonly answer: readonly AuditRow[] };
  'read-audit-verdict': { readonly body: undefined; readonly answer: AuditVerdict };
  'read-command': { readonly body: CommandName; readonly answer: CommandRecord | undefined };
  /** Is every event stored that was given a number? */
  close: { readonly body: { readonly areAllStored: boolean }; readonly answer: undefined };
}

type CommandName = Pick<CommandRecord, 'uplink' | 'id'>;

export type RequestKind = keyof Requests;

export type RequestMessage = {
  [Kind in RequestKind]: { readonly request: number; readonly kind: Kind; readonly body: Requests[Kind]['body'] };
}[RequestKind];

export interface ReplyMessage {
  readonly request: number;
  readonly outcome:
    | { readonly kind: 'done'; readonly answer: Requests[RequestKind]['answer'] }
    | { readonly kind: 'failed'; readonly failure: Failure };
  /** Undefined as long as no database is open. */
  readonly figures: FileFigures | undefined;
}

/** Why a request failed, in a form that can be cloned. */
export interface Failure {
  readonly errorKind: ErrorKind;
  readonly message: string;
  readonly hint: string | undefined;
  /** True when the disk is to blame and the same request may succeed later; false when the request itself is wrong. */
  readonly isPassing: boolean;
}
