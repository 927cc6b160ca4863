import type { Reading } from '../../src/driver.ts';
import { objectTypeName } from '../../src/model/bacnet-names.ts';
import type { BacnetPart } from '../../src/model/point.ts';
import { readTagged } from './decode-values.ts';
import type { BacnetValue } from './values.ts';

/** The point's value out of what the device says of its property; into the reading, in place. */
export function fillReading(part: BacnetPart, values: readonly BacnetValue[], reading: Reading): void {
  reading.text = part.kind === 'text' ? cutText(values.map(textOf).join(', ')) : undefined;
  reading.value = part.kind === 'text' ? Number.NaN : numberOfPart(part, values);
  if (part.kind === 'text' || Number.isFinite(reading.value)) reading.quality = 'good';
  // An input that was never written, or a list where one value was expected: null says "none", anything else is no number.
  else reading.quality = values.length === 1 && values[0]?.kind === 'null' ? 'invalid-value' : 'not-a-number';
}

/** As long as the longest text of a Modbus device. A message of a device may hold 60,000: what is beyond is cut, and seen to be. */
export const longestTextChars = 250;

function cutText(text: string): string {
  if (text.length <= longestTextChars) return text;
  const characters = [...text.slice(0, 2 * longestTextChars + 2)];
  return characters.length <= longestTextChars ? text : `${characters.slice(0, longestTextChars - 1).join('')}…`;
}

function numberOfPart(part: BacnetPart, values: readonly BacnetValue[]): number {
  const [first] = values;
  switch (part.kind) {
    case 'whole':
      return values.length === 1 && first ? numberOf(first) : Number.NaN;
    case 'bit':
      return values.length === 1 && first?.kind === 'bits' ? Number(first.bits[part.bit] ?? Number.NaN) : Number.NaN;
    case 'contains':
      return contains(itemsOf(values), part.value);
    case 'count':
      return itemsOf(values).length;
    case 'text':
      return Number.NaN;
  }
}

/** A list in which something cannot be read is not said to be without it: no fault must be missed for that. */
function contains(items: readonly number[], wanted: number): number {
  if (items.includes(wanted)) return 1;
  return items.some(Number.isNaN) ? Number.NaN : 0;
}

/** Bits of a number beyond which it is not exact. */
const mostBits = 53;

/** NaN for what is no number. */
export function numberOf(value: BacnetValue): number {
  switch (value.kind) {
    case 'boolean':
      return Number(value.value);
    case 'unsigned':
    case 'signed':
    case 'real':
    case 'double':
    case 'enumerated':
      return value.value;
    case 'bits':
      if (value.bits.length > mostBits) return Number.NaN;
      return value.bits.reduce((sum, isSet, bit) => sum + (isSet ? 2 ** bit : 0), 0);
    default:
      return Number.NaN;
  }
}

/**
 * The numbers in a list. Calls of lifts are lists of sequences: what such a call is known by, its floor, is their first
 * member (context 0), be they in the list itself (landing-calls) or in one more pair of tags (registered-car-call).
 */
function itemsOf(values: readonly BacnetValue[]): number[] {
  return values.flatMap(value => {
    if (value.kind === 'constructed') return value.context === 0 ? itemsOf(value.values) : [];
    if (value.kind !== 'tagged') return [numberOf(value)];
    if (value.context !== 0) return [];
    const floor = readTagged(value.bytes, 'unsigned');
    return [floor ? numberOf(floor) : Number.NaN];
  });
}

/** In words; empty for nothing, `?` for what cannot be told. */
export function textOf(value: BacnetValue): string {
  switch (value.kind) {
    case 'null':
      return '';
    case 'text':
      return value.text ?? '?';
    case 'octets':
      return Buffer.from(value.bytes).toString('hex');
    case 'bits':
      return value.bits.map(Number).join('');
    case 'date':
      return [value.year, value.month, value.day].map((part, at) => digits(part, at === 0 ? 4 : 2)).join('-');
    case 'time': {
      const { hour, minute, second, hundredth } = value;
      return `${[hour, minute, second].map(part => digits(part, 2)).join(':')}.${digits(hundredth, 2)}`;
    }
    case 'object':
      return `${objectTypeName(value.type)} ${value.instance}`;
    case 'tagged':
      return `[${value.context}] ${value.bytes.toString('hex')}`;
    case 'constructed':
      return `[${value.context}] {${value.values.map(textOf).join(', ')}}`;
    case 'too-large':
      return '?';
    default:
      return String(value.value);
  }
}

/** What is left open is written as `*`. */
function digits(part: number | undefined, count: number): string {
  return part === undefined ? '*'.repeat(count) : String(part).padStart(count, '0');
}
