import { noSilences, type Silences } from '../../src/driver.ts';
import type { ModbusBus } from '../../src/model/bus.ts';
import { assumedTurnaroundMs } from '../../src/model/device.ts';
import type { ModbusTable } from '../../src/model/point.ts';
import { characterMs, silenceMs } from '../../src/model/serial-line.ts';

/** What a read of one table costs, ms: grows with its count, never shrinks. */
export type ReadCost = (count: number) => number;

/** A request of 8 characters, and of an answer all but its data: unit id, function code, byte count, CRC. */
const serialFrameCharacters = 8 + 5;

/** What a transaction over TCP takes beside the device's own time, ms: the way there and back on a building's network. */
const tcpTransactionMs = 2;

/**
 * What one more register costs over TCP, ms: its bytes next to nothing, the device fetching it a little. A gap of 125 is
 * still cheaper than a second transaction.
 */
const tcpRegisterMs = 0.005;

export function isBitTable(table: ModbusTable): boolean {
  return table === 'coil' || table === 'discrete-input';
}

/** Bytes of data in the answer (Modbus Application Protocol 1.1b3, sections 6.1 to 6.4). */
export function dataBytes(table: ModbusTable, count: number): number {
  return isBitTable(table) ? Math.ceil(count / 8) : 2 * count;
}

/**
 * How long request and answer take on the wire, ms, with both silences and the rest that the bus is told to keep, without
 * the device's own time. 0 over TCP, where many go at once.
 */
export function wireMsOf(bus: ModbusBus, table: ModbusTable, count: number): number {
  if (bus.protocol === 'modbus-tcp') return 0;
  const characters = serialFrameCharacters + dataBytes(table, count);
  const { beforeAnswerMs, afterAnswerMs } = silencesOf(bus);
  return characters * characterMs(bus.line) + beforeAnswerMs + afterAnswerMs;
}

/** The bus's own turnaround is a rest that we keep after an answer; no device is made to wait with it. */
export function silencesOf(bus: ModbusBus): Silences {
  if (bus.protocol === 'modbus-tcp') return noSilences;
  const silence = silenceMs(bus.line);
  return { beforeAnswerMs: silence, afterAnswerMs: silence + bus.turnaroundMs };
}

/** The time that a read takes from the bus. */
export function readCost(bus: ModbusBus, table: ModbusTable, turnaroundMs = assumedTurnaroundMs): ReadCost {
  if (bus.protocol === 'modbus-tcp') {
    return count => tcpTransactionMs + turnaroundMs + (tcpRegisterMs * dataBytes(table, count)) / 2;
  }
  return count => wireMsOf(bus, table, count) + turnaroundMs;
}
