import { formatAge } from '../../base/duration.ts';
import type { PointView } from '../../model/view.ts';
import type { DeviceFaultsView } from '../../sim/fault-desk.ts';
import type { Platform, ReceivedAlarm } from '../../sim/platform.ts';
import { renderLine } from '../render/line.ts';
import { formatLatency, formatNumber } from '../render/number.ts';
import { paintForPriority, type Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import { formatTime } from '../render/time.ts';
import { countOf } from '../render/words.ts';
import { renderWatch, type WatchPicture } from '../watch-view.ts';
import type { Legend } from './legend.ts';
import type { Story } from './story.ts';

/** Everything the demo shows. */
export interface DemoPicture {
  /** Undefined before the gateway answered for the first time. */
  readonly watch: WatchPicture | undefined;
  readonly platform: Platform;
  readonly faults: readonly DeviceFaultsView[];
  readonly story: Story;
  readonly nowMono: number;
  /** What happened to the demo's own processes; the newest is shown. */
  readonly notices: readonly string[];
  readonly legend: Legend;
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Rows that the live values need at least; what is above the table and below it included. */
const fewestWatchRows = 9;
const fewestAlarmRows = 3;
const mostAlarmRows = 12;
const alarmShare = 0.3;

/** The whole screen, as lines that fit it. */
export function renderDemo(picture: DemoPicture, size: Size, style: Style): string[] {
  const { columns, rows } = size;
  const { legend } = picture;
  const notices = picture.notices.slice(-1).map(text => renderLine([{ text, paint: style.warning }], columns));
  const plant = [renderPlant(picture, columns, style), ...notices];
  const isLow = rows < fewestWatchRows + fewestAlarmRows + plant.length + legend.length + 5;
  const bottom = isLow ? [] : ['', ...renderLegend(legend, columns, style)];
  // Beside the two tables: what the plant does, an empty line above it, the title and the header of the alarms.
  const room = rows - bottom.length - plant.length - 3;
  const alarmRows = Math.min(mostAlarmRows, Math.max(fewestAlarmRows, Math.floor(room * alarmShare)));
  const top = renderTop(picture, { columns, rows: Math.max(3, room - alarmRows) }, style);
  const received = renderReceived(picture.platform, alarmRows, columns, style);
  return [...top, '', ...plant, ...received, ...bottom].slice(0, rows);
}

function renderTop({ watch }: DemoPicture, size: Size, style: Style): string[] {
  if (watch !== undefined) {
    const points = choosePoints(watch.points, roomForPoints(watch, size.rows));
    return renderWatch({ ...watch, points }, size, style);
  }
  return [
    renderLine(
      [
        { text: 'plantroom demo', paint: style.title },
        { text: 'q quits', paint: style.faint },
      ],
      size.columns,
    ),
    '',
    renderLine(['The gateway is starting …'], size.columns),
  ];
}

/** Rows that the table of `watch` has for points, beside title, header, alarms, status and the space around them. */
function roomForPoints({ alarms }: WatchPicture, rows: number): number {
  if (rows < 12) return rows - 3;
  return rows - 6 - Math.min(4, alarms.standing.length);
}

/** Where not all points fit, each device has its share; the gateway's own points go first. */
function choosePoints(points: readonly PointView[], room: number): readonly PointView[] {
  const plant = points.filter(({ device, alarms }) => device !== 'self' || alarms.length > 0);
  if (plant.length <= room) return plant;
  const places = new Map<string, number>();
  const ranked = plant.map((point, index) => {
    const place = places.get(point.device) ?? 0;
    places.set(point.device, place + 1);
    return { point, index, rank: point.alarms.length > 0 ? -1 : place };
  });
  const chosen = ranked.sort((a, b) => a.rank - b.rank || a.index - b.index).slice(0, Math.max(1, room));
  return chosen.sort((a, b) => a.index - b.index).map(({ point }) => point);
}

/** What is going on in the simulated plant. */
function renderPlant(picture: DemoPicture, width: number, style: Style): string {
  const title = { text: 'Simulated plant', paint: style.title };
  const active = picture.faults.flatMap(({ device, active }) =>
    active.map(({ name, leftMs }) => `${device} has ${name}${leftMs === null ? '' : ` for ${formatAge(leftMs)}`}`),
  );
  if (active.length > 0) return renderLine([title, ...active.map(text => ({ text, paint: style.bad }))], width);
  return renderLine([title, { text: describeCalm(picture), paint: style.good }], width);
}

function describeCalm({ story, nowMono }: DemoPicture): string {
  switch (story.kind) {
    case 'opening':
      return 'all is well, the gateway is about to see it';
    case 'calm':
      return `all is well, the next small event comes in ${formatAge(Math.max(0, story.nextMono - nowMono))}`;
    case 'acting':
    case 'over':
      return 'all is well';
  }
}

const columns: readonly Column[] = [
  { title: 'TIME' },
  { title: 'PRIORITY' },
  { title: 'WHAT' },
  { title: 'MESSAGE', minWidth: 20 },
  { title: 'VALUE', align: 'right' },
  { title: 'LATENCY', align: 'right' },
  { title: 'ALARM', minWidth: 10 },
];

/** The newest first, as every list of alarms here. */
function renderReceived(platform: Platform, rows: number, width: number, style: Style): string[] {
  const { alarms, summaries, duplicates } = platform.counts;
  const title = renderLine(
    [
      { text: 'Received by the platform over MQTT', paint: style.title },
      countOf(alarms, 'alarm event'),
      countOf(summaries, 'summary', 'summaries'),
      ...(duplicates === 0 ? [] : [countOf(duplicates, 'duplicate dropped', 'duplicates dropped')]),
    ],
    width,
  );
  const newest = platform.alarms.slice(-rows).reverse();
  const table = renderTable(
    columns,
    newest.map(alarm => rowOf(alarm, style)),
    width,
    style,
  );
  const filler = Array.from({ length: rows - newest.length }, () => '');
  return [title, ...table, ...filler];
}

function rowOf(alarm: ReceivedAlarm, style: Style): Cell[] {
  const paint = alarm.kind === 'raised' ? paintForPriority(alarm.priority, style) : style.good;
  return [
    formatTime(alarm.receivedAt).slice(-8),
    { text: alarm.priority, paint: paintForPriority(alarm.priority, style) },
    { text: alarm.kind, paint },
    { text: alarm.message, paint },
    formatReceived(alarm),
    describeLatency(alarm),
    alarm.alarm,
  ];
}

/** `3.1 bar`, `fault`, or nothing where an alarm has no value. */
function formatReceived({ state, value, unit }: ReceivedAlarm): string {
  if (state !== undefined) return state;
  return value === undefined ? '' : `${formatNumber(value)} ${unit}`.trim();
}

/** What waited for the broker may be hours old. */
function describeLatency({ latencyMs }: ReceivedAlarm): string {
  return latencyMs < 10_000 ? formatLatency(Math.max(0, latencyMs)) : formatAge(latencyMs);
}

function renderLegend(legend: Legend, width: number, style: Style): string[] {
  const widest = Math.max(...legend.map(([command]) => command.length));
  return [
    renderLine([{ text: 'Try in a second terminal:', paint: style.title }], width),
    ...legend.map(([command, what]) => {
      const left = renderLine([{ text: `  ${command.padEnd(widest)}  `, paint: style.accent }], width);
      return left + renderLine([{ text: what, paint: style.faint }], Math.max(0, width - widest - 4));
    }),
  ];
}

/** What a pipe gets instead of a screen: one line for each alarm event … */
export function describeReceived(alarm: ReceivedAlarm, style: Style): string {
  const paint = paintForPriority(alarm.priority, style);
  return renderLine(
    [
      formatTime(alarm.receivedAt),
      { text: `${alarm.priority} ${alarm.kind}`, paint: alarm.kind === 'raised' ? paint : style.good },
      alarm.alarm,
      ...[formatReceived(alarm)].filter(text => text !== ''),
      alarm.message,
      { text: `${describeLatency(alarm)} from the sample`, paint: style.faint },
    ],
    undefined,
  );
}

/** … and now and then one with the first value of each device. */
export function describeValues(watch: WatchPicture, style: Style): string {
  const { good, total } = watch.status.points;
  const seen = new Set<string>();
  const plant = watch.points.filter(({ device }) => device !== 'self');
  const firsts = plant.filter(({ device }) => !seen.has(device) && seen.add(device));
  return renderLine(
    [
      formatTime(watch.nowMs),
      ...firsts.map(point => `${point.key} ${describeValue(point)}`),
      { text: `${good} of ${total} points good`, paint: good === total ? style.good : style.warning },
      countOf(watch.alarms.standing.length, 'alarm'),
    ],
    undefined,
  );
}

function describeValue({ state, value, unit }: WatchPicture['points'][number]): string {
  if (state !== null) return state;
  return typeof value === 'number' ? `${formatNumber(value)} ${unit}`.trim() : String(value ?? '–');
}

/** What to try, for a pipe. */
export function describeLegend(legend: Legend): string[] {
  const widest = Math.max(...legend.map(([command]) => command.length));
  return ['Try in a second terminal:', ...legend.map(([command, what]) => `  ${command.padEnd(widest)}  ${what}`)];
}
