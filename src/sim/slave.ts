import type { ModbusTable } from '../model/point.ts';
import { answerIdentification, type DeviceIdentification } from './device-identification.ts';
import { encodeException, exceptions } from './exception.ts';
import type { RegisterImage, TableImage } from './register-image.ts';

const tableByFunction: Readonly<Record<number, ModbusTable>> = {
  1: 'coil',
  2: 'discrete-input',
  3: 'holding-register',
  4: 'input-register',
};

const mostRegisters = 125;
const mostBits = 2_000;

/** What of a unit is asked for. */
export interface Slave {
  readonly image: RegisterImage;
  /** Undefined: it does not know the question. */
  readonly identification: DeviceIdentification | undefined;
}

const identifyFunction = 43;

/**
 * The answer of a unit to one request, both as PDUs (function code and data, no framing). Only the four read functions
 * and the device identification exist: the simulated plant refuses a write as illegal function, and so shows up a
 * gateway that tries one.
 */
export function answerRequest({ image, identification }: Slave, request: Uint8Array): Buffer {
  const functionCode = request[0] ?? 0;
  if (functionCode === identifyFunction) return answerIdentification(identification, request);
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
