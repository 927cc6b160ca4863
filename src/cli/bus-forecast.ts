import { createPlantDrivers } from '../../drivers/registry.ts';
import { formatAge, formatDuration } from '../base/duration.ts';
import { silentLog } from '../base/log.ts';
import type { Bus } from '../model/bus.ts';
import { polledPart } from '../model/device.ts';
import type { Site } from '../model/site.ts';
import {
  type BusForecast,
  type BusForecasts,
  busLoadLimits,
  forecastBus,
  intervalsThatFit,
  loadOf,
  type RepeatedRead,
  repeatedReads,
} from '../poll/bus-load.ts';
import type { Place, SiteProblem } from '../site/site.ts';
import type { CliContext } from './context.ts';
import { formatShare, noValue } from './render/number.ts';
import type { Paint, Style } from './render/style.ts';
import { type Cell, type Column, renderTable } from './render/table.ts';

/** What one bus of a site is asked for, before it is ever opened. The gateway's own is not among them. */
export interface BusReport {
  readonly bus: Bus;
  readonly reads: readonly RepeatedRead[];
  readonly forecasts: BusForecasts;
}

export function reportBuses(site: Site, { clock }: Pick<CliContext, 'clock'>): readonly BusReport[] {
  const drivers = createPlantDrivers();
  return site.buses.flatMap(bus => {
    const driver = drivers.find(({ protocol }) => protocol === bus.protocol);
    if (!driver) return [];
    const devices = site.devices.filter(device => device.bus === bus.id).map(polledPart);
    // Made for its plan only: nothing is opened before the first read.
    const reads = repeatedReads(bus, devices, driver.create({ bus, clock, log: silentLog }).plan);
    return [{ bus, reads, forecasts: forecastBus(bus, reads) }];
  });
}

/** What is wrong with the load of a bus, at the place where the bus is written. */
export function loadProblems(
  reports: readonly BusReport[],
  places: ReadonlyMap<string, Place>,
): readonly SiteProblem[] {
  return reports.flatMap(report => {
    const place = places.get(report.bus.id);
    const problem = place && loadProblem(report, place);
    return problem ? [problem] : [];
  });
}

function loadProblem({ bus, reads, forecasts }: BusReport, place: Place): SiteProblem | undefined {
  const { load } = forecasts.healthy;
  if (load <= busLoadLimits.warning) return undefined;
  const message = `the bus "${bus.id}" is asked for ${percent(load)} of its time`;
  const hint = hintFor(bus, reads);
  if (load > busLoadLimits.error) return { ...place, severity: 'error', message, hint };
  return { ...place, severity: 'warning', message: `${message}: a device that fails will be felt by all`, hint };
}

/** Without decimals, but never rounded to 100. */
function percent(load: number): string {
  return `${load > 1 ? Math.ceil(load * 100) : Math.floor(load * 100)} %`;
}

function hintFor(bus: Bus, reads: readonly RepeatedRead[]): string {
  const fitting = intervalsThatFit(bus, reads);
  const faster = bus.protocol === 'modbus-rtu' || bus.protocol === 'modbus-rtu-over-tcp' ? ', a faster baud-rate' : '';
  if (!fitting) return `put some of its devices on another bus, or read fewer points (only:)${faster}`;
  const changes = [...fitting].map(([from, to]) => `${formatDuration(to)} instead of ${formatDuration(from)}`);
  const load = loadOf(
    bus,
    reads.map(read => ({ ...read, intervalMs: fitting.get(read.intervalMs) ?? read.intervalMs })),
  );
  return `intervals that fit (${percent(load)}): ${changes.join(', ')}; or fewer points (only:)${faster}`;
}

/** In JSON: the same numbers as in the table, `null` where there is no limit, and no bus that would be left. */
export function forecastsJson({ healthy, oneDead, twoDead }: BusForecasts) {
  return {
    ...forecastJson(healthy),
    oneDead: oneDead ? forecastJson(oneDead) : null,
    twoDead: twoDead ? forecastJson(twoDead) : null,
  };
}

function forecastJson({ load, longestWaitMs, worstAgeMs }: BusForecast) {
  return {
    load: Number(load.toFixed(4)),
    longestWaitMs: longestWaitMs === undefined ? null : Math.ceil(longestWaitMs),
    worstAgeMs: worstAgeMs === undefined ? null : Math.ceil(worstAgeMs),
  };
}

const columns: readonly Column[] = [
  { title: 'BUS', minWidth: 6 },
  { title: 'READS', align: 'right' },
  { title: 'LOAD', align: 'right' },
  { title: 'LONGEST WAIT', align: 'right' },
  { title: 'WORST AGE', align: 'right' },
  { title: 'ONE DEAD', align: 'right' },
  { title: 'TWO DEAD', align: 'right' },
];

export function renderBusForecasts(
  reports: readonly BusReport[],
  width: number | undefined,
  style: Style,
): readonly string[] {
  const rows = reports.map(({ bus, reads, forecasts: { healthy, oneDead, twoDead } }) => [
    bus.id,
    String(reads.length),
    { text: formatShare(healthy.load), paint: paintFor(healthy, style) },
    limitText(healthy.longestWaitMs),
    limitText(healthy.worstAgeMs),
    deadCell(oneDead, style),
    deadCell(twoDead, style),
  ]);
  return renderTable(columns, rows, width, style);
}

/** `14 %, 7.4s`: load and worst age. */
function deadCell(forecast: BusForecast | undefined, style: Style): Cell {
  if (!forecast) return noValue;
  return { text: `${formatShare(forecast.load)}, ${limitText(forecast.worstAgeMs)}`, paint: paintFor(forecast, style) };
}

function paintFor({ load }: BusForecast, style: Style): Paint {
  if (load > busLoadLimits.error) return style.bad;
  return load > busLoadLimits.warning ? style.warning : style.plain;
}

function limitText(ms: number | undefined): string {
  return ms === undefined ? 'no limit' : formatAge(ms);
}
