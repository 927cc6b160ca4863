import { findUnit, parseQuantity } from '../model/unit.ts';
import type { RawAlarm } from './schema.ts';

/** A place of an alarm where it names another point. */
interface WrittenReference {
  readonly path: readonly string[];
  readonly written: string;
}

/** Where an alarm names points beside its own. What could be a number with a unit is not among them. */
export function referencesOf({ deviation, crossings, mismatch, frozen }: RawAlarm): readonly WrittenReference[] {
  const all = [
    { path: ['deviation', 'from'], written: deviation?.from },
    { path: ['crossings', 'of'], written: crossings?.of },
    { path: ['mismatch', 'command'], written: mismatch?.command },
    { path: ['frozen', 'while'], written: frozen?.while },
  ];
  return all.flatMap(({ path, written }) =>
    typeof written !== 'string' || isQuantity(written) ? [] : [{ path, written }],
  );
}

/** `3 bar`, `3bar` and `3` are constants; `booster/setpoint` is a point, and so is `3rd-pump`. */
export function isQuantity(written: string | number): boolean {
  if (typeof written === 'number') return true;
  const parsed = parseQuantity(written);
  return (
    parsed !== undefined && (parsed.unit === '' || /\s/.test(written.trim()) || findUnit(parsed.unit) !== undefined)
  );
}
