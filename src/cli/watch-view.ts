import { formatAge, formatDuration } from '../base/duration.ts';
import { type AlarmState, type Priority, priorities } from '../model/alarm.ts';
import type { AlarmsView, PointView, StatusView, UplinkView } from '../model/view.ts';
import { sortByUrgency } from './alarms.ts';
import { renderLine } from './render/line.ts';
import { decimalsOf } from './render/number.ts';
import { renderSparkLine } from './render/spark-line.ts';
import { paintForPriority, paintForQuality, type Style } from './render/style.ts';
import { type Cell, type Column, measureTable, renderTable } from './render/table.ts';
import { formatTime } from './render/time.ts';
import { countOf, formatAgeOr, formatValue } from './render/words.ts';
import { describeBacklog, describeWhy, paintForUplink } from './status.ts';

/** Values that a spark line remembers, one a refresh. */
export const trendLength = 40;

const narrowestTrend = 8;

/** Alarms that are written out above the status line; more are counted. */
const maxAlarmLines = 3;

/** What one refresh brought. */
export interface WatchAnswer {
  readonly points: readonly PointView[];
  readonly alarms: AlarmsView;
  readonly status: StatusView;
}

/** By point key, oldest first; undefined where the value was not good or nobody answered. */
export type Trends = ReadonlyMap<string, readonly (number | undefined)[]>;

export interface WatchPicture extends WatchAnswer {
  readonly trends: Trends;
  /** How long ago the daemon gave this answer. */
  readonly answerAgeMs: number;
  /** Why it does not answer now; undefined when it does. */
  readonly failure: string | undefined;
  readonly intervalMs: number;
  readonly nowMs: number;
}

/** Adds one refresh to the trends. Without an answer every trend gets a gap. Points that are gone are forgotten. */
export function extendTrends(trends: Trends, answered: readonly PointView[] | undefined): Trends {
  const append = (key: string, value: number | undefined) =>
    [...(trends.get(key) ?? []), value].slice(-trendLength) as readonly (number | undefined)[];
  if (answered === undefined) return new Map([...trends.keys()].map(key => [key, append(key, undefined)]));
  return new Map(
    answered.map(({ key, value, quality }) => [
      key,
      append(key, quality === 'good' && typeof value === 'number' ? value : undefined),
    ]),
  );
}

/** The picture as lines that fit a terminal of this size; undefined is no terminal, and nothing is cut. */
export function renderWatch(
  picture: WatchPicture,
  size: { readonly columns: number; readonly rows: number } | undefined,
  style: Style,
): string[] {
  const width = size?.columns;
  const isLow = size !== undefined && size.rows < 12;
  const space = isLow ? [] : [''];
  const top = [renderTitle(picture, width, style), ...space];
  const alarmLines = isLow ? [] : renderAlarmLines(picture, width, style);
  const bottom = [...space, ...alarmLines, renderStatusLine(picture, width, style)];
  const room = size === undefined ? Number.POSITIVE_INFINITY : Math.max(1, size.rows - top.length - bottom.length - 1);
  const table = renderPoints(picture, room, width, style);
  const lines = [...top, ...table];
  return size === undefined ? [...lines, ...bottom] : fitHeight(lines, bottom, size.rows);
}

/** The status line stands at the very bottom, and is the last to go. */
function fitHeight(lines: readonly string[], bottom: readonly string[], rows: number): string[] {
  const room = Math.max(0, rows - bottom.length);
  const upper = lines.slice(0, room);
  const filler = Array.from({ length: room - upper.length }, () => '');
  return [...upper, ...filler, ...bottom].slice(-rows);
}

function renderTitle({ status, nowMs, intervalMs }: WatchPicture, width: number | undefined, style: Style): string {
  const { name } = status.gateway;
  return renderLine(
    [
      { text: name, paint: style.title },
      formatTime(nowMs),
      { text: `every ${formatDuration(intervalMs)}`, paint: style.faint },
      ...(width === undefined ? [] : [{ text: 'q quits', paint: style.faint }]),
    ],
    width,
  );
}

const pointColumns: readonly Column[] = [
  { title: 'POINT', minWidth: 12 },
  { title: 'VALUE', align: 'right' },
  { title: 'UNIT' },
  { title: 'QUALITY' },
  { title: 'AGE', align: 'right' },
  { title: 'ALARM', minWidth: 6 },
];
const trendColumn: Column = { title: 'TREND' };

function renderPoints(picture: WatchPicture, room: number, width: number | undefined, style: Style): string[] {
  if (picture.points.length === 0) {
    return [renderLine([{ text: 'No point matches any more.', paint: style.warning }], width)];
  }
  const { shown, more } = choosePoints(picture.points, room);
  const standing = new Map(picture.alarms.standing.map(alarm => [alarm.alarm, alarm]));
  const rows = shown.map(point => rowOf(point, picture, standing, style));
  // The trend takes what the others leave, and is the first to go: a cut key names no point.
  const left = width === undefined ? trendLength : width - measureTable(pointColumns, rows) - 2;
  const trendWidth = left < narrowestTrend ? 0 : Math.min(left, trendLength);
  const trends = shown.map(({ key }) => ({
    text: renderSparkLine(picture.trends.get(key) ?? [], trendWidth),
    paint: style.accent,
  }));
  const lines =
    trendWidth === 0
      ? renderTable(pointColumns, rows, width, style)
      : renderTable(
          [...pointColumns, trendColumn],
          rows.map((row, index) => [...row, trends[index] ?? '']),
          width,
          style,
        );
  if (more === 0) return lines;
  const hint = `${countOf(more, 'more point')}: enlarge the window, or give a pattern`;
  return [...lines, renderLine([{ text: hint, paint: style.warning }], width)];
}

