import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesGlob, matchesPoint } from '../../src/model/glob.ts';

describe('a pattern', () => {
  test.each([
    ['booster/pressure', 'booster/pressure', true],
    ['booster/pressure', '*', true],
    ['booster/pressure', 'booster/*', true],
    ['booster/pressure', '*pressure', true],
    ['booster/pressure', 'b*r/*s*', true],
    ['booster/pressure', 'booster/pressur?', true],
    ['booster/pressure', 'booster/press', false],
    ['booster/pressure', 'pressure', false],
    ['booster/pressure', 'Booster/*', false],
    ['booster/pressure', '', false],
    ['booster/pressure', 'booster/pressure?', false],
    // Nothing but * and ? is special.
    ['booster/pressure', 'booster/press.re', false],
    ['booster/a+b', 'booster/a+b', true],
    ['booster/a[b]', 'booster/a[b]', true],
  ])('on %j, %j matches: %j', (key, glob, isMatch) => {
    expect(matchesGlob(key, glob)).toBe(isMatch);
  });

  test('that is a device alone means all its points, and no other device', () => {
    const keys = ['booster/pressure', 'booster-2/pressure', 'tank/booster'];
    expect(keys.filter(key => matchesPoint(key, 'booster'))).toEqual(['booster/pressure']);
    expect(keys.filter(key => matchesPoint(key, 'booster*'))).toEqual(['booster/pressure', 'booster-2/pressure']);
  });

  test('agrees with a regular expression made of it', () => {
    const character = fc.constantFrom('a', 'b', '/', '*', '?');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 }),
        fc.string({ unit: character, maxLength: 8 }),
        (text, glob) => {
          const pattern = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);
          expect(matchesGlob(text, glob)).toBe(pattern.test(text));
        },
      ),
    );
  });

  test('of two hundred stars is answered as fast as any other', () => {
    // A backtracking matcher would still be at it tomorrow, and the test would run into its deadline.
    expect(matchesGlob(`${'a'.repeat(5_000)}b`, `${'*a'.repeat(100)}c`)).toBe(false);
  });
});
