import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutText, escapeText, padText, widthOfText, wrapText } from '../../../src/cli/render/text.ts';

describe('text from outside', () => {
  test.each([
    ['Pump 1', 'Pump 1'],
    ['1号水泵', '1号水泵'],
    ['Grundfos – 5 °C', 'Grundfos – 5 °C'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['\x9b31mred', '\\x9b31mred'],
    ['two\nlines\r', 'two\\x0alines\\x0d'],
    ['\x07bell\x7f', '\\x07bell\\x7f'],
    ['tab\there', 'tab\\x09here'],
    ['\u2028', '\\u2028'],
    ['user\u202etxt.exe', 'user\\u202etxt.exe'],
    ['half \ud800', 'half \\ud800'],
    ['whole 💧', 'whole 💧'],
  ])('%j is shown as %j', (text, shown) => {
    expect(escapeText(text)).toBe(shown);
  });

  test('can neither colour nor move anything, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const shown = escapeText(text);
        expect(stripVTControlCharacters(shown)).toBe(shown);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(shown).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

describe('a text that is cut', () => {
  test.each([
    ['booster/pressure', 16, 'booster/pressure'],
    ['booster/pressure', 10, 'booster/p…'],
    ['1号水泵', 7, '1号水泵'],
    ['1号水泵', 6, '1号水…'],
    // A character of two columns that does not fit leaves a column free.
    ['1号水泵', 5, '1号…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j to %i columns is %j', (text, width, cut) => {
    expect(cutText(text, width)).toBe(cut);
  });

  test('is never wider than it may be, and padded it is exactly as wide', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '水', 'é', 'é', '💧', '👩‍🔧', ' ') });
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 12 }), fc.constantFrom('left', 'right'), (value, width, align) => {
        const cut = cutText(value, width);
        expect(widthOfText(cut)).toBeLessThanOrEqual(width);
        expect(widthOfText(padText(cut, width, align))).toBe(width);
      }),
    );
  });
});

test('a text is broken between its words, and no word is lost or torn', () => {
  const text = 'Their points were never recorded: booster/cycles, 水泵/启停 and more';
  const lines = wrapText(text, 20);
  expect(lines).toEqual(['Their points were', 'never recorded:', 'booster/cycles,', '水泵/启停 and more']);
  expect(wrapText('averylongwordindeed and more', 8)).toEqual(['averylongwordindeed', 'and more']);
  expect(wrapText('', 8)).toEqual(['']);
});
