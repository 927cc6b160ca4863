import { formatNumber } from '../render/number.ts';
import type { Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { ObjectRow } from './object-list.ts';

const columns: readonly Column[] = [
  { title: 'OBJECT' },
  { title: 'NAME', minWidth: 10 },
  { title: 'VALUE', align: 'right', minWidth: 8 },
  { title: 'UNITS', minWidth: 6 },
  { title: 'DESCRIPTION', minWidth: 8 },
];

/** The objects of one device, one line each. */
export function renderObjects(objects: readonly ObjectRow[], width: number | undefined, style: Style): string[] {
  const rows = objects.map((row): Cell[] => [
    `${row.type} ${row.instance}`,
    row.name ?? { text: 'does not say', paint: style.faint },
    valueCell(row, style),
    row.unit === undefined ? { text: row.units ?? '', paint: style.faint } : row.unit,
    row.description ?? '',
  ]);
  return renderTable(columns, rows, width, style);
}

/** Values that the device itself does not stand for are marked. */
function valueCell(row: ObjectRow, style: Style): Cell {
  const text = valueText(row);
  const flags = row.flags?.filter(flag => flag !== 'in-alarm') ?? [];
  return flags.length === 0 ? text : { text: `${text} ${flags.join(', ')}`, paint: style.warning };
}

function valueText({ value, valueType, states, scale }: ObjectRow): string {
  if (value === undefined) return '';
  const state = states.find(([number]) => String(number) === value);
  if (state) return state[1];
  if (scale !== undefined) return formatNumber(Number(value) * scale);
  return valueType === 'real' || valueType === 'double' ? formatNumber(Number(value)) : value;
}
