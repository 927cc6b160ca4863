import { parseDuration } from '../base/duration.ts';
import { type Actor, type ProgressStep, progressSteps } from './alarm.ts';

/** What a person wants done with alarms. */
export type AlarmCommand = OrderedAlarms & (PlainOrder | HidingOrder);

interface OrderedAlarms {
  /** Keys, patterns with * and ?, or ids of devices, which mean all alarms of the device. */
  readonly alarms: readonly string[];
  /** Of a single alarm: the occurrence that is meant, and no later one. */
  readonly occurrence?: string;
}

interface PlainOrder {
  readonly kind: 'acknowledge' | 'reset' | 'unshelve' | 'in-service' | ProgressStep;
  readonly by: Actor;
  readonly reason: string | undefined;
}

interface HidingOrder {
  readonly kind: 'shelve' | 'out-of-service';
  readonly by: Actor;
  readonly reason: string;
  readonly lastsMs: number;
}

/** What is done with an alarm, and what is reported of the work on it. */
export const alarmCommands = [
  'acknowledge',
  'reset',
  'shelve',
  'unshelve',
  'out-of-service',
  'in-service',
  ...progressSteps,
] as const;
export type AlarmCommandKind = (typeof alarmCommands)[number];

/** An alarm command as it is written on the socket. */
export interface AlarmCommandBody {
  readonly kind: AlarmCommandKind;
  readonly alarms: readonly string[];
  readonly who?: string;
  readonly reason?: string;
  /** A duration: `8h`. */
  readonly for?: string;
}

/** Everything beyond is refused. */
const alarmCommandLimits = {
  alarms: 100,
  alarmChars: 200,
  occurrenceChars: 64,
  reasonChars: 200,
  whoChars: 60,
  shelveMs: 7 * 86_400_000,
  outOfServiceMs: 90 * 86_400_000,
} as const;

/** How long an alarm is shelved where nobody says. */
const shelvedForMs = 8 * 3_600_000;

export type AlarmCommandReading = { readonly kind: 'command'; readonly command: AlarmCommand } | WrongCommand;

export interface WrongCommand {
  readonly kind: 'wrong';
  readonly reason: string;
  readonly hint: string;
}

/**
 * Checks what came over a socket or a broker: `{"alarms": ["booster/dry-run"], "for": "4h", "reason": "pump is being
 * mended", "who": "Li Wei"}`.
 *
 * @param from where it came from; `who` is what it says itself
 */
export function readAlarmCommand(
  kind: AlarmCommandKind,
  fields: Readonly<Record<string, unknown>>,
  from: string,
): AlarmCommandReading {
  const { alarms, reason } = fields;
  const { alarms: most, alarmChars, reasonChars } = alarmCommandLimits;
  if (!Array.isArray(alarms) || alarms.length === 0 || alarms.length > most || !alarms.every(isText(alarmChars))) {
    return wrong(
      `"alarms" must be a list of 1 to ${most} alarms`,
      'plantroom alarms lists them: {"alarms": ["pump/dry-run"]}',
    );
  }
  const by = readActor(fields.who, from);
  if ('kind' in by) return by;
  if (reason !== undefined && !isText(reasonChars)(reason)) {
    return wrong(`"reason" must be a text of 1 to ${reasonChars} characters`, 'write why, in a few words');
  }
  const occurrence = occurrenceIn(fields.occurrence, alarms);
  if (typeof occurrence === 'object') return occurrence;
  const base = { alarms: alarms as string[], by, ...(occurrence !== undefined && { occurrence }) };
  if (kind !== 'shelve' && kind !== 'out-of-service') {
    return { kind: 'command', command: { ...base, kind, reason: reason as string | undefined } };
  }
  if (reason === undefined)
    return wrong('"reason" is missing', 'whoever comes next has to know why an alarm is hidden');
  const lastsMs = lastsOf(kind, fields.for);
  if (typeof lastsMs !== 'number') return lastsMs;
  return { kind: 'command', command: { ...base, kind, reason: reason as string, lastsMs } };
}

/**
 * Who asks for something.
 *
 * @param who what the message says; undefined where it says nothing
 */
export function readActor(who: unknown, from: string): Actor | WrongCommand {
  const { whoChars } = alarmCommandLimits;
  if (who === undefined) return { who: from, from };
  if (typeof who === 'string' && isText(whoChars)(who)) return { who, from };
  return wrong(`"who" must be a text of 1 to ${whoChars} characters`, 'write who does it');
}

function occurrenceIn(occurrence: unknown, [alarm, ...others]: readonly string[]): string | undefined | WrongCommand {
  if (occurrence === undefined) return undefined;
  const { occurrenceChars } = alarmCommandLimits;
  if (typeof occurrence !== 'string' || !isText(occurrenceChars)(occurrence)) {
    return wrong(`"occurrence" must be a text of 1 to ${occurrenceChars} characters`, 'it stands in the alarm event');
  }
  if (others.length === 0 && /^[^*?]+\/[^*?]+$/.test(alarm ?? '')) return occurrence;
  return wrong('"occurrence" is of one alarm', 'send an order of its own for each: {"alarms": ["pump/dry-run"]}');
}

function lastsOf(kind: 'shelve' | 'out-of-service', text: unknown): number | AlarmCommandReading {
  if (text === undefined && kind === 'shelve') return shelvedForMs;
  if (text === undefined) return wrong('"for" is missing', 'write how long the alarm is out of service: "for": "2d"');
  const lastsMs = typeof text === 'string' ? parseDuration(text) : undefined;
  const longestMs = kind === 'shelve' ? alarmCommandLimits.shelveMs : alarmCommandLimits.outOfServiceMs;
  if (lastsMs === undefined || lastsMs <= 0) return wrong('"for" is no duration', 'write one such as 30min, 8h or 2d');
  if (lastsMs <= longestMs) return lastsMs;
  const days = `${longestMs / 86_400_000}d`;
  return wrong(`${kind} lasts at most ${days}`, `write "for": "${days}" or less, and do it again when it is over`);
}

function isText(longest: number): (value: unknown) => boolean {
  return value => typeof value === 'string' && value.trim() !== '' && value.length <= longest;
}

function wrong(reason: string, hint: string): WrongCommand {
  return { kind: 'wrong', reason, hint };
}
