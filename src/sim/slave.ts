import type { ModbusTable } from '../model/point.ts';
import type { RegisterImage, TableImage } from './register-image.ts';

/** Modbus exception codes (Modbus Application Protocol 1.1b3, section 7). */
export const exceptions = {
  illegalFunction: 1,
  illegalAddress: 2,
  illegalValue: 3,
  busy: 6,
  /** What a gateway answers for a unit that it cannot reach. */
  targetSilent: 11,
} as const;

const tableByFunction: Readonly<Record<number, ModbusTable>> = {
  1: 'coil',
  2: 'discrete-input',
  3: 'holding-register',
  4: 'input-register',
};

const mostRegisters = 125;
const mostBits = 2_000;

/**
 * The answer of a unit to one request, both as PDUs (function code and data, no framing). Only the four read functions
 * exist: the simulated plant refuses a write as illegal function, and so shows up a gateway that tries one.
 */
export function answerRequest(image: RegisterImage, request: Uint8Array): Buffer {
  const functionCode = request[0] ?? 0;
  const tableName = tableByFunction[functionCode];
  if (!tableName) return encodeException(functionCode, exceptions.illegalFunction);
  if (request.length !== 5) return encodeException(functionCode, exceptions.illegalValue);
  const first = ((request[1] ?? 0) << 8) | (request[2] ?? 0);
  const count = ((request[3] ?? 0) << 8) | (request[4] ?? 0);
  const isBits = functionCode <= 2;
  if (count < 1 || count > (isBits ? mostBits : mostRegisters)) {
    return encodeException(functionCode, exceptions.illegalValue);
  }
  const table = image[tableName];
  if (!table || first < table.first || first + count > table.first + table.cells.length) {
    return encodeException(functionCode, exceptions.illegalAddress);
  }
  return isBits ? encodeBits(functionCode, table, first, count) : encodeCells(functionCode, table, first, count);
}

export function encodeException(functionCode: number, exception: number): Buffer {
  return Buffer.from([functionCode | 0x80, exception]);
}

function encodeCells(functionCode: number, table: TableImage, first: number, count: number): Buffer {
  const answer = Buffer.allocUnsafe(2 + 2 * count);
  answer[0] = functionCode;
  answer[1] = 2 * count;
  const from = first - table.first;
  for (let index = 0; index < count; index += 1) {
    const word = table.cells[from + index] ?? 0;
    answer[2 + 2 * index] = word >> 8;
    answer[3 + 2 * index] = word & 0xff;
  }
  return answer;
}

/** The first bit asked for is the lowest bit of the first byte; the last byte is filled with zeros. */
function encodeBits(functionCode: number, table: TableImage, first: number, count: number): Buffer {
  const byteCount = Math.ceil(count / 8);
  const answer = Buffer.alloc(2 + byteCount);
  answer[0] = functionCode;
  answer[1] = byteCount;
  const from = first - table.first;
  for (let index = 0; index < count; index += 1) {
    if (table.cells[from + index]) answer[2 + (index >> 3)] = (answer[2 + (index >> 3)] ?? 0) | (1 << (index & 7));
  }
  return answer;
}
