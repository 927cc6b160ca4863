import { badReasons, type Quality } from '../../model/quality.ts';
import { parseTime } from '../export/time-text.ts';
import type { Field } from './csv-line.ts';

/** What is wrong in a CSV, in which column of its line, and what to write instead. */
export interface CsvProblem {
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

/** One value of a CSV. */
export interface CsvValue {
  readonly key: string;
  /** Undefined where the file does not say it. */
  readonly unit: string | undefined;
  readonly at: number;
  readonly value: number;
  readonly quality: Quality;
}

/** Takes a line apart into its values: one of a long file, as many as there are points of a wide one. */
export type ReadRow = (fields: readonly Field[], take: (value: CsvValue) => void) => CsvProblem | undefined;

/** How to read the rows, by the head of the file; pure. */
export function readHead(fields: readonly Field[]): ReadRow | CsvProblem {
  const names = fields.map(({ text }) => text.trim());
  const doubled = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (doubled >= 0)
    return problem(fields[doubled], `there are two columns "${names[doubled]}"`, 'leave one of them out');
  if (names.includes('point')) return longHead(fields, names);
  if (names[0] === 'time' && names.length > 1) return wideHead(fields, names);
  const separator = [';', '\t'].find(one => names[0]?.includes(one));
  if (separator !== undefined)
    return problem(
      fields[0],
      'the columns are not parted by commas',
      'save it with commas, and numbers with a point: 4.25',
    );
  return problem(
    fields[0],
    'the first line names no columns that are known',
    'begin with point,time,value as plantroom export --span raw does, or with time and the keys of points: time,pump/flow',
  );
}

/** point,unit,time,value,quality: as `plantroom export --span raw` writes it; unit and quality may be missing. */
function longHead(fields: readonly Field[], names: readonly string[]): ReadRow | CsvProblem {
  const missing = ['time', 'value'].find(name => !names.includes(name));
  if (missing !== undefined)
    return problem(
      fields[0],
      `there is no column "${missing}"`,
      names.includes('from') ? 'these are summaries: export with --span raw' : 'write point,time,value',
    );
  const place = (name: string) => names.indexOf(name);
  const [point, unit, time, value, quality] = ['point', 'unit', 'time', 'value', 'quality'].map(place) as Places;
  return (row, take) => {
    if (row.length !== names.length) return wrongCount(row, names.length);
    const key = row[point]?.text.trim() ?? '';
    const at = timeOf(row[time]);
    if (typeof at !== 'number') return at;
    const read = numberOf(row[value], quality < 0 ? undefined : row[quality]);
    if ('message' in read) return read;
    take({ key, unit: unit < 0 ? undefined : row[unit]?.text.trim(), at, ...read });
    return undefined;
  };
}

type Places = [number, number, number, number, number];

/** time,pump/flow [m3/h],pump/pressure: an empty field is no value, and what stood goes on. */
function wideHead(fields: readonly Field[], names: readonly string[]): ReadRow | CsvProblem {
  const series = names.slice(1).map(name => {
    const [, key = name, unit] = /^(\S+)\s*\[(.*)\]$/.exec(name) ?? [];
    return { key, unit };
  });
  const nameless = series.findIndex(({ key }) => !/^[^/\s]+\/[^/\s]+$/.test(key));
  if (nameless >= 0)
    return problem(
      fields[nameless + 1],
      `"${names[nameless + 1]}" is no key of a point`,
      'points are named device/point; a unit may follow: pump/flow [m3/h]',
    );
  return (row, take) => {
    if (row.length !== names.length) return wrongCount(row, names.length);
    const at = timeOf(row[0]);
    if (typeof at !== 'number') return at;
    for (const [index, one] of series.entries()) {
      const field = row[index + 1];
      if (!field || field.text.trim() === '') continue;
      const read = numberOf(field, undefined);
      if ('message' in read) return read;
      take({ ...one, at, ...read });
    }
    return undefined;
  };
}

function timeOf(field: Field | undefined): number | CsvProblem {
  const text = field?.text.trim() ?? '';
  if (/^\d{13}$/.test(text)) return Number(text);
  const at = parseTime(text.replace(' ', 'T'));
  return (
    at ??
    problem(
      field,
      `"${text}" is no time`,
      'write 2026-01-31T14:05:00Z, 2026-01-31 14:05:00 for the time of this machine, or ms since 1970',
    )
  );
}

function numberOf(
  field: Field | undefined,
  reason: Field | undefined,
): Pick<CsvValue, 'value' | 'quality'> | CsvProblem {
  const text = field?.text.trim() ?? '';
  const quality = reason?.text.trim() ?? '';
  if (quality !== '' && quality !== 'good') {
    const bad = badReasons.find(known => known === quality);
    if (bad) return { value: Number.NaN, quality: bad };
    return problem(reason, `"${quality}" is no quality`, `write good or one of ${badReasons.join(', ')}`);
  }
  // Of a point that was asked for and gave nothing.
  if (text === '') return { value: Number.NaN, quality: 'invalid-value' };
  const value = Number(text);
  if (Number.isFinite(value)) return { value, quality: 'good' };
  return problem(field, `"${text}" is no number`, 'write it with a point and without its unit: 4.25');
}

function wrongCount(row: readonly Field[], count: number): CsvProblem {
  const message = `the line has ${row.length} fields, and the first line ${count}`;
  return problem(row[Math.min(row.length, count) - 1], message, 'give each line as many fields as there are columns');
}

function problem(field: Field | undefined, message: string, hint: string): CsvProblem {
  return { column: field?.column ?? 1, message, hint };
}
