import { formatAge } from '../../base/duration.ts';
import type { Difference } from '../../replay/compare.ts';
import { type AlarmSum, groupByAlarm, mostWithin, type Occurrence, sumUp } from '../../replay/tally.ts';
import { formatShare, noValue } from '../render/number.ts';
import { type Paint, paintForPriority, type Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import { cutText, escapeText, padText, widthOfText, wrapText } from '../render/text.ts';
import { formatTime } from '../render/time.ts';
import { renderTimeAxis, renderTimeline } from '../render/timeline.ts';
import { countOf } from '../render/words.ts';
import type { ReplayResult, ReplayRow } from './result.ts';

export interface Shown {
  readonly hasEach: boolean;
  readonly hasAll: boolean;
}

const dayMs = 86_400_000;
const tenMinutesMs = 600_000;

export function renderReplay(result: ReplayResult, shown: Shown, width: number | undefined, style: Style): string[] {
  const rows = result.rows.filter(row => isShown(row, shown));
  const sections = [
    renderHead(result, width),
    rows.length > 0
      ? renderTable(
          columnsOf(result),
          rows.map(row => cellsOf(row, result, style)),
          width,
          style,
        )
      : [],
    renderTimelines(result, rows, width, style),
    shown.hasEach ? renderEach(result, width, style) : [],
    result.notes.flatMap(note => wrapText(escapeText(note), width ?? Number.POSITIVE_INFINITY).map(style.faint)),
  ].filter(lines => lines.length > 0);
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function isShown({ difference, doubt }: ReplayRow, { hasAll }: Shown): boolean {
  if (hasAll) return true;
  return difference !== 'quiet' && doubt === undefined;
}

function renderHead(
  { from, to, samples, points, rows, would, came }: ReplayResult,
  width: number | undefined,
): string[] {
  const quiet = rows.filter(({ difference }) => difference === 'quiet').length;
  const lines = [
    `${formatTime(from)} to ${formatTime(to)}, ${formatAge(to - from)}: ${countOf(points, 'point')}, ${countOf(samples, 'sample')}, ${countOf(rows.length, 'alarm')}`,
    `would have come: ${rateOf(would, from, to)}`,
    ...(came ? [`really came:     ${rateOf(came, from, to)}`] : []),
    ...(quiet > 0 ? [`${countOf(quiet, 'alarm')} that neither came nor would have come: --all lists them`] : []),
  ];
  return width === undefined ? lines : lines.flatMap(line => wrapText(line, width));
}

function rateOf(occurrences: readonly Occurrence[], from: number, to: number): string {
  const { count, hidden } = sumUp(occurrences, from, to);
  const perDay = (count * dayMs) / Math.max(1, to - from);
  const most = mostWithin(occurrences, tenMinutesMs);
  const unseen = hidden > 0 ? `; ${hidden} more were hidden` : '';
  return `${count}, ${perDay < 10 ? perDay.toFixed(1) : Math.round(perDay)} a day, at most ${most} in ten minutes${unseen}`;
}

/** Only where something was hidden: most sites hide nothing. */
function hasHidden({ would, came }: ReplayResult): boolean {
  return [...would, ...(came ?? [])].some(({ isHidden }) => isHidden);
}

function columnsOf(result: ReplayResult): readonly Column[] {
  const { came } = result;
  return [
    { title: 'CHANGE' },
    { title: 'ALARM', minWidth: 12 },
    { title: 'PRIORITY' },
    { title: 'WOULD', align: 'right' },
    ...(came ? [{ title: 'CAME', align: 'right' } as const] : []),
    ...(hasHidden(result) ? [{ title: 'HIDDEN', align: 'right' } as const] : []),
    { title: 'STANDS', align: 'right' },
    ...(came ? [{ title: 'STOOD', align: 'right' } as const] : []),
    { title: 'LONGEST', align: 'right' },
    { title: 'FIRST' },
    { title: 'LAST' },
    { title: 'KNOWN', align: 'right' },
  ];
}

function cellsOf(row: ReplayRow, result: ReplayResult, style: Style): Cell[] {
  const { came } = result;
  const { alarm, rule, would, difference, knownShare } = row;
  return [
    { text: difference, paint: paintFor(difference, style) },
    alarm,
    rule ? { text: rule.priority, paint: paintForPriority(rule.priority, style) } : noValue,
    timesOf(would, row.doubt !== undefined),
    ...(came ? [timesOf(row.came, false)] : []),
    ...(hasHidden(result) ? [hiddenOf(row, came !== undefined)] : []),
    lengthOf(would.totalMs),
    ...(came ? [lengthOf(row.came?.totalMs ?? 0)] : []),
    lengthOf(would.longestMs),
    ...[would.firstAt, would.lastAt].map(at => (at === undefined ? noValue : formatTime(at))),
    knownShare === undefined ? '' : formatShare(knownShare),
  ];
}

function timesOf(sum: AlarmSum | undefined, isUntold: boolean): string {
  if (sum === undefined || isUntold) return noValue;
  return `${sum.count}${sum.isStanding ? '+' : ''}`;
}

/** Would be, and was where that is known. */
function hiddenOf({ would, came }: ReplayRow, isCameKnown: boolean): string {
  const was = came?.hidden ?? 0;
  if (would.hidden + was === 0) return noValue;
  return isCameKnown ? `${would.hidden}, was ${was}` : `${would.hidden}`;
}

function lengthOf(ms: number): string {
  return ms === 0 ? noValue : formatAge(ms);
}

function paintFor(difference: Difference, style: Style): Paint {
  switch (difference) {
    case 'new':
    case 'more':
    case 'longer':
      return style.bad;
    case 'gone':
    case 'fewer':
    case 'shorter':
      return style.good;
    case 'untold':
      return style.warning;
    case 'hidden':
    case 'same':
    case 'quiet':
      return style.plain;
  }
}

/** More pictures than this nobody compares. */
const mostPictures = 12;
const widestPicture = 120;

/** When alarms would have stood, above when they did. */
function renderTimelines(
  { would, came, from, to }: ReplayResult,
  rows: readonly ReplayRow[],
  width: number | undefined,
  style: Style,
): string[] {
  const drawn = rows.filter(row => row.would.count + (row.came?.count ?? 0) > 0).slice(0, mostPictures);
  if (drawn.length === 0) return [];
  const names = drawn.map(({ alarm }) => cutText(escapeText(alarm), 30));
  const nameWidth = Math.max(...names.map(widthOfText));
  const room = Math.max(10, Math.min(widestPicture, (width ?? 100) - nameWidth - 8));
  const [wouldBy, cameBy] = [groupByAlarm(would), groupByAlarm(came ?? [])];
  const line = (name: string, word: string, picture: string, paint: Paint) =>
    `${padText(name, nameWidth, 'left')} ${word.padEnd(5)} ${paint(picture)}`.trimEnd();
  const draw = (stretches: readonly Occurrence[] | undefined) =>
    renderTimeline(shownOf(stretches ?? []), from, to, room);
  const shortTime = (at: number) => formatTime(at).slice(5, 16);
  return [
    line('', '', renderTimeAxis(from, to, room, shortTime), style.faint),
    ...drawn.flatMap(({ alarm }, index) => [
      line(names[index] ?? '', 'would', draw(wouldBy.get(alarm)), style.bad),
      ...(came ? [line('', 'came', draw(cameBy.get(alarm)), style.accent)] : []),
    ]),
  ];
}

function shownOf(occurrences: readonly Occurrence[]): readonly Occurrence[] {
  return occurrences.filter(({ isHidden }) => !isHidden);
}

const eachColumns: readonly Column[] = [
  { title: 'FROM' },
  { title: 'FOR', align: 'right' },
  { title: '' },
  { title: 'ALARM', minWidth: 12 },
];

function renderEach({ would, came, to }: ReplayResult, width: number | undefined, style: Style): string[] {
  const all = [
    ...would.map(one => ({ one, word: { text: 'would', paint: style.bad } })),
    ...(came ?? []).map(one => ({ one, word: { text: 'came', paint: style.accent } })),
  ].sort((a, b) => a.one.from - b.one.from);
  const rows = all.map(({ one, word }): Cell[] => [
    formatTime(one.from),
    one.to === undefined ? `${formatAge(to - one.from)}+` : formatAge(one.to - one.from),
    one.isHidden ? { ...word, text: `${word.text}, hidden` } : word,
    one.alarm,
  ]);
  return rows.length > 0 ? renderTable(eachColumns, rows, width, style) : [];
}

export function replayJson(result: ReplayResult, hasEach: boolean) {
  const { from, to, samples, rows, would, came, notes } = result;
  return {
    from,
    to,
    samples,
    would: totalsJson(would),
    came: came ? totalsJson(came) : null,
    alarms: rows.map(row => ({
      alarm: row.alarm,
      priority: row.rule?.priority ?? null,
      message: row.rule?.message ?? null,
      difference: row.difference,
      doubt: row.doubt ?? null,
      knownShare: row.knownShare ?? null,
      would: sumJson(row.would),
      came: row.came ? sumJson(row.came) : null,
    })),
    ...(hasEach ? { occurrences: [...occurrencesJson('would', would), ...occurrencesJson('came', came ?? [])] } : {}),
    notes,
  };
}

function totalsJson(occurrences: readonly Occurrence[]) {
  const count = shownOf(occurrences).length;
  return { count, hidden: occurrences.length - count, mostInTenMinutes: mostWithin(occurrences, tenMinutesMs) };
}

function sumJson({ count, hidden, totalMs, longestMs, firstAt, lastAt, isStanding }: AlarmSum) {
  return { count, hidden, totalMs, longestMs, firstAt: firstAt ?? null, lastAt: lastAt ?? null, isStanding };
}

function occurrencesJson(which: 'would' | 'came', occurrences: readonly Occurrence[]) {
  return occurrences.map(({ alarm, from, to, isHidden }) => ({ which, alarm, from, to: to ?? null, isHidden }));
}
