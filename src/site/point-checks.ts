import { isTwoState, modbusTables } from '../model/point.ts';
import { findUnit, unitSymbols } from '../model/unit.ts';
import { bacnetChecks, buildBacnetAddress } from './bacnet-point.ts';
import type { Finding } from './finding.ts';
import type { RawPoint } from './schema.ts';
import { suggestOr } from './suggestion.ts';

type PointCheck = (raw: RawPoint) => Finding | undefined;

const hasOneAddress: PointCheck = raw => {
  if (raw.measure !== undefined) return undefined;
  const given = modbusTables.filter(table => raw[table] !== undefined);
  if (given.length === 1) return undefined;
  const hint = `give one of ${modbusTables.join(', ')} with its zero-based address`;
  if (given.length === 0) return { field: 'id', message: 'it has no address', hint };
  return { field: given[1] ?? '', message: `it has ${given.length} addresses: ${given.join(' and ')}`, hint };
};

const hasType: PointCheck = raw => {
  if (raw.type !== undefined || raw.measure !== undefined || isBitTable(raw)) return undefined;
  return { field: 'id', message: 'it has no type', hint: 'add type: u16, s16, u32, f32, bool … as the manual says' };
};

const isBoolWhereOneBitIs: PointCheck = raw => {
  if (!isBitTable(raw)) return undefined;
  const table = raw.coil === undefined ? 'discrete input' : 'coil';
  const field = (['bit', 'bit-count', 'length', 'invalid'] as const).find(key => raw[key] !== undefined);
  if (field) return { field, message: `"${field}" has no meaning for a ${table}`, hint: 'remove it' };
  if (raw.type === undefined || raw.type === 'bool') return undefined;
  const hint = 'remove the type, or use holding-register or input-register';
  return { field: 'type', message: `a ${table} is one bit and cannot be ${raw.type}`, hint };
};

const tellsWhichBits: PointCheck = raw => {
  const isRegister = !isBitTable(raw);
  if (isRegister && (raw.type === 'bool' || raw.type === 'bits') && raw.bit === undefined) {
    const what = raw.type === 'bool' ? 'a bool in a register needs "bit"' : 'bits need "bit"';
    return { field: 'type', message: what, hint: 'add bit: 0 (the lowest) to 15; of bits it is the lowest one' };
  }
  if (raw.type === 'bits' && raw['bit-count'] === undefined) {
    return { field: 'type', message: 'bits need "bit-count"', hint: 'add bit-count: how many bits, 1 to 16' };
  }
  return undefined;
};

const tellsBitsOnlyOfBits: PointCheck = raw => {
  if (raw.type !== 'bits' && raw['bit-count'] !== undefined) {
    return {
      field: 'bit-count',
      message: '"bit-count" belongs to type bits only',
      hint: 'write type: bits, or remove it',
    };
  }
  if (raw.type !== 'bits' && raw.type !== 'bool' && raw.bit !== undefined) {
    const hint = 'write type: bool for one bit, type: bits for several, or remove it';
    return { field: 'bit', message: '"bit" belongs to types bool and bits only', hint };
  }
  return undefined;
};

const bitsFitRegister: PointCheck = raw => {
  const last = (raw.bit ?? 0) + (raw['bit-count'] ?? 1) - 1;
  if (raw.type !== 'bits' || last <= 15) return undefined;
  const message = `bits ${raw.bit} to ${last} go beyond the register, which ends at bit 15`;
  return { field: 'bit-count', message, hint: `with bit: ${raw.bit} at most ${16 - (raw.bit ?? 0)} bits are left` };
};

const tellsLengthOfString: PointCheck = raw => {
  if (raw.type === 'string' && raw.length === undefined) {
    return {
      field: 'type',
      message: 'a string needs "length"',
      hint: 'add length: how many registers, two letters each',
    };
  }
  if (raw.type !== 'string' && raw.length !== undefined) {
    return {
      field: 'length',
      message: '"length" belongs to type string only',
      hint: 'remove it: the type says how long',
    };
  }
  return undefined;
};

const endsInsideTable: PointCheck = raw => {
  const table = modbusTables.find(name => raw[name] !== undefined);
  const first = table === undefined ? 0 : (raw[table] ?? 0);
  const registers = raw.length ?? Math.ceil(bitsOf(raw.type) / 16);
  if (first + registers <= 65_536) return undefined;
  const message = `${registers} registers from ${first} on go beyond address 65535`;
  return { field: table ?? 'id', message, hint: 'addresses are zero-based; check the number and the type' };
};

const scalesNumbersOnly: PointCheck = raw => {
  const kind = kindOf(raw);
  const field = (['scale', 'offset', 'unit'] as const).find(key => raw[key] !== undefined);
  if (raw.scale === 0) {
    return { field: 'scale', message: 'a scale of 0 makes every value the same', hint: 'value = raw × scale + offset' };
  }
  if (kind === 'number' || field === undefined) return undefined;
  if (kind === 'enumeration' && field !== 'unit') return undefined;
  const what = { bool: 'a bool', string: `a ${raw.type}`, enumeration: 'a point with states' }[kind];
  return { field, message: `${what} has no ${field}`, hint: `remove ${field}` };
};

