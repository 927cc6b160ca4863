import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStyle } from '../../../src/cli/render/style.ts';
import { type Column, renderTable } from '../../../src/cli/render/table.ts';
import { widthOfText } from '../../../src/cli/render/text.ts';

const columns: readonly Column[] = [
  { title: 'POINT', minWidth: 8 },
  { title: 'VALUE', align: 'right' },
  { title: 'NAME', minWidth: 6 },
];
const rows = [
  ['booster/pressure', '5.20', '出口压力'],
  ['tank/level', '118.2', 'Break tank level'],
];
const plain = createStyle(false);

function render(width: number | undefined): string {
  return renderTable(columns, rows, width, plain).join('\n');
}

describe('a table', () => {
  test('is aligned, wide characters included, and leaves no spaces at the end of a line', () => {
    expect(render(undefined)).toBe(
      [
        'POINT             VALUE  NAME',
        'booster/pressure   5.20  出口压力',
        'tank/level        118.2  Break tank level',
      ].join('\n'),
    );
  });

  test('is cut where a text may be cut, and never within a number', () => {
    expect(render(32)).toBe(
      ['POINT        VALUE  NAME', 'booster/pr…   5.20  出口压力', 'tank/level   118.2  Break tank…'].join('\n'),
    );
  });

  test('leaves out whole columns from the right when nothing more can be cut', () => {
    expect(render(16)).toBe(['POINT     VALUE', 'booster…   5.20', 'tank/le…  118.2'].join('\n'));
    expect(render(10)).toBe(['POINT', 'booster…', 'tank/le…'].join('\n'));
    expect(render(3)).toBe(['PO…', 'bo…', 'ta…'].join('\n'));
  });

  test('leaves out first what can be spared, so that the last column stays', () => {
    const sparing: readonly Column[] = [
      { title: 'KIND', spare: 2 },
      { title: 'SINCE', spare: 1 },
      { title: 'MESSAGE', minWidth: 6 },
    ];
    const row = [['high', '14:05:09', '消防泵干转']];
    const shown = (width: number) => renderTable(sparing, row, width, plain)[1];
    expect(shown(26)).toBe('high  14:05:09  消防泵干转');
    expect(shown(23)).toBe('high  14:05:09  消防泵…');
    expect(shown(21)).toBe('high  消防泵干转');
    expect(shown(11)).toBe('消防泵干转');
  });

  test('ends a line with its last text', () => {
    expect(renderTable(columns, [['a', '', '']], undefined, plain)[1]).toBe('a');
  });

  test('cannot be broken by a name', () => {
    const [, row] = renderTable(columns, [['a\n\x1b[2J', '1', 'b\r']], undefined, plain);
    expect(row).toBe('a\\x0a\\x1b[2J      1  b\\x0d');
  });

  test('has the same text with and without colours', () => {
    const style = createStyle(true);
    const painted = rows.map(row => row.map(text => ({ text, paint: style.bad })));
    const lines = renderTable(columns, painted, 32, style);
    expect(lines[1]).toContain('\x1b[31m');
    expect(lines.map(stripVTControlCharacters).map(line => line.trimEnd())).toEqual(
      renderTable(columns, rows, 32, plain).map(line => line.trimEnd()),
    );
  });

  test('is never wider than the terminal, whatever is in it', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '水', '💧', ' ', '\n'), maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        (cells, width) => {
          for (const line of renderTable(columns, cells, width, plain)) {
            expect(widthOfText(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});
