import type { Point } from '../model/point.ts';
import {
  convertDifference,
  convertValue,
  findUnit,
  parseQuantity,
  quantityOf,
  unitSymbols,
  unitsLike,
} from '../model/unit.ts';
import { suggestOr } from './suggestion.ts';

/** A value in a point's unit, or why it cannot be one. */
export type Converted =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'wrong'; readonly message: string; readonly hint: string };

/** `4.5 bar` → 450 for a point in kPa. A `difference` (deadband, change) of temperatures has no zero to shift. */
export function toUnitOf(point: Point, written: string | number, as: 'value' | 'difference'): Converted {
  const parsed = typeof written === 'number' ? { value: written, unit: '' } : parseQuantity(written);
  if (!parsed) return wrong(`"${written}" is not a number with a unit`, `write it like ${example(point)}`);
  const unit = findUnit(parsed.unit);
  if (point.unit === '') {
    if (parsed.unit === '') return { kind: 'value', value: parsed.value };
    return wrong(
      `"${written}" has a unit, and the point ${point.key} has none`,
      `write just ${parsed.value}, or give the point a unit`,
    );
  }
  if (parsed.unit === '') {
    return wrong(
      `${written} has no unit, and ${point.key} is in ${point.unit}`,
      `write ${parsed.value} ${point.unit}, or another unit of ${quantityOf(point.unit)}`,
    );
  }
  if (unit === undefined) {
    const like = unitsLike(point.unit);
    return wrong(
      `"${parsed.unit}" is not a unit`,
      suggestOr(parsed.unit, like, suggestOr(parsed.unit, unitSymbols, `write one of ${like.join(', ')}`)),
    );
  }
  const value =
    as === 'value' ? convertValue(parsed.value, unit, point.unit) : convertDifference(parsed.value, unit, point.unit);
  if (value !== undefined) return { kind: 'value', value };
  return wrong(
    `"${written}" is a ${quantityOf(unit)}, and ${point.key} is a ${quantityOf(point.unit)} in ${point.unit}`,
    `write one of ${unitsLike(point.unit).join(', ')}`,
  );
}

const seconds = { s: 1, min: 60, h: 3_600 } as const;

/** `0.2 bar/s` or `5 °C/min` → point units per second. */
export function toRateOf(point: Point, written: string | number): Converted {
  const match = /^(.*\S)\s*\/\s*(s|min|h)$/.exec(String(written).trim());
  if (!match) return wrong(`"${written}" is not a rate`, `write it like ${example(point)}/s, /min or /h`);
  const [, amount = '', per = 's'] = match;
  const bare = Number(amount);
  const converted = toUnitOf(point, point.unit === '' && Number.isFinite(bare) ? bare : amount, 'difference');
  if (converted.kind === 'wrong') return converted;
  return { kind: 'value', value: converted.value / seconds[per as keyof typeof seconds] };
}

function example(point: Point): string {
  return point.unit === '' ? '0.5' : `0.5 ${point.unit}`;
}

function wrong(message: string, hint: string): Converted {
  return { kind: 'wrong', message, hint };
}
