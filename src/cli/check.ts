import type { Command } from 'commander';
import { formatDuration } from '../base/duration.ts';
import { type Bus, endpointOf } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { Site } from '../model/site.ts';
import type { SiteProblem } from '../site/site.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import type { Style } from './render/style.ts';
import { type Column, renderTable } from './render/table.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';
import { renderRuleSets } from './rule-set-lines.ts';
import { explainProblems, readSite, type SiteReport, wrongSite } from './site-file.ts';

export function registerCheck(program: Command, context: CliContext): void {
  program
    .command('check')
    .summary('look for mistakes in a site file')
    .description('Reads a site file and lists every problem in it, or what it holds. Needs no daemon.')
    .argument('<file>', 'the site file')
    .addHelpText('after', '\nExamples:\n  plantroom check site.yaml\n  plantroom check site.yaml --json')
    .action((file: string, _options: unknown, command: Command) => check(context, file, command.optsWithGlobals()));
}

async function check(context: CliContext, file: string, options: GlobalOptions): Promise<void> {
  const { site, problems, busPlaces } = await readSite(file);
  if (site) await checkRight(context, file, site, { problems, busPlaces }, options);
  else await tellWrong(context, file, problems, options);
}

async function tellWrong(
  context: CliContext,
  file: string,
  problems: readonly SiteProblem[],
  { json }: GlobalOptions,
): Promise<void> {
  if (json) printJson(context, { file, isValid: false, problems, holds: null });
  else printLines(context, await explainProblems(problems));
  throw wrongSite(problems, file);
}

/** A file that can be read is still wrong when it asks a bus for more time than there is. */
async function checkRight(
  context: CliContext,
  file: string,
  site: Site,
  { problems: found, busPlaces }: Pick<SiteReport, 'problems' | 'busPlaces'>,
  { json }: GlobalOptions,
): Promise<void> {
  const { forecastsJson, loadProblems, renderBusForecasts, reportBuses } = await import('./bus-forecast.ts');
  const buses = reportBuses(site, context);
  const problems = [...found, ...loadProblems(buses, busPlaces)];
  const isValid = problems.every(({ severity }) => severity === 'warning');
  if (json) {
    const forecasts = new Map(buses.map(report => [report.bus.id, forecastsJson(report.forecasts)]));
    printJson(context, { file, isValid, problems, holds: holds(site, forecasts) });
  } else {
    const width = widthOf(context.out);
    const style = styleFor(context.out, context.env);
    const sections = [
      await explainProblems(problems),
      isValid ? renderSite(site, file, width, style) : [],
      renderRuleSets(site.ruleSets),
      renderBusForecasts(buses, width, style),
    ].filter(lines => lines.length > 0);
    printLines(
      context,
      sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
    );
  }
  if (!isValid) throw wrongSite(problems, file);
}

/** What a site file holds, in numbers and names. */
function holds(site: Site, forecasts: ReadonlyMap<string, unknown>) {
  return {
    gateway: { id: site.gateway.id, name: site.gateway.name },
    uplink: site.uplinks[0]?.urls[0] ?? null,
    points: site.points.length,
    rules: site.rules.length,
    buses: site.buses.map(bus => ({
      id: bus.id,
      protocol: bus.protocol,
      endpoint: endpointOf(bus),
      devices: devicesOn(site, bus).map(({ id }) => id),
      forecast: forecasts.get(bus.id) ?? null,
    })),
    devices: site.devices.map(device => ({
      id: device.id,
      name: device.name,
      bus: device.bus,
      profile: device.profile ?? null,
      points: device.points.length,
      rules: rulesOf(site, device),
      fastestIntervalMs: fastestIntervalMs(device),
    })),
    ruleSets: site.ruleSets.map(({ part, ...report }) => ({ ...report, part: part ?? null })),
  };
}

const busColumns: readonly Column[] = [
  { title: 'BUS', minWidth: 6 },
  { title: 'PROTOCOL' },
  { title: 'ENDPOINT', minWidth: 10 },
  { title: 'DEVICES', align: 'right' },
];

const deviceColumns: readonly Column[] = [
  { title: 'DEVICE', minWidth: 8 },
  { title: 'BUS', minWidth: 6 },
  { title: 'PROFILE', minWidth: 8 },
  { title: 'POINTS', align: 'right' },
  { title: 'ALARMS', align: 'right' },
  { title: 'FASTEST', align: 'right' },
  { title: 'NAME', minWidth: 8 },
];

export function renderSite(site: Site, file: string, width: number | undefined, style: Style): string[] {
  const buses = site.buses.map(bus => [bus.id, bus.protocol, endpointOf(bus), String(devicesOn(site, bus).length)]);
  const devices = site.devices.map(device => {
    const fastestMs = fastestIntervalMs(device);
    return [
      device.id,
      device.bus,
      device.profile ?? '',
      String(device.points.length),
      String(rulesOf(site, device)),
      fastestMs === null ? '' : formatDuration(fastestMs),
      device.name,
    ];
  });
  const total = `${countOf(site.devices.length, 'device')}, ${countOf(site.points.length, 'point')}, ${countOf(site.rules.length, 'alarm')}`;
  return [
    style.good(
      escapeText(
        `${file} is right: gateway ${site.gateway.id}, ${total}, uplink ${site.uplinks.flatMap(({ urls }) => urls).join(', ') || 'off'}`,
      ),
    ),
    '',
    ...renderTable(busColumns, buses, width, style),
    '',
    ...renderTable(deviceColumns, devices, width, style),
  ];
}

function devicesOn(site: Site, bus: Bus): readonly Device[] {
  return site.devices.filter(device => device.bus === bus.id);
}

function rulesOf(site: Site, device: Device): number {
  return site.rules.filter(rule => 'device' in rule && rule.device === device.number).length;
}

function fastestIntervalMs(device: Device): number | null {
  return device.points.length === 0 ? null : Math.min(...device.points.map(({ intervalMs }) => intervalMs));
}
