import { type AlarmSchedule, type Rule, type RuleLife, type Weekday, weekdays } from '../model/alarm.ts';
import type { Suppression } from '../model/expression.ts';
import type { Build } from './build.ts';
import type { RuleDraft } from './rule-draft.ts';
import type { RawAlarm } from './schema.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { descend, itemsOf, placeOf, placeOfValue, readText, type Tree } from './tree.ts';

/** By what an alarm is suppressed: what it names, and the time outside of its schedule. */
export function hidingOf(
  raw: Pick<RawAlarm, 'suppressed-by' | 'schedule'>,
  tree: Tree,
  build: Build,
): Pick<RuleLife, 'suppressedBy' | 'schedule'> {
  const named = raw['suppressed-by'] ?? [];
  const schedule = raw.schedule && buildSchedule(raw.schedule, tree, build);
  return { suppressedBy: schedule ? [...named, idOf(schedule)] : named, schedule };
}

/** To the alarms a schedule is one more suppression, which all with the same schedule share. */
export function schedulesOf(rules: readonly Rule[]): Suppression[] {
  const byId = new Map<string, Suppression>();
  for (const { life } of rules) {
    if (!life.schedule) continue;
    const id = idOf(life.schedule);
    byId.set(id, { id, name: id, outside: life.schedule });
  }
  return [...byId.values()];
}

/** Every suppression that an alarm names is one of the site file. */
export function checkSuppressions(siteTree: Tree, drafts: readonly RuleDraft[], build: Build): void {
  const ids = itemsOf(siteTree, 'suppressions').flatMap(item => readText(item, 'id') ?? []);
  for (const { rule, tree } of drafts) {
    const holder = rule.kind === 'communication' ? (descend(tree, ['communication']) ?? tree) : tree;
    for (const id of rule.life.suppressedBy) {
      const isSchedule = rule.life.schedule !== undefined && id === idOf(rule.life.schedule);
      if (isSchedule || ids.includes(id)) continue;
      const item = itemsOf(holder, 'suppressed-by').find(one => one.kind === 'scalar' && one.value === id);
      const otherwise = ids.length > 0 ? `the suppressions are ${listWords(ids)}` : 'list it under suppressions:';
      const place = item ? placeOf(item) : placeOfValue(holder, 'suppressed-by');
      build.problems.error(place, `no suppression is called "${id}"`, suggestOr(id, ids, otherwise));
    }
  }
}

function buildSchedule(
  { days, from, to }: NonNullable<RawAlarm['schedule']>,
  tree: Tree,
  build: Build,
): AlarmSchedule | undefined {
  const words = days === undefined ? ['mon-sun'] : (typeof days === 'string' ? [days] : days).flatMap(wordsOf);
  const chosen = words.map(daysOf);
  const wrong = chosen.indexOf(undefined);
  if (wrong !== -1) {
    const hint = `write ${weekdays.join(', ')}, or a range such as mon-fri`;
    build.problems.error(placeOfValue(tree, 'schedule', 'days'), `"${words[wrong]}" is no day of the week`, hint);
    return undefined;
  }
  const all = new Set(chosen.flatMap(some => some ?? []));
  return { days: weekdays.filter(day => all.has(day)), fromMinute: minuteOf(from), toMinute: minuteOf(to) };
}

function wordsOf(text: string): string[] {
  return text.split(',').map(word => word.trim().toLowerCase());
}

/** `mon`, or `fri-mon` over the weekend. */
function daysOf(word: string): readonly Weekday[] | undefined {
  const [first = '', last = first, more] = word.split('-');
  const known: readonly string[] = weekdays;
  const [from, to] = [known.indexOf(first), known.indexOf(last)];
  if (from === -1 || to === -1 || more !== undefined) return undefined;
  const count = ((to - from + weekdays.length) % weekdays.length) + 1;
  return Array.from({ length: count }, (_, at) => weekdays[(from + at) % weekdays.length] ?? 'mon');
}

function minuteOf(time: string): number {
  const [hour, minute] = time.split(':');
  return Number(hour) * 60 + Number(minute);
}

/** `outside mon+tue 22:00-06:00`: it is what people read, and holds what no id of a site file can. */
function idOf({ days, fromMinute, toMinute }: AlarmSchedule): string {
  const text = days.length === weekdays.length ? 'every day' : days.join('+');
  return `outside ${text} ${timeText(fromMinute)}-${timeText(toMinute)}`;
}

function timeText(minute: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
