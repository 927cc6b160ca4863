import { bacnetPort } from '../../model/bus.ts';
import type { PlantView } from '../../model/plant.ts';
import type { Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { Identified } from './identify.ts';
import type { ObjectRow } from './object-list.ts';

const columns: readonly Column[] = [
  { title: 'INSTANCE', align: 'right' },
  { title: 'ADDRESS' },
  { title: 'NAME', minWidth: 8 },
  { title: 'VENDOR', minWidth: 6 },
  { title: 'MODEL', minWidth: 6 },
  { title: 'APDU', align: 'right', spare: 2 },
  { title: 'SEG', spare: 1 },
  { title: 'REMARK', minWidth: 8 },
];

/** Whether long messages may come in pieces, as seen from the device. */
const segmentWords = { both: 'both', transmit: 'send', receive: 'take', none: 'none' } as const;

type SiteDevices = PlantView['bacnet']['devices'];

/** One line for each device; those that have one instance together are marked, and a line below says what to do. */
export function renderDevices(
  devices: readonly Identified[],
  known: SiteDevices,
  width: number | undefined,
  style: Style,
): string[] {
  const rows = devices.map((device): Cell[] => [
    device.isConflict ? { text: String(device.instance), paint: style.bad } : String(device.instance),
    formatPlace(device),
    device.name ?? '',
    device.vendor ?? { text: `vendor ${device.vendorId}`, paint: style.faint },
    device.model ?? '',
    String(device.maxApdu),
    segmentWords[device.segmentation],
    remarkOf(device, known, style),
  ]);
  return [...renderTable(columns, rows, width, style), ...conflictLines(devices, style)];
}

/** `10.0.0.5`, with another port `10.0.0.5:47809`, behind a router `10.0.0.1 200:0c`. */
export function formatPlace({
  host,
  port,
  network,
  mac,
}: Pick<Identified, 'host' | 'port' | 'network' | 'mac'>): string {
  const place = port === bacnetPort ? host : `${host}:${port}`;
  return network === 0 ? place : `${place} ${network}:${mac}`;
}

function remarkOf(device: Identified, known: SiteDevices, style: Style): Cell {
  if (device.isConflict) return { text: 'conflict', paint: style.bad };
  if (device.failure !== undefined) return { text: device.failure, paint: style.warning };
  const own = deviceOf(device, known);
  return own ? `in the site: ${own.id}` : '';
}

function deviceOf({ instance }: Identified, known: SiteDevices) {
  return known.find(({ bacnet }) => bacnet.instance === instance);
}

function conflictLines(devices: readonly Identified[], style: Style): string[] {
  const instances = new Set(devices.filter(({ isConflict }) => isConflict).map(({ instance }) => instance));
  return [...instances].flatMap(instance => {
    const places = devices.filter(device => device.instance === instance).map(formatPlace);
    return [
      '',
      `${style.bad('conflict:')} ${places.length} devices say that they are ${instance}: ${places.join(', ')}`,
      ' give each an instance of its own; until then none of them is used, since nobody could say whose value it is',
    ];
  });
}

export interface ScanDocument {
  readonly isComplete: boolean;
  readonly devices: readonly Identified[];
  /** By the place of the device in the list; undefined where they were not asked for. */
  readonly objects?: ReadonlyMap<Identified, readonly ObjectRow[]>;
  /** Of devices whose objects are not all here, why. */
  readonly failures: ReadonlyMap<Identified, string>;
}

/** What --json prints. */
export function scanDocument({ isComplete, devices, objects, failures }: ScanDocument, known: SiteDevices) {
  return {
    isComplete,
    devices: devices.map(device => ({
      instance: device.instance,
      host: device.host,
      port: device.port,
      network: device.network,
      mac: device.mac,
      bus: device.asker.isThroughDaemon ? device.asker.bus.id : null,
      device: deviceOf(device, known)?.id ?? null,
      isConflict: device.isConflict,
      name: device.name ?? null,
      vendor: device.vendor ?? null,
      vendorId: device.vendorId,
      model: device.model ?? null,
      maxApdu: device.maxApdu,
      segmentation: device.segmentation,
      failure: device.failure ?? failures.get(device) ?? null,
      ...(objects?.has(device) ? { objects: objects.get(device)?.map(objectDocument) ?? [] } : {}),
    })),
  };
}

function objectDocument({ objectType, instance, type, ...row }: ObjectRow) {
  return {
    object: `${type} ${instance}`,
    name: row.name ?? null,
    value: row.value ?? null,
    valueType: row.valueType ?? null,
    scale: row.scale ?? null,
    units: row.units ?? null,
    unit: row.unit ?? null,
    description: row.description ?? null,
    statusFlags: row.flags ?? null,
    states: row.states.length > 0 ? Object.fromEntries(row.states) : null,
  };
}
