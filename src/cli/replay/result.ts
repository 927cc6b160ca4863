import type { AlarmComparison } from '../../replay/compare.ts';
import type { Doubt } from '../../replay/grounds.ts';
import type { Occurrence } from '../../replay/tally.ts';
import type { Came } from './came.ts';
import type { Found } from './source.ts';

/** One alarm of the table. */
export interface ReplayRow extends AlarmComparison {
  /** Why the record says nothing about it. */
  readonly doubt: Doubt | undefined;
  /** 0 to 1: the share of the time in which its point had a good value; undefined where there is no one point. */
  readonly knownShare: number | undefined;
}

export interface ReplayResult {
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly points: number;
  readonly rows: readonly ReplayRow[];
  readonly would: readonly Occurrence[];
  /** Undefined where there is no alarm log to look at. */
  readonly came: readonly Occurrence[] | undefined;
  /** What cannot be told, or not surely; for a person. */
  readonly notes: readonly string[];
}

interface NoteGrounds {
  readonly from: number;
  readonly found: Found;
  readonly rows: readonly ReplayRow[];
  readonly came: Came | undefined;
  readonly coarse: readonly string[];
  /** Ids of suppressions of which the record does not tell when they hid alarms. */
  readonly unsureHiding: readonly string[];
  /** Keys of alarms that look further back than the record does. */
  readonly forgetful: readonly string[];
  readonly time: (at: number) => string;
}

/** A record that begins so much later than what was asked for is worth a word. */
const lateMs = 10 * 60_000;

const reasons: Readonly<Record<Doubt, string>> = {
  'not-recorded': 'their points were never recorded',
  'no-record-then': 'nothing of their points was recorded in this time',
  'other-unit': 'their points were recorded in a unit that does not convert',
  'device-not-recorded': 'nothing of their devices was recorded',
  'needs-more': 'they need what is not recorded',
};

export function notesOf({ from, found, rows, came, coarse, unsureHiding, forgetful, time }: NoteGrounds): string[] {
  const notes: string[] = [];
  if (found.firstAt !== undefined && found.firstAt > from + lateMs)
    notes.push(`The record begins at ${time(found.firstAt)}: what was before cannot be told.`);
  for (const doubt of Object.keys(reasons) as Doubt[]) {
    const alarms = rows.filter(row => row.doubt === doubt).map(({ alarm }) => alarm);
    if (alarms.length > 0) notes.push(`Cannot be told, since ${reasons[doubt]}: ${listOf(alarms)}.`);
  }
  const isSilence = (row: ReplayRow) => row.rule?.kind === 'communication' || row.rule?.kind === 'bus-communication';
  if (rows.some(row => isSilence(row) && row.doubt === undefined))
    notes.push('Communication alarms are told by the recorded points of a device alone, not by all that it was asked.');
  if (coarse.length > 0)
    notes.push(
      `Recorded in larger steps than these look for (a deadband, a span, a change), so they may come otherwise: ${listOf(coarse)}.`,
    );
  if (!came) notes.push('There is no alarm log to look at: what really came is not known.');
  if (came?.logBeganAt !== undefined && came.logBeganAt > from)
    notes.push(`The alarm log begins at ${time(came.logBeganAt)}: what came before is not in it.`);
  if (unsureHiding.length > 0)
    notes.push(
      `When these hid alarms is not known, since what they look at was not recorded: ${listOf(unsureHiding)}.`,
    );
  if (forgetful.length > 0)
    notes.push(`The record begins too late for what these remember, so they may come otherwise: ${listOf(forgetful)}.`);
  if (found.damaged > 0) notes.push(`${found.damaged} stretches of the history could not be read.`);
  if (found.late > 0) notes.push(`${found.late} values came too late to be put in their order: sort the file by time.`);
  if (found.unknown.size > 0) notes.push(`Not in the site, and left out: ${listOf([...found.unknown])}.`);
  return notes;
}

/** More names than this are no help. */
const mostNames = 8;

function listOf(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ');
}
