import { PlantroomError } from '../../base/errors.ts';
import type { ModbusTable } from '../../model/point.ts';

export interface UnderstoodAddress {
  readonly table: ModbusTable;
  /** Zero-based, as it goes over the wire. */
  readonly address: number;
  /** How a number that may mean two things was understood; undefined where there is no doubt. */
  readonly note: string | undefined;
}

export const highestAddress = 65_535;

/** By the leading digit of a manual's number (Modicon's convention). */
const tablesByDigit: Readonly<Record<string, ModbusTable>> = {
  '0': 'coil',
  '1': 'discrete-input',
  '3': 'input-register',
  '4': 'holding-register',
};

/**
 * An address as people have it before them: a zero-based number, hex as 0x…, or a manual's number that names the table
 * and counts from one: 40001, 30001, 00001 and, with six digits, 400001, 300001, 100001, 000001. Five digits beginning
 * with 1 are an address on the wire, for real devices have registers there and hardly any manual means inputs by it.
 *
 * @param table what --table says: then every number is an address on the wire
 * @throws PlantroomError `usage`
 */
export function parseAddress(text: string, table: ModbusTable | undefined): UnderstoodAddress {
  const number = /^(0x[0-9a-f]{1,5}|\d{1,6})$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw noAddress(text, 'give a number, for example 0, 40001 or 0x9c40');
  const manual = table === undefined ? manualAddress(text) : undefined;
  if (manual) {
    const note = `"${text}" in a manual is ${manual.table} ${manual.address}`;
    // Only where the number fits the wire as well is there another way to read it.
    const other = number <= highestAddress ? `; for ${number} on the wire add --table ${manual.table}` : '';
    return { ...manual, note: `${note}${other}` };
  }
  if (number <= highestAddress) return { table: table ?? 'holding-register', address: number, note: undefined };
  throw noAddress(
    text,
    `an address on the wire is 0 to ${highestAddress}; a manual's holding registers begin at 400001`,
  );
}

function manualAddress(text: string): { table: ModbusTable; address: number } | undefined {
  const [, digit = '', rest = ''] = /^([0134])(\d{4,5})$/.exec(text) ?? [];
  const table = tablesByDigit[digit];
  const address = Number(rest) - 1;
  const isWire = text.length === 5 && digit === '1';
  if (!table || isWire || address < 0 || address > highestAddress) return undefined;
  return { table, address };
}

function noAddress(text: string, hint: string): PlantroomError {
  return new PlantroomError(`${JSON.stringify(text)} is no address`, { kind: 'usage', hint });
}
