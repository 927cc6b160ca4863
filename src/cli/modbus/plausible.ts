import { isPrintable, type PairType, signed16 } from './readings.ts';

/*
 * Which readings of raw registers deserve a second look. A hint for eyes, never a decision: nothing but the probe's marks
 * hangs on it. docs/cli.md says the same in words.
 */

/** What is known of the value, where a site file names a point that lies there. */
export interface Expectation {
  readonly unit: string;
  readonly scale: number;
  readonly offset: number;
}

/** Smallest and largest size of a float that measures something in a plant room, in whatever unit. */
const sane = { least: 1e-3, most: 1e7 };

/** A register that is scaled has seldom more than four digits, and a counter no more than eight. */
const most16 = 9_999;
const most32 = 99_999_999;

/** What values in a plant room are, by unit, generously. A unit that is not here has no range. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  V: [10, 1_000],
  kV: [0.1, 40],
  A: [0.01, 6_000],
  mA: [0.1, 30_000],
  Hz: [1, 400],
  '°C': [-40, 200],
  '%': [-150, 150],
  '%RH': [1, 100],
  bar: [0.01, 60],
  kPa: [1, 6_000],
  MPa: [0.001, 6],
  m: [0.01, 500],
  'm3/h': [0.01, 5_000],
  rpm: [1, 10_000],
  Ω: [0.01, 1e6],
};

/** One register. Zero, all ones and the ends of the signed range say nothing: they are often "not available". */
export function isPlausibleWord(word: number, type: 'u16' | 's16', expected?: Expectation): boolean {
  if (word === 0 || word === 0xffff || word === 0x8000 || word === 0x7fff) return false;
  const value = type === 's16' ? signed16(word) : word;
  const inRange = fits(value, expected);
  if (inRange !== undefined) return inRange;
  // A positive number is marked once, as unsigned.
  return type === 's16' ? value < 0 && value >= -most16 : value <= most16;
}

/** Two registers as a number of one type and order. */
export function isPlausiblePair(value: number, type: PairType, expected?: Expectation): boolean {
  if (!Number.isFinite(value) || value === 0) return false;
  // Not before zero and its kin are out: a scaled zero would fit many a range.
  const inRange = fits(value, expected);
  if (inRange !== undefined) return inRange;
  const size = Math.abs(value);
  switch (type) {
    case 'f32':
      return size >= sane.least && size <= sane.most;
    case 'u32':
      // Sixteen zeros at the end are a small number in the wrong order, or a 16-bit one with a neighbour at zero.
      return value <= most32 && value % 0x1_0000 !== 0;
    case 's32':
      return value < -1 && size <= most32 && value % 0x1_0000 !== 0;
  }
}

/** Shortest run of printable characters that is called a text. */
const shortestText = 6;

/** Which registers are part of a text: a run of printable characters, at least half of them letters or digits. */
export function findText(words: readonly number[]): boolean[] {
  const isText = words.map(() => false);
  for (let start = 0; start < words.length; start += 1) {
    let end = start;
    while (end < words.length && isTextWord(words[end] ?? 0, end > start)) end += 1;
    if (isWorthReading(words.slice(start, end))) isText.fill(true, start, end);
    start = Math.max(start, end);
  }
  return isText;
}

/** Two printable characters, or one with the NUL that ends a text of an odd length. */
function isTextWord(word: number, mayEnd: boolean): boolean {
  return isPrintable(word >> 8) && (isPrintable(word & 0xff) || (mayEnd && (word & 0xff) === 0));
}

function isWorthReading(words: readonly number[]): boolean {
  const text = String.fromCharCode(...words.flatMap(word => [word >> 8, word & 0xff])).replace(/\0/g, '');
  return text.length >= shortestText && 2 * text.replace(/[^a-z0-9]/gi, '').length >= text.length;
}

/** Whether the value is in the range of its unit; undefined when nothing is known of it. */
function fits(raw: number, expected: Expectation | undefined): boolean | undefined {
  const range = expected && ranges[expected.unit];
  if (!expected || !range) return undefined;
  const value = raw * expected.scale + expected.offset;
  return value >= range[0] && value <= range[1];
}
