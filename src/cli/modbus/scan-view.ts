import { formatLatency } from '../render/number.ts';
import type { Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { ScanPlan } from './scan-plan.ts';
import type { Found, SignOfLife } from './scan-run.ts';

/** Something found, with the profile that fits it. */
export interface FoundDevice extends Found {
  readonly profile: string | undefined;
}

const signs: readonly SignOfLife[] = ['value', 'exception', 'bad frame', 'device server', 'port open'];

const columns: readonly Column[] = [
  { title: 'WHERE', minWidth: 12 },
  { title: 'UNIT', align: 'right' },
  { title: 'ANSWERS WITH' },
  { title: 'AFTER', align: 'right' },
  { title: 'IDENTIFICATION', minWidth: 14 },
  { title: 'PROFILE', minWidth: 8 },
];

/** Draws the table of a scan line by line, as devices are found: wide enough for whatever may come. */
export function createScanTable({ stops }: ScanPlan, width: number | undefined, style: Style) {
  const widest = signs.reduce((longest, sign) => (sign.length > longest.length ? sign : longest));
  const where = stops.reduce((longest, { label }) => (label.length > longest.length ? label : longest), '');
  const spaceholder: Cell[] = [where, '255', widest, '00.0 ms', 'x'.repeat(width === undefined ? 40 : 24), ''];
  const draw = (row: Cell[]) => renderTable(columns, [spaceholder, row], width, style);
  return {
    header: () => draw([])[0] ?? '',
    row: (found: FoundDevice) => draw(rowOf(found, style))[2] ?? '',
  };
}

function rowOf({ stop, unitId, sign, detail, responseMs, identity, profile }: FoundDevice, style: Style): Cell[] {
  // The rest of an exception's text explains; here is no room.
  const name = identity
    ? [identity.vendor, identity.product, identity.revision].filter(text => text !== '').join(' ')
    : (detail.split(': ')[0] ?? '');
  return [
    stop.label,
    unitId === undefined ? '–' : String(unitId),
    { text: sign, paint: sign === 'value' || sign === 'exception' ? style.good : style.warning },
    responseMs === undefined ? '' : formatLatency(responseMs),
    { text: name, paint: identity ? style.plain : style.faint },
    profile ?? '',
  ];
}

/** What --json prints. */
export function scanDocument(plan: ScanPlan, found: readonly FoundDevice[], asked: number, isComplete: boolean) {
  return {
    isComplete,
    asked,
    total: plan.stops.reduce((sum, { units }) => sum + units.length, 0),
    found: found.map(({ stop, unitId, sign, detail, responseMs, identity, profile }) => ({
      ...whereOf(stop.bus),
      bus: stop.isThroughDaemon ? stop.bus.id : null,
      unitId: unitId ?? null,
      sign,
      detail,
      responseMs: responseMs ?? null,
      identity: identity ?? null,
      profile: profile ?? null,
    })),
  };
}

function whereOf(bus: Found['stop']['bus']) {
  const host = bus.protocol === 'modbus-rtu' ? bus.path : `${bus.host}:${bus.port}`;
  return { endpoint: host, line: bus.protocol === 'modbus-tcp' ? null : bus.line };
}