/** Where not all points fit, those with an alarm come first. */
function choosePoints(points: readonly PointView[], room: number) {
  if (points.length <= room) return { shown: points, more: 0 };
  const hasAlarm = (point: PointView) => point.alarms.length > 0;
  const ordered = [...points.filter(hasAlarm), ...points.filter(point => !hasAlarm(point))];
  const shown = ordered.slice(0, Math.max(1, room - 1));
  return { shown, more: points.length - shown.length };
}

function rowOf(
  point: PointView,
  picture: WatchPicture,
  standing: ReadonlyMap<string, AlarmState>,
  style: Style,
): Cell[] {
  const trend = picture.trends.get(point.key) ?? [];
  const known = trend.filter(value => value !== undefined);
  const decimals = typeof point.value === 'number' ? [point.value, ...known].map(decimalsOf) : [];
  const isOld = point.quality !== 'good' || picture.failure !== undefined;
  const ageMs = point.ageMs === null ? null : point.ageMs + picture.answerAgeMs;
  return [
    point.key,
    { text: formatValue(point, Math.max(0, ...decimals)), paint: isOld ? style.faint : style.plain },
    point.unit,
    {
      text: point.quality,
      paint: isOld && point.quality === 'good' ? style.faint : paintForQuality(point.quality, style),
    },
    formatAgeOr(ageMs),
    alarmCell(point, standing, style),
  ];
}

/** The most urgent alarm of the point: `high pressure-low`, with the count of the others. */
function alarmCell(point: PointView, standing: ReadonlyMap<string, AlarmState>, style: Style): Cell {
  const [first, ...others] = sortByUrgency(
    point.alarms.flatMap(alarm => {
      const state = standing.get(alarm);
      return state === undefined ? [] : [state];
    }),
  );
  // An alarm that was raised between two answers of one refresh has no state here yet.
  if (first === undefined) return { text: point.alarms.join(' '), paint: style.bad };
  const id = first.alarm.slice(first.alarm.indexOf('/') + 1);
  const text = `${first.priority} ${id}${others.length === 0 ? '' : ` +${others.length}`}`;
  return { text, paint: paintForPriority(first.priority, style) };
}

function renderAlarmLines(picture: WatchPicture, width: number | undefined, style: Style): string[] {
  const sorted = sortByUrgency(picture.alarms.standing);
  const lines = sorted
    .slice(0, maxAlarmLines)
    .map(alarm =>
      renderLine(
        [
          { text: alarm.priority, paint: paintForPriority(alarm.priority, style) },
          alarm.message,
          alarm.alarm,
          { text: `for ${formatAgeOr(picture.nowMs - alarm.raisedAt)}`, paint: style.faint },
        ],
        width,
      ),
    );
  const more = sorted.length - lines.length;
  if (more === 0) return lines;
  return [
    ...lines,
    renderLine([{ text: `${countOf(more, 'more alarm')}: plantroom alarms`, paint: style.warning }], width),
  ];
}

function renderStatusLine(picture: WatchPicture, width: number | undefined, style: Style): string {
  const { status, failure, answerAgeMs } = picture;
  if (failure !== undefined) {
    const text = `no answer since ${formatAge(answerAgeMs)}: these values are old`;
    return renderLine(
      [
        { text, paint: style.bad },
        { text: failure, paint: style.bad },
      ],
      width,
    );
  }
  const { good, total } = status.points;
  return renderLine(
    [
      describeStanding(picture.alarms.standing, style),
      { text: `${good} of ${total} points good`, paint: good === total ? style.good : style.warning },
      ...uplinkCells(status.uplinks, style),
    ],
    width,
  );
}

/** The backlog first: it counts what the platform does not know yet, and a long failure text must not hide it. */
function uplinkCells(uplinks: readonly UplinkView[], style: Style): Cell[] {
  if (uplinks.length === 0) return ['uplink off'];
  return uplinks.flatMap(uplink => [
    `backlog ${describeBacklog(uplink)}`,
    {
      text: `uplink ${uplinks.length === 1 ? '' : `${uplink.id} `}${uplink.state}${describeWhy(uplink)}`,
      paint: paintForUplink(uplink, style),
    },
  ]);
}

/** `3 alarms stand (1 urgent, 2 high)` */
function describeStanding(standing: readonly AlarmState[], style: Style): Cell {
  if (standing.length === 0) return { text: 'no alarm stands', paint: style.good };
  const count = (priority: Priority) => standing.filter(alarm => alarm.priority === priority).length;
  const present = [...priorities].reverse().filter(priority => count(priority) > 0);
  const parts = present.map(priority => `${count(priority)} ${priority}`);
  const verb = standing.length === 1 ? 'stands' : 'stand';
  const text = `${countOf(standing.length, 'alarm')} ${verb} (${parts.join(', ')})`;
  return { text, paint: paintForPriority(present[0] ?? 'low', style) };
}
