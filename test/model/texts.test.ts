import { describe, expect, test } from 'vitest';
import { languages, say, texts } from '../../src/model/texts.ts';

const keys = Object.keys(texts.en) as (keyof typeof texts.en)[];

function placeholdersOf(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
}

describe.each(languages.map(language => [language, texts[language]] as const))(
  'the texts in %s',
  (_language, table) => {
    test('say everything that there is to say, and nothing else', () => {
      expect(Object.keys(table).sort()).toEqual([...keys].sort());
      for (const key of keys) expect(table[key].trim(), key).not.toBe('');
    });

    test.each(keys)('fill the same placeholders as the others: %s', key => {
      expect(placeholdersOf(table[key])).toEqual(placeholdersOf(texts.en[key]));
    });
  },
);

test('a language is not a copy of another one', () => {
  expect(keys.filter(key => texts.zh[key] === texts.en[key])).toEqual([]);
});

test('a text has its placeholders filled, whatever stands in them', () => {
  expect(say('en', 'above', { name: 'Pressure {limit}', limit: '5 bar' })).toBe('Pressure {limit} is above 5 bar');
  expect(say('zh', 'above', { name: '出口压力', limit: '5 bar' })).toBe('出口压力高于5 bar');
});
