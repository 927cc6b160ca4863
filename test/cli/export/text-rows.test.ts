import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Column, rawColumns } from '../../../src/cli/export/columns.ts';
import { formatCsvHead, formatCsvRow, formatJsonRow } from '../../../src/cli/export/text-rows.ts';
import { formatLocal, formatUtc, parseTime } from '../../../src/cli/export/time-text.ts';

interface Pair {
  readonly text: string;
  readonly value: number | undefined;
}

const columns: readonly Column<Pair>[] = [
  { name: 'text', kind: 'text', of: row => row.text },
  { name: 'value', kind: 'number', of: row => row.value },
];

describe('a row', () => {
  const row = {
    point: 'a/b',
    unit: 'm³/h',
    at: Date.UTC(2026, 0, 31, 14, 5, 9),
    value: 0.1 + 0.2,
    quality: 'good',
  } as const;

  test('of CSV has its times in RFC 3339 and its numbers to the last digit', () => {
    expect(formatCsvHead(rawColumns)).toBe('point,unit,time,value,quality\r\n');
    expect(formatCsvRow(rawColumns, row, formatUtc)).toBe(
      'a/b,m³/h,2026-01-31T14:05:09.000Z,0.30000000000000004,good\r\n',
    );
    const bad = { ...row, value: undefined, quality: 'timeout' } as const;
    expect(formatCsvRow(rawColumns, bad, formatUtc)).toBe('a/b,m³/h,2026-01-31T14:05:09.000Z,,timeout\r\n');
  });

  test('of JSON has null where there is no value', () => {
    const bad = { ...row, value: undefined, quality: 'timeout' } as const;
    expect(JSON.parse(formatJsonRow(rawColumns, bad, formatUtc))).toEqual({
      point: 'a/b',
      unit: 'm³/h',
      time: '2026-01-31T14:05:09.000Z',
      value: null,
      quality: 'timeout',
    });
  });

  test('of CSV is read back by the sqlite3 shell, whatever is in it', () => {
    const nasty = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', '\r', ';', "'", '气', '=', '\\') });
    const pair = fc.record({
      text: fc.oneof(nasty, fc.string()),
      value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
    });
    const folder = mkdtempSync(join(tmpdir(), 'plantroom-csv-'));
    try {
      const property = fc.property(fc.array(pair, { minLength: 50, maxLength: 200 }), pairs => {
        // The shell ends a text at the character 0, which no name of a point can hold.
        const rows = pairs.filter(({ text }) => !text.includes('\0') && text.isWellFormed());
        const file = join(folder, 'rows.csv');
        writeFileSync(file, formatCsvHead(columns) + rows.map(one => formatCsvRow(columns, one, formatUtc)).join(''));
        const sql = ['.mode json', `.import --csv ${file} t`, 'select text, value from t'].join('\n');
        const out = execFileSync('sqlite3', [':memory:'], { input: sql, encoding: 'utf8', maxBuffer: 1e8 });
        const read = out === '' ? [] : JSON.parse(out);
        // Line ends are the same thing to the shell.
        const lines = (text: string) => text.replaceAll('\r\n', '\n');
        expect(read.map((one: { text: string }) => lines(one.text))).toEqual(rows.map(({ text }) => lines(text)));
        const numbers = read.map((one: { value: string }) => (one.value === '' ? undefined : Number(one.value)));
        expect(numbers).toEqual(rows.map(({ value }) => (value === undefined ? undefined : value + 0)));
      });
      fc.assert(property, { numRuns: 30 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a time', () => {
  test.each([
    ['2026-01-31T14:05:09Z', Date.UTC(2026, 0, 31, 14, 5, 9)],
    ['2026-01-31T14:05:09.25Z', Date.UTC(2026, 0, 31, 14, 5, 9, 250)],
    ['2026-01-31T14:05+08:00', Date.UTC(2026, 0, 31, 6, 5)],
    ['2026-01-31', new Date(2026, 0, 31).getTime()],
    ['2026-01-31T14:05', new Date(2026, 0, 31, 14, 5).getTime()],
    ['2026-02-29', undefined],
    ['2028-02-29', new Date(2028, 1, 29).getTime()],
    ['2026-13-01', undefined],
    ['2026-01-31 14:05', undefined],
    ['2026-01-31T25:00', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ])('%s', (text, at) => expect(parseTime(text)).toBe(at));

  test('written in either way is read back to the millisecond', () => {
    const at = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
    const property = fc.property(at, ms => {
      expect(parseTime(formatUtc(ms))).toBe(ms);
      expect(parseTime(formatLocal(ms))).toBe(ms);
    });
    fc.assert(property);
  });
});
