import type { Command } from 'commander';
import { formatDuration } from '../base/duration.ts';
import { type Bus, endpointOf } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { Site } from '../model/site.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import type { Style } from './render/style.ts';
import { type Column, renderTable } from './render/table.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';
import { readSite, wrongSite } from './site-file.ts';

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
  const { site, problems, lines } = await readSite(file);
  if (options.json) {
    printJson(context, { file, isValid: site !== undefined, problems, holds: site === undefined ? null : holds(site) });
  } else {
    printLines(context, lines);
  }
  if (site === undefined) throw wrongSite(problems, file);
  if (options.json) return;
  printLines(context, [
    ...(lines.length > 0 ? [''] : []),
    ...renderSite(site, file, widthOf(context.out), styleFor(context.out, context.env)),
  ]);
}

/** What a site file holds, in numbers and names. */
function holds(site: Site) {
  return {
    gateway: { id: site.gateway.id, name: site.gateway.name },
    uplink: site.uplink?.url ?? null,
    points: site.points.length,
    rules: site.rules.length,
    buses: site.buses.map(bus => ({
      id: bus.id,
      protocol: bus.protocol,
      endpoint: endpointOf(bus),
      devices: devicesOn(site, bus).map(({ id }) => id),
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
      escapeText(`${file} is right: gateway ${site.gateway.id}, ${total}, uplink ${site.uplink?.url ?? 'off'}`),
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