const hasKnownUnit: PointCheck = raw => {
  if (raw.unit === undefined || findUnit(raw.unit) !== undefined) return undefined;
  const hint = suggestOr(raw.unit, unitSymbols, `the units are ${unitSymbols.join(' ')}`);
  return { field: 'unit', message: `"${raw.unit}" is not a unit`, hint };
};

const hasFittingStates: PointCheck = raw => {
  if (raw.states === undefined) return undefined;
  const hint = 'remove states, or use a type that is a number';
  if (kindOf(raw) === 'string') return { field: 'states', message: `a ${raw.type} has no states`, hint };
  if (raw.type === 'f32' || raw.type === 'f64') {
    return { field: 'states', message: `states stand for whole numbers, and ${raw.type} is none`, hint };
  }
  const wrong = kindOf(raw) === 'bool' ? Object.keys(raw.states).find(value => !['0', '1'].includes(value)) : undefined;
  if (wrong === undefined) return undefined;
  return { field: 'states', message: `a bool is 0 or 1, never ${wrong}`, hint: 'write states: {0: …, 1: …}' };
};

const hasInvalidOfNumber: PointCheck = raw => {
  if (raw.invalid === undefined || kindOf(raw) !== 'string') return undefined;
  return { field: 'invalid', message: `"invalid" has no meaning for a ${raw.type}`, hint: 'remove it' };
};

const hasInvalidValuesInRange: PointCheck = raw => {
  if (raw.invalid === undefined) return undefined;
  const ofText = hasInvalidOfNumber(raw);
  if (ofText) return ofText;
  const isFloat = raw.type === 'f32' || raw.type === 'f64';
  // Of bits it is the whole register that is compared.
  const bits = raw.type === 'bool' || raw.type === 'bits' ? 16 : bitsOf(raw.type);
  const isSigned = raw.type?.startsWith('s') === true;
  // A signed 64-bit number cannot be told from its unsigned bits here: JavaScript has rounded them.
  const max = raw.type === 's64' ? 2 ** 63 : 2 ** bits;
  const fits = (value: number) =>
    isFloat || (Number.isInteger(value) && value <= max && value >= (isSigned ? -(2 ** (bits - 1)) : 0));
  const wrong = raw.invalid.find(value => !fits(value) || (bits < 64 && !isFloat && value === max));
  if (wrong === undefined) return undefined;
  const hint = 'write the raw number as it is in the register, before scale and offset';
  return { field: 'invalid', message: `${raw.type ?? 'this point'} is never ${wrong}`, hint };
};

/** In this order: each check may rely on those before it. */
const pointChecks: readonly PointCheck[] = [
  hasOneAddress,
  hasType,
  isBoolWhereOneBitIs,
  tellsWhichBits,
  tellsBitsOnlyOfBits,
  bitsFitRegister,
  tellsLengthOfString,
  endsInsideTable,
  hasFittingStates,
  scalesNumbersOnly,
  hasKnownUnit,
  hasInvalidValuesInRange,
];

/** The same for a point of a BACnet device. */
const bacnetPointChecks: readonly PointCheck[] = [
  ...bacnetChecks,
  hasFittingStates,
  scalesNumbersOnly,
  hasKnownUnit,
  hasInvalidOfNumber,
];

/** What is wrong with a point, of which there may be more; undefined when nothing is. */
export function firstFinding(raw: RawPoint, protocol: 'modbus' | 'bacnet'): Finding | undefined {
  for (const check of protocol === 'bacnet' ? bacnetPointChecks : pointChecks) {
    const finding = check(raw);
    if (finding) return finding;
  }
  return undefined;
}

/** What is wrong with a computed point, which has neither an address nor a scale. */
export function findingOfComputed(raw: RawPoint): Finding | undefined {
  return scalesNumbersOnly(raw) ?? hasKnownUnit(raw);
}

function isBitTable(raw: RawPoint): boolean {
  return raw.coil !== undefined || raw['discrete-input'] !== undefined;
}

function isTwoStateObject(raw: RawPoint): boolean {
  return raw.object !== undefined && isTwoState({ address: buildBacnetAddress(raw, { instance: 0, isTold: false }) });
}

function kindOf(raw: RawPoint): 'number' | 'enumeration' | 'bool' | 'string' {
  if (raw.type === 'string' || raw.type === 'text') return 'string';
  if (raw.type === 'bool' || isBitTable(raw) || isTwoStateObject(raw)) return 'bool';
  return raw.states === undefined ? 'number' : 'enumeration';
}

/** Width of a type; a string and bits are measured otherwise. */
function bitsOf(type: RawPoint['type'] = 'u16'): number {
  const width = /\d+$/.exec(type)?.[0];
  return width === undefined ? 16 : Number(width);
}
