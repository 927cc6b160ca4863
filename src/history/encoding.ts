import { decimalsOf } from '../model/decimals.ts';
import type { Point } from '../model/point.ts';
import type { BadReason } from '../model/quality.ts';
import { largestWhole } from './bytes.ts';

/**
 * How the values of a point are written: as whole numbers of its last decimal (0 to 9 of them), or as the 32 bits of a
 * single float. A value that does not come back exactly that way is written as a double instead.
 */
export type Encoding = number;

/** Follows the decimals 0 to 9 in the files: never renumber. */
export const floatEncoding: Encoding = 16;

export function encodingOf(point: Point): Encoding {
  const { address, scale, offset } = point;
  if (isSingleFloat(address) && scale === 1 && offset === 0) return floatEncoding;
  return decimalsOf(point) ?? 0;
}

/** Present values of analog objects of BACnet are REAL. */
function isSingleFloat(address: Point['address']): boolean {
  if (address.protocol === 'modbus') return address.type === 'f32';
  return address.protocol === 'bacnet' && address.objectType <= 2 && address.property === 85;
}

/** The whole number that gives the value back, to the bit, when it is divided again; undefined when there is none. */
export function wholeOf(value: number, divisor: number): number | undefined {
  const whole = Math.round(value * divisor);
  if (whole / divisor !== value || whole > largestWhole || whole < -largestWhole) return undefined;
  // There is no whole number for -0.
  return whole === 0 && 1 / value < 0 ? undefined : whole;
}

export function isExactFloat(value: number): boolean {
  return Math.fround(value) === value;
}

/** In the files: never renumber, only add. */
const codes: Readonly<Record<BadReason, number>> = {
  'not-read': 1,
  'no-connection': 2,
  timeout: 3,
  refused: 4,
  'bad-reply': 5,
  offline: 6,
  overrun: 7,
  'invalid-value': 8,
  'not-a-number': 9,
  'not-computed': 10,
  'too-little-data': 11,
  'device-fault': 12,
  'out-of-service': 13,
};

const reasons = new Map(Object.entries(codes).map(([reason, code]) => [code, reason as BadReason]));

export function codeOfReason(reason: BadReason): number {
  return codes[reason];
}

/** Undefined for a code of a newer plantroom. */
export function reasonOfCode(code: number): BadReason | undefined {
  return reasons.get(code);
}
