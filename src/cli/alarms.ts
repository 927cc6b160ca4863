import type { Command } from 'commander';
import { longestHistory } from '../api/client.ts';
import { formatAge } from '../base/duration.ts';
import { type AlarmEvent, type AlarmState, type Deadline, priorities } from '../model/alarm.ts';
import type { AlarmsView, DeadlineView, SuppressionView } from '../model/view.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { findDaemon } from './daemon.ts';
import { type GlobalOptions, wholeNumber } from './options.ts';
import { printJson, printLines } from './output.ts';
import { formatNumber } from './render/number.ts';
import { paintForPriority, type Style } from './render/style.ts';
import { type Cell, type Column, renderTable } from './render/table.ts';
import { formatTime } from './render/time.ts';
import { countOf, formatAgeOr } from './render/words.ts';

interface AlarmsOptions extends GlobalOptions {
  readonly history?: number;
}

export function registerAlarms(program: Command, context: CliContext): void {
  program
    .command('alarms')
    .summary('list the alarms that need somebody')
    .description(
      'Lists the alarms that are not normal, the most urgent first, those that are hidden, and the suppressions that hold. Returned ones stay until they are acknowledged.',
    )
    .option('--history <n>', 'also the newest n alarm events', wholeNumber('--history', 1, longestHistory))
    .addHelpText(
      'after',
      "\nExamples:\n  plantroom alarms\n  plantroom alarms --history 20\n  plantroom alarms --json\n\nWhat to do with one:\n  plantroom ack booster/pressure-low\n  plantroom progress arrived booster/pressure-low --who 'Li Wei'\n  plantroom shelve sump/level-high --for 4h --reason 'float switch sticks'",
    )
    .action((_options: unknown, command: Command) => listAlarms(context, command.optsWithGlobals()));
}

async function listAlarms(context: CliContext, options: AlarmsOptions): Promise<void> {
  const client = await findDaemon(context, options);
  const view = await client.alarms(options.history ?? 0);
  if (options.json) {
    printJson(context, view);
    return;
  }
  const width = widthOf(context.out);
  const style = styleFor(context.out, context.env);
  printLines(context, renderStanding(view, context.clock.wallMs(), width, style));
  if (view.hidden.length > 0) printLines(context, ['', ...renderHidden(view.hidden, width, style)]);
  if (view.suppressions.length > 0)
    printLines(context, ['', ...renderSuppressions(view.suppressions, context.clock.wallMs(), width, style)]);
  if (options.history !== undefined) printLines(context, ['', ...renderHistory(view, width, style)]);
}

/** FOR says what SINCE says, and the message is what a person reads first: it is never the one to go. */
const standingColumns: readonly Column[] = [
  { title: 'PRIORITY' },
  { title: 'PHASE', spare: 3 },
  { title: 'ALARM', minWidth: 12 },
  { title: 'SINCE', spare: 1 },
  { title: 'FOR', align: 'right' },
  { title: 'VALUE', align: 'right', spare: 2 },
  { title: 'MESSAGE', minWidth: 12 },
];

/** When comes before what: this much of it is never cut off. */
const dueColumn: Column = { title: 'DUE', minWidth: 14 };

export function renderStanding(
  { standing, deadlines }: Pick<AlarmsView, 'standing' | 'deadlines'>,
  nowMs: number,
  width: number | undefined,
  style: Style,
): string[] {
  if (standing.length === 0) return [style.good('No alarm stands.')];
  // Most sites, and most days, have nothing due.
  const hasDue = deadlines.length > 0;
  const keyOf = new Map(standing.map(({ occurrence, alarm }) => [occurrence, alarm]));
  const rows = sortByUrgency(standing).map(alarm => [
    { text: alarm.priority, paint: paintForPriority(alarm.priority, style) },
    { text: alarm.phase, paint: alarm.isUnacknowledged ? style.bad : style.plain },
    alarm.alarm,
    formatTime(alarm.raisedAt),
    formatAgeOr(nowMs - alarm.raisedAt),
    ...(hasDue
      ? [
          describeDue(
            deadlines.filter(one => one.alarm === alarm.alarm),
            style,
          ),
        ]
      : []),
    formatDecider(alarm),
    describeCause(alarm, keyOf),
  ]);
  const columns = hasDue ? standingColumns.toSpliced(5, 0, dueColumn) : standingColumns;
  return renderTable(columns, rows, width, style);
}

/** A secondary says what came first, while that is in the list. */
function describeCause({ message, firstOut }: AlarmState, keyOf: ReadonlyMap<string, string>): string {
  const first = firstOut === undefined ? undefined : keyOf.get(firstOut);
  return first === undefined ? message : `${message} (after ${first})`;
}

