import { formatLatency, formatNumber } from '../render/number.ts';
import type { Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { PairReading, PointReading, ProbeReadings, RegisterReading } from './probe-readings.ts';
import { type ByteOrder, byteOrders, formatBits, type PairType, pairTypes } from './readings.ts';

export interface ProbePicture {
  readonly readings: ProbeReadings;
  /** Addresses whose value is another than the time before. */
  readonly changed: ReadonlySet<number>;
}

const registerColumns: readonly Column[] = [
  { title: '' },
  { title: 'ADDRESS', align: 'right' },
  { title: 'HEX' },
  { title: 'U16', align: 'right' },
  { title: 'S16', align: 'right' },
  { title: 'TEXT' },
  { title: 'BITS 15…0' },
  { title: 'POINT', minWidth: 8 },
];

const pairColumns: readonly Column[] = [
  { title: '' },
  { title: 'ADDRESS', align: 'right' },
  { title: 'TYPE' },
  ...byteOrders.map((title): Column => ({ title, align: 'right' })),
];

const bitColumns: readonly Column[] = [
  { title: '' },
  { title: 'ADDRESS', align: 'right' },
  { title: 'BIT', align: 'right' },
  { title: 'POINT', minWidth: 8 },
];

/** The tables of a probe: registers one by one, then two by two in all orders; or bits. */
export function renderProbe({ readings, changed }: ProbePicture, width: number | undefined, style: Style): string[] {
  const { registers, pairs, bits } = readings;
  if (registers.length === 0) {
    const rows = bits.map(({ address, value, points }) => [
      changeCell(changed.has(address), style),
      String(address),
      String(value),
      describePoints(points),
    ]);
    return renderTable(bitColumns, rows, width, style);
  }
  const lines = renderTable(
    registerColumns,
    registers.map(register => registerRow(register, changed, style)),
    width,
    style,
  );
  if (pairs.length === 0) return lines;
  const rows = pairs.flatMap(pair => pairRows(pair, changed, style));
  return [...lines, '', ...renderTable(pairColumns, rows, width, style)];
}

/** What the marks mean, and what was asked. */
export function renderLegend(responseMs: number, style: Style): string {
  return style.faint(`* plausible   answered in ${formatLatency(responseMs)}`);
}

function registerRow(register: RegisterReading, changed: ReadonlySet<number>, style: Style): Cell[] {
  const { address, hex, u16, s16, text, plausible, points } = register;
  return [
    changeCell(changed.has(address), style),
    String(address),
    hex,
    markCell(String(u16), plausible.includes('u16'), style),
    markCell(String(s16), plausible.includes('s16'), style),
    markCell(text, plausible.includes('text'), style),
    formatBits(u16),
    describePoints(points),
  ];
}

function pairRows(pair: PairReading, changed: ReadonlySet<number>, style: Style): Cell[][] {
  const isChanged = changed.has(pair.address) || changed.has(pair.address + 1);
  return pairTypes.flatMap(type => {
    // A signed number that is not negative is the unsigned one above it.
    if (type === 's32' && byteOrders.every(order => pair.s32[order] === pair.u32[order])) return [];
    const isFirst = type === pairTypes[0];
    const values = byteOrders.map(order => pairCell(pair, type, order, style));
    return [[changeCell(isFirst && isChanged, style), isFirst ? String(pair.address) : '', type, ...values]];
  });
}

function pairCell(pair: PairReading, type: PairType, order: ByteOrder, style: Style): Cell {
  const value = pair[type][order];
  const text = value === null ? 'no number' : type === 'f32' ? formatFloat(value) : String(value);
  return markCell(text, pair.plausible.includes(`${type} ${order}`), style);
}

/** Enough digits to know a value again, never so many that the column does not fit. */
function formatFloat(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(2);
  return String(Number(value.toPrecision(7)));
}

function markCell(text: string, isPlausible: boolean, style: Style): Cell {
  return isPlausible ? { text: `${text}*`, paint: style.good } : { text: `${text} `, paint: style.faint };
}

function changeCell(isChanged: boolean, style: Style): Cell {
  return isChanged ? { text: '≠', paint: style.accent } : '';
}

function describePoints(points: readonly PointReading[]): string {
  const texts = points.map(({ key, type, value, unit }) =>
    value === null ? `${key} ${type}` : `${key} ${type} ${`${formatNumber(value)} ${unit}`.trim()}`,
  );
  return texts.join(', ');
}
