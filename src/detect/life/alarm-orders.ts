import { floodAlarm, type Happening, type Priority } from '../../model/alarm.ts';
import type { AlarmCommand } from '../../model/alarm-command.ts';
import type { CommandReply } from '../../model/command.ts';
import { longestGlob, matchesPoint } from '../../model/glob.ts';
import { suggest } from '../../model/suggestion.ts';
import { suppressionAlarm } from '../../model/suppressed.ts';
import type { Deed } from './alarm-book.ts';
import type { BookTime } from './expiry.ts';
import type { WatchedBook } from './watched-book.ts';

/** What orders need of the book. */
type OrderedBook = Pick<WatchedBook, 'act' | 'alarms' | 'ruleOf'>;

export interface OrderOutcome {
  readonly reply: CommandReply;
  readonly happenings: readonly Happening[];
}

/**
 * Does what a person wants with alarms. Each alarm for itself: one that is refused leaves the others be, and the reply
 * says so. Nothing happens where it is done already, and that is no error.
 */
export function carryOut(book: OrderedBook, command: AlarmCommand, now: BookTime): OrderOutcome {
  const found = command.alarms.map(pattern => ({ pattern, keys: resolve(book, pattern) }));
  const missing = found.find(({ keys }) => keys.length === 0);
  if (missing && isOfSite(missing.pattern)) {
    const hint = 'it tells of the site as a whole, asks nothing of anybody and ends by itself';
    return refuse(`nothing can be done with ${missing.pattern}`, [hint]);
  }
  if (missing) {
    const { reply } = refuse(`there is no alarm ${missing.pattern}`, [hintFor(missing.pattern, book.alarms())]);
    return { reply: { ...reply, isUnknown: true }, happenings: [] };
  }
  const deed = deedOf(command);
  const keys = [...new Set(found.flatMap(one => one.keys))];
  const outcomes = keys.map(alarm => ({ alarm, outcome: book.act(alarm, deed, now) }));
  const happenings = outcomes.flatMap(({ outcome }) => (outcome.kind === 'done' ? outcome.happenings : []));
  const refusals = outcomes.flatMap(({ alarm, outcome }) =>
    outcome.kind === 'refused' ? [`${alarm}: ${sayRefusal(outcome.why, book.ruleOf(alarm)?.priority)}`] : [],
  );
  if (refusals.length === keys.length) {
    if (keys.length === 1) return refuse(refusals.join(), []);
    return refuse(`none of ${keys.length} alarms: each is refused`, refusals);
  }
  const changed = new Set(happenings.map(({ alarm }) => alarm)).size;
  return { reply: { kind: 'done', message: sayDone(command, keys, changed, refusals) }, happenings };
}

function resolve(book: OrderedBook, pattern: string): readonly string[] {
  const keys = book.alarms();
  if (keys.includes(pattern)) return [pattern];
  return pattern.length > longestGlob ? [] : keys.filter(key => matchesPoint(key, pattern));
}

/** A flood, or a suppression: it stands in the list of alarms, and is none of the plant. */
function isOfSite(pattern: string): boolean {
  return pattern === floodAlarm || pattern.startsWith(suppressionAlarm(''));
}

function hintFor(pattern: string, keys: readonly string[]): string {
  const devices = keys.map(key => key.slice(0, key.indexOf('/')));
  const meant = suggest(pattern, [...keys, ...new Set(devices)]);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return 'the site file names them, and plantroom alarms lists those that are not normal';
}

function deedOf(command: AlarmCommand): Deed {
  const { by } = command;
  switch (command.kind) {
    case 'shelve':
      return { kind: 'shelve', by, reason: command.reason, lastsMs: command.lastsMs };
    case 'out-of-service':
      return { kind: 'take-out', by, reason: command.reason, lastsMs: command.lastsMs };
    case 'dispatched':
    case 'arrived':
    case 'restored':
    case 'closed':
      return { kind: 'report', step: command.kind, by, reason: command.reason };
    default: {
      const kind = command.kind === 'in-service' ? 'put-back' : command.kind;
      return { kind, by, ...(command.reason !== undefined && { reason: command.reason }) };
    }
  }
}

const doneTexts: Record<AlarmCommand['kind'], readonly [done: string, already: string]> = {
  acknowledge: ['acknowledged', 'had nothing to acknowledge'],
  reset: ['reset', 'had nothing to reset'],
  shelve: ['shelved', 'shelved already'],
  unshelve: ['unshelved', 'not shelved'],
  'out-of-service': ['taken out of service', 'out of service already'],
  'in-service': ['back in service', 'not out of service'],
  dispatched: ['somebody is on the way', 'somebody was on the way already'],
  arrived: ['somebody is there', 'somebody was there already'],
  restored: ['restored', 'restored already'],
  closed: ['closed', 'closed already'],
};

/** One alarm by its name, several by their number. */
function sayDone(
  { kind }: AlarmCommand,
  keys: readonly string[],
  changed: number,
  refusals: readonly string[],
): string {
  const [done, already] = doneTexts[kind];
  if (keys.length === 1) return `${keys[0]}: ${changed === 1 ? done : already}`;
  const same = keys.length - changed - refusals.length;
  const parts = [
    `${changed} ${done}`,
    ...(same > 0 ? [`${same} ${already}`] : []),
    ...(refusals.length > 0 ? [`${refusals.length} refused (${refusals.join('; ')})`] : []),
  ];
  return parts.join(', ');
}

type Refusal = Extract<ReturnType<WatchedBook['act']>, { kind: 'refused' }>['why'];

const refusalTexts: Record<Exclude<Refusal, 'may-not-shelve'>, string> = {
  'acknowledge-first': 'it is not acknowledged yet: acknowledge it, then reset it',
  'still-active': 'its condition still stands: it can be reset once that is gone',
  'not-raised': 'it is normal, and nothing is known any more of the last time it was not',
  'not-over': 'its condition still stands: it can be closed once that is gone',
  'arrived-before': 'somebody has arrived already',
  'closed-before': 'it was closed already',
  'unknown-alarm': 'there is no such alarm',
};

function sayRefusal(why: Refusal, priority: Priority | undefined): string {
  if (why !== 'may-not-shelve') return refusalTexts[why];
  return `alarms of priority ${priority} may not be shelved here: mend the cause, or take it out of service while it is worked on`;
}

function refuse(message: string, details: readonly string[]) {
  return { reply: { kind: 'refused', message, details }, happenings: [] } as const;
}