/** What is owed next; of what is overdue, the first that was due. */
function describeDue(deadlines: readonly DeadlineView[], style: Style): Cell {
  const [next] = [...deadlines].sort((a, b) => a.leftMs - b.leftMs);
  if (!next) return '';
  const { deadline, leftMs } = next;
  return leftMs > 0
    ? `in ${formatAge(leftMs)}: ${deadline}`
    : { text: `${formatAge(-leftMs)} overdue: ${deadline}`, paint: style.bad };
}

const hiddenColumns: readonly Column[] = [
  { title: 'HIDDEN' },
  { title: 'ALARM', minWidth: 12 },
  { title: 'CONDITION' },
  { title: 'UNTIL' },
  { title: 'BY', minWidth: 6 },
  { title: 'REASON', minWidth: 16 },
];

/** Why each is hidden: of several reasons the one that its phase tells. */
export function renderHidden(hidden: readonly AlarmState[], width: number | undefined, style: Style): string[] {
  const rows = sortByUrgency(hidden).map(alarm => {
    const mask = alarm.masks.outOfService ?? alarm.masks.suppressed ?? alarm.masks.shelved;
    return [
      { text: alarm.phase, paint: style.warning },
      alarm.alarm,
      { text: alarm.isActive ? 'stands' : 'gone', paint: alarm.isActive ? style.bad : style.plain },
      mask?.expiry ? formatTime(mask.expiry.since + mask.expiry.lastsMs) : '',
      mask?.by.who ?? '',
      mask?.reason ?? '',
    ];
  });
  return renderTable(hiddenColumns, rows, width, style);
}

const suppressionColumns: readonly Column[] = [
  { title: 'SUPPRESSION', minWidth: 12 },
  { title: 'SINCE' },
  { title: 'FOR', align: 'right' },
  { title: 'HIDES', align: 'right' },
  { title: 'STAND', align: 'right' },
  { title: 'NAME', minWidth: 16 },
];

/** What is no alarm now by design, and how many conditions stand behind it. */
export function renderSuppressions(
  suppressions: readonly SuppressionView[],
  nowMs: number,
  width: number | undefined,
  style: Style,
): string[] {
  const rows = suppressions.map(({ id, name, since, hides, standing }) => [
    id,
    formatTime(since),
    formatAgeOr(nowMs - since),
    countOf(hides, 'alarm'),
    { text: String(standing), paint: standing === 0 ? style.plain : style.warning },
    name === id ? '' : name,
  ]);
  return renderTable(suppressionColumns, rows, width, style);
}

/** The most urgent first, among equals the newest. */
export function sortByUrgency(standing: readonly AlarmState[]): AlarmState[] {
  const rank = ({ priority }: AlarmState) => priorities.indexOf(priority);
  return [...standing].sort((a, b) => rank(b) - rank(a) || b.raisedAt - a.raisedAt || (a.alarm < b.alarm ? -1 : 1));
}

const historyColumns: readonly Column[] = [
  { title: 'TIME' },
  { title: 'EVENT' },
  { title: 'PRIORITY', spare: 2 },
  { title: 'ALARM', minWidth: 12 },
  { title: 'VALUE', align: 'right', spare: 1 },
  { title: 'MESSAGE', minWidth: 12 },
];

export function renderHistory(view: AlarmsView, width: number | undefined, style: Style): string[] {
  if (view.history.length === 0) return ['No alarm event is stored yet.'];
  const rows = view.history.map(event => [
    formatTime(event.sampledAt),
    { text: event.kind, paint: isBadNews(event.kind) ? style.bad : style.good },
    { text: event.priority, paint: paintForPriority(event.priority, style) },
    event.alarm,
    formatDecider(event),
    describeEvent(event),
  ]);
  return renderTable(historyColumns, rows, width, style);
}

export function isBadNews(kind: AlarmEvent['kind']): boolean {
  return kind === 'raised' || kind === 're-alarmed' || kind === 'overdue' || kind === 'flood-began';
}

/** What a person did tells who and why; what it is about stands beside it. All else tells its message, and why. */
function describeEvent(event: AlarmEvent): string {
  const { by, reason, message, rule, overdue } = event;
  const isPerson = by !== undefined && by.from !== 'gateway';
  const about = isPerson ? [`by ${by.who}`] : overdue === undefined ? [] : [describeOverdue(overdue, event.overdueMs)];
  // The reason of a suppression is its own id.
  const why = reason === undefined || rule === 'suppression' ? [] : [reason];
  return [...about, ...why, ...(isPerson ? [] : [message])].join(': ');
}

function describeOverdue(deadline: Deadline, overdueMs = 0): string {
  return overdueMs < 1_000 ? `${deadline} overdue` : `${deadline} overdue by ${formatAge(overdueMs)}`;
}

/** The value that decided, with its unit. */
function formatDecider(event: Pick<AlarmEvent, 'value' | 'state' | 'unit'>): string {
  if (typeof event.state === 'string') return event.state;
  return typeof event.value === 'number' ? `${formatNumber(event.value)} ${event.unit}`.trimEnd() : '';
}
