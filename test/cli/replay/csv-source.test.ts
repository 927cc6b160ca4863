import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { splitCsvLine } from '../../../src/cli/replay/csv-line.ts';
import { csvSource } from '../../../src/cli/replay/csv-source.ts';
import { noon, point } from '../../history/samples.ts';

const power = point(0, { key: 'meter/power', unit: 'kW' });

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-csv-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'values.csv');
  writeFileSync(path, text);
  return path;
}

const rowAt = (minute: number, value: string | number = minute, unit = 'kW') =>
  `meter/power,${unit},${new Date(noon + minute * 60_000).toISOString()},${value}`;

async function valuesOf(rows: readonly string[], mostWaiting?: number) {
  const path = fileOf(`point,unit,time,value\n${rows.join('\n')}`);
  const limits = mostWaiting === undefined ? {} : { mostWaiting };
  const source = csvSource({ name: 'values.csv', path, points: [power], from: undefined, to: undefined, ...limits });
  const values: number[] = [];
  for await (const { minutes } of source.steps())
    for (const { records } of minutes)
      for (let row = 0; row < (records?.count ?? 0); row += 1) values.push(records?.value[row] ?? 0);
  return { values, found: source.found };
}

test('rows may come in any order, as long as they fit into memory; what is too late is left out and counted', async () => {
  const { values, found } = await valuesOf([3, 1, 2, 0].map(minute => rowAt(minute)));
  expect(values).toEqual([0, 1, 2, 3]);
  expect(found).toMatchObject({ late: 0, values: 4, firstAt: noon, lastAt: noon + 180_000 });
  // More than one piece of the file, so that what waits goes before the last row comes.
  const many = Array.from({ length: 12_000 }, (_, minute) => rowAt(minute));
  const late = await valuesOf([...many, rowAt(1)], 100);
  expect(late.found).toMatchObject({ late: 1, values: 12_000 });
  expect(late.values).toEqual(late.values.toSorted((a, b) => a - b));
});

test('units are converted, others told; what the site does not know is left out and told', async () => {
  const { values, found } = await valuesOf([
    rowAt(0, 500, 'W'),
    rowAt(1, 3, 'bar'),
    'pump/flow,m3/h,2026-01-01T12:00Z,1',
  ]);
  expect(values).toEqual([0.5]);
  expect([...found.otherUnit]).toEqual(['meter/power']);
  expect([...found.unknown]).toEqual(['pump/flow']);
});

test('a file that is not there is told by its name', async () => {
  const source = csvSource({
    name: 'no.csv',
    path: '/nowhere/no.csv',
    points: [power],
    from: undefined,
    to: undefined,
  });
  await expect(source.steps()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    kind: 'not-found',
    message: expect.stringContaining('no.csv cannot be read'),
  });
});

test('whatever is written as RFC 4180 says comes back, with the column it begins in', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', 'é') });
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), texts => {
      const line = texts.map(text => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',');
      const fields = splitCsvLine(line);
      if ('what' in fields) throw new Error(fields.what);
      expect(fields.map(({ text }) => text)).toEqual(texts);
      for (const [index, { column }] of fields.entries()) expect(index === 0 || line[column - 2] === ',').toBe(true);
    }),
  );
});
