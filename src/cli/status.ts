import type { Command } from 'commander';
import { formatAge } from '../base/duration.ts';
import type { OutputView } from '../model/output.ts';
import type { HistoryClassView, HistoryView, LatencyView, StatusView, UplinkView } from '../model/view.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { findDaemon } from './daemon.ts';
import { printJson, printLines } from './output.ts';
import { describeOutput } from './outputs.ts';
import { renderFacts } from './render/facts.ts';
import { formatBytes, formatLatency, formatShare } from './render/number.ts';
import type { Paint, Style } from './render/style.ts';
import { type Cell, type Column, renderTable } from './render/table.ts';
import { formatTime } from './render/time.ts';
import { countOf } from './render/words.ts';

export function registerStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .summary('show how the gateway itself is doing')
    .description('Shows buses, devices, store, uplink and latencies of the running gateway.')
    .addHelpText('after', '\nExamples:\n  plantroom status\n  plantroom status --json')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals();
      const client = await findDaemon(context, options);
      const status = await client.status();
      if (options.json) printJson(context, status);
      else printLines(context, renderStatus(status, widthOf(context.out), styleFor(context.out, context.env)));
    });
}

export function renderStatus(status: StatusView, width: number | undefined, style: Style): string[] {
  const sections = [
    renderFacts(factsOf(status, style), width, style),
    renderBuses(status, width, style),
    renderDevices(status, width, style),
    ...renderNotes(status, width, style),
    renderLatencies(status, width, style),
  ];
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function factsOf(status: StatusView, style: Style): [string, Cell][] {
  const { gateway, points, alarms } = status;
  return [
    ['gateway', gateway.name === gateway.id ? gateway.id : `${gateway.name} (${gateway.id})`],
    [
      'process',
      `version ${status.version}, pid ${status.pid}, up ${formatAge(status.uptimeMs)} since ${formatTime(status.startedAt)}, ${formatBytes(status.memoryBytes)}`,
    ],
    ['clock', clockFact(status.clock, style)],
    ['site', status.siteFile],
    ['points', pointsFact(points, style)],
    [
      'alarms',
      alarms.standing === 0
        ? 'none stands'
        : { text: `${alarms.standing} ${alarms.standing === 1 ? 'stands' : 'stand'}`, paint: style.bad },
    ],
    ...suppressionFacts(status.suppressions, style),
    ...storeFacts(status, style),
    ...historyFacts(status.history, style),
    ...uplinkFacts(status.uplinks, style),
    ...outputFacts(status.outputs, style),
  ];
}

/** `pump-off since 2026-01-31 14:05:09 hides 12 alarms, 2 of them stand` for each that holds. */
function suppressionFacts(suppressions: StatusView['suppressions'], style: Style): [string, Cell][] {
  return suppressions.map(({ id, since, hides, standing }, index) => {
    const text = `${id} since ${formatTime(since)} hides ${countOf(hides, 'alarm')}`;
    const stands = standing === 1 ? '1 of them stands' : `${standing} of them stand`;
    const cell = standing === 0 ? text : { text: `${text}, ${stands}`, paint: style.warning };
    return [index === 0 ? 'suppressed' : '', cell];
  });
}

function clockFact({ quality, jumps }: StatusView['clock'], style: Style): Cell {
  const text = jumps === 0 ? quality : `${quality}, set ${countOf(jumps, 'time')} since the start`;
  return quality === 'synchronised' ? text : { text: `${text}: times are doubtful`, paint: style.warning };
}

function pointsFact(points: StatusView['points'], style: Style): Cell {
  const text = `${points.total}: ${points.good} good, ${points.bad} bad`;
  return points.bad === 0 ? text : { text, paint: style.warning };
}

function storeFacts({ store }: StatusView, style: Style): [string, Cell][] {
  const size = `${formatBytes(store.sizeBytes)} of ${formatBytes(store.limitBytes)}`;
  const text = `${store.state}, ${size}, last alarm event ${store.lastEventNumber}, ${store.path}`;
  return [
    ['store', { text, paint: store.state === 'ok' ? style.plain : style.bad }],
    ...setAsideFact(store.setAside),
    ['', describeWrites(store)],
  ];
}

/** `writes 210 MB a day`: what the life of a memory card depends on. */
function describeWrites({ writtenBytes, writtenPerDayBytes }: StatusView['store']): string {
  if (writtenBytes === null) return 'writes: the system does not tell';
  if (writtenPerDayBytes === null)
    return `writes ${formatBytes(writtenBytes)} so far, too early to tell how much in a day`;
  return `writes ${formatBytes(writtenPerDayBytes)} a day`;
}

function setAsideFact(path: string | null): [string, Cell][] {
  return path === null ? [] : [['', `a broken file was set aside: ${path}`]];
}

const classNames = { raw: 'raw values', '1min': '1 min', '15min': '15 min', '1day': '1 day' } as const;

function historyFacts(history: HistoryView, style: Style): [string, Cell][] {
  const isWell = history.state === 'ok' || history.state === 'opening';
  const why = isWell || history.lastFailure === null ? '' : ` (${history.lastFailure})`;
  const dropped = [
    ...(history.droppedSamples === 0 ? [] : [countOf(history.droppedSamples, 'value')]),
    ...(history.droppedSummaries === 0 ? [] : [countOf(history.droppedSummaries, 'summary', 'summaries')]),
  ];
  const lost = dropped.length === 0 ? '' : `, dropped ${dropped.join(' and ')}`;
  return [
    ['history', { text: `${history.state}${why}${lost}`, paint: isWell && lost === '' ? style.plain : style.warning }],
    ...setAsideFact(history.setAside),
    ...historyClasses.map((kind): [string, Cell] => ['', classFact(classNames[kind], history.classes[kind], style)]),
  ];
}

const historyClasses = ['raw', '1min', '15min', '1day'] as const;

/** `15 min: 3.1 MB since 2026-01-02 10:15:00, 12 shed` */
function classFact(name: string, { sizeBytes, oldestAt, shed }: HistoryClassView, style: Style): Cell {
  const text = `${name}: ${oldestAt === null ? 'none yet' : `${formatBytes(sizeBytes)} since ${formatTime(oldestAt)}`}`;
  return shed === 0 ? text : { text: `${text}, ${shed} shed for want of room`, paint: style.warning };
}

/** `connected to mqtt://broker:1883, backlog 0 alarms, 3 summaries` */
export function describeUplink(uplink: UplinkView): string {
  const where = uplink.state === 'connected' ? `connected to ${uplink.url}` : `${uplink.state}, ${uplink.url}`;
  return `${where}${describeWhy(uplink)}, backlog ${describeBacklog(uplink)}`;
}

/** Why it is not connected, or does not get on, in brackets; empty when all is well. */
export function describeWhy({ lastFailure }: UplinkView): string {
  return lastFailure === null ? '' : ` (${lastFailure})`;
}

/** `1 alarm, 3 summaries, 2 unconfirmed, 9 dropped` */
export function describeBacklog(uplink: UplinkView): string {
  const { backlogAlarms, backlogSummaries, unconfirmed, droppedSummaries } = uplink;
  return [
    countOf(backlogAlarms, 'alarm'),
    countOf(backlogSummaries, 'summary', 'summaries'),
    ...(unconfirmed === 0 ? [] : [`${unconfirmed} unconfirmed`]),
    ...(droppedSummaries === 0 ? [] : [`${droppedSummaries} dropped`]),
  ].join(', ');
}

/** One line for each; where there are several, each with its name. */
function uplinkFacts(uplinks: readonly UplinkView[], style: Style): [string, Cell][] {
  if (uplinks.length === 0) return [['uplink', 'off']];
  return uplinks.map((uplink, index) => {
    const name = uplinks.length === 1 ? '' : `${uplink.id}: `;
    return [
      index === 0 ? 'uplink' : '',
      { text: `${name}${describeUplink(uplink)}`, paint: paintForUplink(uplink, style) },
    ];
  });
}

/** `siren on, fast` for each; none where the site has no outputs. */
function outputFacts(outputs: readonly OutputView[], style: Style): [string, Cell][] {
  return outputs.map((output, index) => {
    const paint = output.health === 'failing' ? style.bad : output.pattern === 'off' ? style.plain : style.warning;
    return [index === 0 ? 'outputs' : '', { text: `${output.id}: ${describeOutput(output)}`, paint }];
  });
}

export function paintForUplink({ state, lastFailure }: UplinkView, style: Style): Paint {
  return state === 'connected' && lastFailure === null ? style.good : style.warning;
}

const busColumns: readonly Column[] = [
  { title: 'BUS', minWidth: 6 },
  { title: 'PROTOCOL' },
  { title: 'ENDPOINT', minWidth: 10 },
  { title: 'LOAD', align: 'right' },
  { title: 'DEAD', align: 'right' },
  { title: 'PREDICTED', align: 'right' },
  { title: 'DUE', align: 'right' },
  { title: 'DONE', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'MISSED', align: 'right' },
];

function renderBuses({ buses }: StatusView, width: number | undefined, style: Style): string[] {
  const rows = buses.map(bus => [
    bus.id,
    bus.protocol,
    bus.endpoint,
    formatShare(bus.load),
    bus.deadShare === 0 ? '0' : { text: formatShare(bus.deadShare), paint: style.warning },
    formatShare(bus.predictedLoad),
    String(bus.readsDue),
    String(bus.readsDone),
    countCell(bus.readsFailed, style),
    countCell(bus.readsMissed, style),
  ]);
  return renderTable(busColumns, rows, width, style);
}

const deviceColumns: readonly Column[] = [
  { title: 'DEVICE', minWidth: 8 },
  { title: 'BUS', minWidth: 6 },
  { title: 'HEALTH' },
  { title: 'ANSWERS IN', align: 'right' },
  { title: 'TIMEOUT', align: 'right' },
  { title: 'PROBE IN', align: 'right' },
  { title: 'DONE', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'MISSED', align: 'right' },
  { title: 'NAME', minWidth: 8 },
  { title: 'LAST FAILURE', minWidth: 12 },
];

function renderDevices({ devices }: StatusView, width: number | undefined, style: Style): string[] {
  const paints = { online: style.good, degraded: style.warning, offline: style.bad, unknown: style.warning } as const;
  const rows = devices.map(device => [
    device.id,
    device.bus,
    { text: device.health, paint: paints[device.health] },
    device.responseMs === null ? '' : formatLatency(device.responseMs),
    formatLatency(device.timeoutMs),
    device.nextProbeMs === null ? '' : formatLatency(device.nextProbeMs),
    String(device.readsDone),
    countCell(device.readsFailed, style),
    countCell(device.readsMissed, style),
    device.name,
    device.lastFailure ?? '',
  ]);
  return renderTable(deviceColumns, rows, width, style);
}

/** What drivers have to say of their devices; no table where they have nothing. */
function renderNotes({ devices }: StatusView, width: number | undefined, style: Style): string[][] {
  const rows = devices.flatMap(({ id, notes }) => notes.map((note, index) => [index === 0 ? id : '', note]));
  return rows.length === 0 ? [] : [renderTable(noteColumns, rows, width, style)];
}

const noteColumns: readonly Column[] = [
  { title: 'DEVICE', minWidth: 8 },
  { title: 'NOTE', minWidth: 12 },
];

/** A count that should be zero. */
function countCell(count: number, style: Style): Cell {
  return count === 0 ? '0' : { text: String(count), paint: style.warning };
}

const latencyColumns: readonly Column[] = [
  { title: 'LATENCY' },
  { title: 'COUNT', align: 'right' },
  { title: 'P50', align: 'right' },
  { title: 'P99', align: 'right' },
  { title: 'MAX', align: 'right' },
];

function renderLatencies({ latency }: StatusView, width: number | undefined, style: Style): string[] {
  const row = (name: string, { count, p50, p99, max }: LatencyView) =>
    count === 0
      ? [name, '0', '', '', '']
      : [name, String(count), formatLatency(p50), formatLatency(p99), formatLatency(max)];
  const rows = [
    row('read starts after due', latency.lateness),
    row('sampled → detected', latency.sampledToDetected),
    row('detected → stored', latency.detectedToCommitted),
    row('stored → at the broker', latency.committedToAcknowledged),
    row('detected → at the broker', latency.detectedToAcknowledged),
  ];
  return renderTable(latencyColumns, rows, width, style);
}
