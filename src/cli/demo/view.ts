import { formatAge } from '../../base/duration.ts';
import type { DeviceFaultsView } from '../../sim/fault-desk.ts';
import type { Platform, ReceivedAlarm } from '../../sim/platform.ts';
import { renderLine } from '../render/line.ts';
import { formatLatency, formatNumber } from '../render/number.ts';
import { paintForPriority, type Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import { formatTime } from '../render/time.ts';
import { countOf } from '../render/words.ts';
import { renderWatch, type WatchPicture } from '../watch-view.ts';
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
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

const legend: readonly (readonly [command: string, what: string])[] = [
  ['npx plantroom watch', 'live values of every point'],
  ['npx plantroom alarms --history 20', 'what stands, and what happened'],
  ['npx plantroom sim fault feeder phase-loss --for 20s', 'break something'],
  ['npx plantroom sim faults', 'all that can break'],
  ['npx plantroom sim clear', 'mend it'],
];

/** Rows that the live values need at least; what is above the table and below it included. */
const fewestWatchRows = 9;
const fewestAlarmRows = 3;
const mostAlarmRows = 12;

/** The whole screen, as lines that fit it. */
export function renderDemo(picture: DemoPicture, size: Size, style: Style): string[] {
  const isLow = size.rows < 24;
  const bottom = isLow ? [] : renderLegend(size.columns, style);
  const notices = picture.notices
    .slice(-1)
    .map(notice => renderLine([{ text: notice, paint: style.warning }], size.columns));
  const middle = [renderPlant(picture, size.columns, style), ...notices];
  const fixed = bottom.length + middle.length + 4;
  const room = Math.max(fewestWatchRows + fewestAlarmRows, size.rows - fixed);
  const wanted =
    picture.watch === undefined ? 3 : picture.watch.points.length + 6 + picture.watch.alarms.standing.length;
  const alarmRows = Math.min(mostAlarmRows, Math.max(fewestAlarmRows, room - wanted));
  const top = renderTop(
    picture,
    { columns: size.columns, rows: Math.max(3, Math.min(wanted, room - alarmRows)) },
    style,
  );
  return [
    ...top,
    '',
    ...middle,
    ...renderReceived(picture.platform, alarmRows, size.columns, style),
    '',
    ...bottom,
  ].slice(0, size.rows);
}

function renderTop({ watch }: DemoPicture, size: Size, style: Style): string[] {
  if (watch !== undefined) return renderWatch(watch, size, style);
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
  { title: 'VALUE', align: 'right' },
  { title: 'LATENCY', align: 'right' },
  { title: 'ALARM', minWidth: 8 },
  { title: 'MESSAGE', minWidth: 8 },
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
    formatReceived(alarm),
    formatLatency(Math.max(0, alarm.latencyMs)),
    alarm.alarm,
    { text: alarm.message, paint },
  ];
}

/** `3.1 bar`, `fault`, or nothing where an alarm has no value. */
function formatReceived({ state, value, unit }: ReceivedAlarm): string {
  if (state !== undefined) return state;
  return value === undefined ? '' : `${formatNumber(value)} ${unit}`.trim();
}

function renderLegend(width: number, style: Style): string[] {
  const widest = Math.max(...legend.map(([command]) => command.length));
  return [
    renderLine([{ text: 'Try in a second terminal:', paint: style.title }], width),
    ...legend.map(([command, what]) => renderLegendLine(command.padEnd(widest), what, width, style)),
  ];
}

function renderLegendLine(command: string, what: string, width: number, style: Style): string {
  return renderLine(
    [
      { text: `  ${command}`, paint: style.accent },
      { text: what, paint: style.faint },
    ],
    width,
  );
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
      { text: `${formatLatency(Math.max(0, alarm.latencyMs))} from the sample`, paint: style.faint },
    ],
    undefined,
  );
}

/** … and now and then one with the first value of each device. */
export function describeValues(watch: WatchPicture, style: Style): string {
  const { good, total } = watch.status.points;
  const seen = new Set<string>();
  const firsts = watch.points.filter(({ device }) => !seen.has(device) && seen.add(device));
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
export function describeLegend(): string[] {
  const widest = Math.max(...legend.map(([command]) => command.length));
  return ['Try in a second terminal:', ...legend.map(([command, what]) => `  ${command.padEnd(widest)}  ${what}`)];
}
